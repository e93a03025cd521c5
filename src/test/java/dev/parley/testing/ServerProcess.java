package dev.parley.testing;

import java.nio.file.Path;
import java.util.stream.Stream;

/** The JVM of the server that a test is a client of, seen from outside. */
public final class ServerProcess {

    private ServerProcess() {}

    /** What {@code jcmd} answers to a command, the command and its arguments. */
    public static String jcmd(String... command) {
        String tool = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        return Command.run(Stream.concat(Stream.of(tool, Long.toString(pid())), Stream.of(command))
                .toArray(String[]::new));
    }

    /** This very process for a GlassFish that is embedded. */
    private static long pid() {
        if (OnServer.on("glassfish")) {
            return ProcessHandle.current().pid();
        }
        String home = System.getProperty("it.server.home");
        return ProcessHandle.allProcesses()
                .filter(process -> process.pid() != ProcessHandle.current().pid()
                        && process.info().commandLine().orElse("").contains(home)
                        && process.info().command().orElse("").endsWith("java"))
                .findFirst()
                .orElseThrow()
                .pid();
    }
}
