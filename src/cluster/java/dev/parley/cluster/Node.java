package dev.parley.cluster;

import dev.parley.testing.Api;
import dev.parley.testing.Client;
import dev.parley.testing.Launched;
import dev.parley.testing.RawSocket;
import dev.parley.testing.ReverseProxy;
import dev.parley.testing.RoomClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** A node as people run it: the WAR on a server that {@code src/run/Run.java} starts, as a process of its own. */
final class Node implements AutoCloseable {

    private static final String RUNNING = "Parley is running";

    private final String server;
    private final List<String> settings;
    private final URI base;
    private Process launcher;
    private ProcessHandle jvm;

    /** Starts WildFly or Payara with these settings, and waits for its page; one of each at a time. */
    Node(String server, String... settings) {
        this.server = server;
        this.settings = Stream.concat(Stream.of("-Dparley.ops.token=" + ReverseProxy.OPS_TOKEN), Stream.of(settings))
                .toList();
        base = URI.create("http://" + ReverseProxy.freeAddress());
        start();
    }

    private void start() {
        try {
            var line = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "src/run/Run.java",
                    server,
                    System.getProperty("cluster." + server),
                    System.getProperty("it.war"),
                    Integer.toString(base.getPort()),
                    "127.0.0.1",
                    "-Xmx512m"));
            line.addAll(settings);
            launcher = new ProcessBuilder(line).redirectErrorStream(true).start();
            var output = launcher.inputReader();
            var said = new ArrayList<String>();
            for (var text = output.readLine(); text == null || !text.contains(RUNNING); text = output.readLine()) {
                if (text == null) {
                    throw new IOException("The node did not start: " + String.join("\n", said));
                }
                said.add(text);
            }
            jvm = launcher.children().findFirst().orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    URI base() {
        return base;
    }

    /** Its host and port. */
    String address() {
        return base.getAuthority();
    }

    /** Its HTTP API, with the operators' token. */
    Api api() {
        return new Api(base, ReverseProxy.OPS_TOKEN);
    }

    /** A client of {@code parley.v1} in a room. */
    RoomClient join(String room, String query) {
        return new RoomClient(Client.connect(
                base, "/ws/chat/" + room + "?" + query, "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
    }

    /** Whether it may be sent clients. */
    boolean isReady() {
        return api().ops("GET", "health/ready").status() == 200;
    }

    /** As an operator replaces it: drained until it is empty, stopped, started again, and ready. */
    void restart() {
        api().ops("POST", "drain").expect(202);
        await().until(() -> api().metric("parley_peers") == 0);
        startAgain();
    }

    /** Waits until a proxy sends clients to it again, which a proxy learns later than the node itself. */
    void awaitClientsFrom(ReverseProxy proxy) {
        Awaitility.await().until(() -> {
            try (var socket = RawSocket.connect(proxy.base())) {
                socket.upgrade("/ws/echo");
                return api().metric("parley_peers") > 0;
            }
        });
    }

    /** Stops what may be left of it, starts it and waits until it is ready. */
    void startAgain() {
        close();
        start();
        await().until(this::isReady);
    }

    private static ConditionFactory await() {
        return Awaitility.await().atMost(30, TimeUnit.SECONDS);
    }

    /** The live objects of its heap, bytes. */
    long heap() {
        try {
            Process jcmd = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "jcmd")
                                    .toString(),
                            Long.toString(jvm.pid()),
                            "GC.class_histogram")
                    .start();
            String last = jcmd.inputReader().lines().reduce("", (before, line) -> line.isEmpty() ? before : line);
            return Long.parseLong(last.trim().split(" +")[2]); // Total, objects, bytes
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Its memory that is in no swap and no file, bytes. */
    long resident() {
        try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(jvm.pid()), "status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As {@code kill -9} does. */
    void kill() {
        jvm.destroyForcibly();
        jvm.onExit().join();
    }

    @Override
    public void close() {
        Launched.stop(launcher, jvm);
    }
}
