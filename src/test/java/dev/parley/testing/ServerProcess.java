package dev.parley.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The JVM of the server that a test is a client of, seen from outside. */
public final class ServerProcess {

    private ServerProcess() {}

    /** What {@code jcmd} answers to a command, the command and its arguments. */
    public static String jcmd(String... command) {
        String tool = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        try {
            var line = new ArrayList<>(List.of(tool, Long.toString(pid())));
            line.addAll(List.of(command));
            var process = new ProcessBuilder(line).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
            return output;
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(String.join(" ", command), e);
        }
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
