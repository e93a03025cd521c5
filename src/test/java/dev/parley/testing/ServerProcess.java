package dev.parley.testing;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
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

    /** The threads, each with its name in quotes at the start of a line, and its frames on the lines below. */
    public static String threads() {
        return isDeafToJcmd()
                ? Thread.getAllStackTraces().entrySet().stream()
                        .map(thread -> '"' + thread.getKey().getName() + "\"\n" + Arrays.toString(thread.getValue()))
                        .collect(Collectors.joining("\n"))
                : jcmd("Thread.print");
    }

    /** Collects what is not live. */
    public static void collect() {
        if (isDeafToJcmd()) {
            System.gc();
        } else {
            jcmd("GC.run");
        }
    }

    /** Writes the live objects to a file. */
    public static void dumpHeap(Path file) throws IOException {
        if (isDeafToJcmd()) {
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpHeap(file.toString(), true);
        } else {
            jcmd("GC.heap_dump", file.toString());
        }
    }

    /** A GlassFish that is embedded is this very process: on JDK 25 a {@code jcmd} that it starts for itself never ends. */
    private static boolean isDeafToJcmd() {
        return OnServer.on("glassfish") && Runtime.version().feature() >= 25;
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
