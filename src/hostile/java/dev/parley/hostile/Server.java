package dev.parley.hostile;

import dev.parley.testing.Api;
import dev.parley.testing.Command;
import dev.parley.testing.Launched;
import dev.parley.testing.Ports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The product as people run it: {@code src/run/Run.java} starts the server with the WAR in a heap of 512 MB, as a process
 * of its own, so that what it costs can be seen from outside. Linux only: the figures come from {@code /proc}.
 */
final class Server implements AutoCloseable {

    /** Which of the three servers this build attacks. */
    static final String NAME = System.getProperty("it.server");

    private static final Pattern TOTAL = Pattern.compile("(?m)^Total\\s+\\d+\\s+(\\d+)");
    private static final String RUNNING = "Parley is running";
    private static final int LISTENING = 0x0A;

    private final Process launcher;
    private final ProcessHandle jvm;
    private final String address;
    private final int port;
    private final List<String> output = new ArrayList<>();

    private Server(Path war, String address, List<String> settings) throws IOException {
        this.address = address;
        port = Ports.free();
        var line = new ArrayList<>(List.of(
                java("java"),
                "-XX:TieredStopAtLevel=1",
                "src/run/Run.java",
                NAME,
                System.getProperty("hostile.home"),
                war.toString(),
                Integer.toString(port),
                address,
                "-Xmx512m"));
        line.addAll(settings);
        launcher = new ProcessBuilder(line).redirectErrorStream(true).start();
        var reader = launcher.inputReader();
        for (var text = reader.readLine(); ; text = reader.readLine()) {
            if (text == null) {
                throw new IOException("The server did not start: " + String.join("\n", output));
            }
            output.add(text);
            if (text.contains(RUNNING)) {
                break;
            }
        }
        jvm = launcher.children().findFirst().orElseThrow();
        var rest = new Thread(() -> reader.lines().forEach(output::add), "server output");
        rest.setDaemon(true);
        rest.start();
    }

    /** Starts a server on this address with these settings, options of its JVM; returns when its page answers. */
    static Server start(Path war, String address, List<String> settings) {
        try {
            return new Server(war, address, settings);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The WAR as the build packaged it. */
    static Path war() {
        return Path.of(System.getProperty("it.war"));
    }

    int port() {
        return port;
    }

    /** Its root. */
    URI base() {
        return URI.create("http://" + address + ":" + port);
    }

    /** What it has logged. */
    String log() throws IOException {
        return Files.readString(Path.of("target", "run", NAME + ".log"), StandardCharsets.UTF_8);
    }

    /** What lives in its heap, bytes: the histogram of classes starts with a full collection. */
    long heap() {
        var matcher = TOTAL.matcher(jcmd("GC.class_histogram"));
        if (!matcher.find()) {
            throw new IllegalStateException("jcmd told no heap");
        }
        return Long.parseLong(matcher.group(1));
    }

    /** Its HTTP API. */
    Api api() {
        return new Api(base());
    }

    /** Its open files, sockets among them. */
    int descriptors() {
        try (var open = Files.list(proc("fd"))) {
            return (int) open.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int threads() {
        return (int) status("Threads:");
    }

    /** Its resident memory, bytes. */
    long resident() {
        return status("VmRSS:") * 1024;
    }

    /** The processor time it has taken, milliseconds. */
    long processorMillis() {
        return jvm.info().totalCpuDuration().orElseThrow().toMillis();
    }

    /** Connections to its port that it still holds: one that it has let go of is the system's, in whatever state it ends. */
    int connections() {
        return (int) sockets().stream()
                .filter(socket -> socket.state != LISTENING && socket.isHeld())
                .count();
    }

    /** What the system holds for the other ends of its port to take, bytes. */
    long unsent() {
        return sockets().stream()
                .filter(socket -> socket.state != LISTENING)
                .mapToLong(Socket::unsent)
                .sum();
    }

    /** A socket, with the number of its file, 0 if no process has it open. */
    private record Socket(int state, long unsent, long file) {
        boolean isHeld() {
            return file != 0;
        }
    }

    /** The sockets of its port, as proc(5) tells of them. */
    private List<Socket> sockets() {
        var sockets = new ArrayList<Socket>();
        try {
            for (var table : List.of("net/tcp", "net/tcp6")) {
                for (var line : Files.readAllLines(proc(table))) {
                    var column = line.strip().split("\\s+");
                    if (column[1].endsWith(String.format(":%04X", port))) {
                        sockets.add(new Socket(
                                Integer.parseInt(column[3], 16),
                                Long.parseLong(column[4].substring(0, 8), 16),
                                Long.parseLong(column[9])));
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return sockets;
    }

    /** Stops it as Ctrl-C would; returns when it has ended. */
    @Override
    public void close() {
        Launched.stop(launcher, jvm);
    }

    private Path proc(String file) {
        return Path.of("/proc", Long.toString(jvm.pid()), file);
    }

    private long status(String key) {
        try {
            return Files.readAllLines(proc("status")).stream()
                    .filter(line -> line.startsWith(key))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String jcmd(String command) {
        return Command.run(java("jcmd"), Long.toString(jvm.pid()), command);
    }

    static String java(String tool) {
        return Path.of(System.getProperty("java.home"), "bin", tool).toString();
    }
}
