package dev.parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.RawSocket;
import dev.parley.testing.ReverseProxy;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * WildFly and Payara behind nginx and HAProxy as {@code docker/} has them, on three NATS servers, likewise: node by node is
 * drained and started again, or killed, while clients read and write by WebSocket and by HTTP.
 */
class RollingRestartIT {

    /** The 100 clients of a test at one node, and their messages under way over HTTP, which take seats too. */
    private static final int PEERS_PER_ADDRESS = 200;

    private static NatsCluster nats;
    private static Node wildfly;
    private static Node payara;

    @BeforeAll
    static void start() throws IOException {
        Path file = Path.of("target", "nats.conf").toAbsolutePath();
        // Three on one machine cannot have the same port: -1 is any.
        Files.writeString(file, Files.readString(Path.of("docker/nats.conf")).replace("8222", "-1"));
        nats = new NatsCluster(3, "--config", file.toString());
        CompletableFuture<Node> other = CompletableFuture.supplyAsync(() -> node("payara"));
        wildfly = node("wildfly");
        payara = other.join();
        Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> wildfly.isReady() && payara.isReady());
    }

    /** A reader of events that has gone keeps its seat until the next ping, and the quota counts it. */
    @BeforeEach
    void awaitThatTheClientsOfTheTestBeforeHaveGone() {
        Awaitility.await()
                .atMost(30, TimeUnit.SECONDS)
                .until(() -> wildfly.api().metric("parley_peers") == 0
                        && payara.api().metric("parley_peers") == 0);
    }

    private static Node node(String server) {
        return new Node(
                server,
                "-Dparley.broker=nats",
                "-Dparley.nats.servers=" + nats.addresses(),
                "-Dparley.nats.replicas=3",
                "-Dparley.nats.bytes=256MiB",
                "-Dparley.nats.user=parley",
                "-Dparley.nats.password=" + NatsServer.PASSWORD,
                "-Dparley.gate.trusted-proxies=127.0.0.1",
                "-Dparley.gate.peers-per-address=" + PEERS_PER_ADDRESS,
                "-Dparley.drain.spread=5s",
                "-Dparley.heartbeat.ping=5s",
                // All that is published, since in the end it is held against what was read.
                "-Dparley.history.messages=200000",
                "-Dparley.history.bytes=128MiB",
                "-Dparley.history.age=1h");
    }

    @AfterAll
    static void stop() throws IOException {
        // One that did not start is no reason to leave the others running.
        Stream.of(wildfly, payara).filter(Objects::nonNull).forEach(Node::close);
        nats.close();
    }

    @Test
    void nothingIsLostBehindNginxWhileNodeByNodeIsRestarted() throws Exception {
        try (var proxy = ReverseProxy.nginx(wildfly.address(), payara.address())) {
            nothingIsLostWhileNodeByNodeIsRestarted(proxy, "nginx");
        }
    }

    @Test
    void nothingIsLostBehindHaproxyWhileNodeByNodeIsRestarted() throws Exception {
        try (var proxy = ReverseProxy.haproxy(wildfly.address(), payara.address())) {
            nothingIsLostWhileNodeByNodeIsRestarted(proxy, "haproxy");
        }
    }

    private static void nothingIsLostWhileNodeByNodeIsRestarted(ReverseProxy proxy, String name) throws Exception {
        try (var clients = new Clients(proxy, "rolling-" + name, 80, 20, 15)) {
            wildfly.restart();
            assertThat(clients.said()).as("nobody was cut off or refused").hasLineCount(1);
            wildfly.awaitClientsFrom(proxy); // or for a moment there is none that it may send them to
            payara.restart();
            assertThat(clients.report())
                    .contains(" 0 failed, 0 unknown;")
                    .doesNotContain("refused\":")
                    // Payara ends a connection right behind its close, which a writer can see as a reset:
                    // operations.md.
                    .doesNotContainPattern("reader-\\d+: ");
        }
    }

    /** A thousand messages a second; {@code -Dfault.rounds=20} kills as often (issue 7). */
    @Test
    void nothingIsLostWhileANodeIsKilled() throws Exception {
        for (int i = 0; i < Integer.getInteger("fault.rounds", 1); i++) {
            try (var proxy = ReverseProxy.haproxy(wildfly.address(), payara.address());
                    var clients = new Clients(proxy, "killed-" + i, 10, 20, 50)) {
                Node killed = i % 2 == 0 ? wildfly : payara;
                Node left = i % 2 == 0 ? payara : wildfly;
                awaitTraffic(left);
                killed.kill();
                Awaitility.await()
                        .atMost(30, TimeUnit.SECONDS)
                        .until(() -> left.api().metric("parley_peers") == 30);
                awaitTraffic(left);
                assertThat(clients.report()).contains("\"1006\":");
                killed.startAgain();
            }
        }
    }

    /** Until a node has sent its readers some thousand messages more. */
    private static void awaitTraffic(Node node) {
        double before = node.api().metric("parley_messages_out_total");
        Awaitility.await()
                .atMost(30, TimeUnit.SECONDS)
                .until(() -> node.api().metric("parley_messages_out_total") > before + 50_000);
    }

    /** Each a {@code parley.js} behind a proxy, half of them by WebSocket and half by events and HTTP. */
    private static final class Clients implements AutoCloseable {
        private final Path said;
        private final Process process;

        /** Starts them, and waits until all are there; what they say goes to a file of that name, for the documentation. */
        Clients(ReverseProxy proxy, String name, int readers, int writers, int rate) throws IOException {
            said = Path.of("target", name + ".txt").toAbsolutePath();
            process = new ProcessBuilder(
                            ("node soak/soak.js --transport both --cut 0 --readers %d --writers %d --rate %d --url %s"
                                    .formatted(readers, writers, rate, proxy.base())
                                    .split(" ")))
                    .directory(new File("src/client"))
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> said().contains("all are there"));
        }

        String said() throws IOException {
            return Files.readString(said);
        }

        /** Ends the publishing, lets them read to the end, and holds what each has read against the history. */
        String report() throws Exception {
            process.destroy();
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
            assertThat(process.exitValue()).as(said()).isZero();
            assertThat(said()).contains("lost 0, duplicates 0, order breaks 0, strange 0, gaps told 0");
            return said();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    @Test
    void theQuotaCountsTheClientWhicheverProxyIsBetween() {
        try (var proxy = ReverseProxy.nginx(wildfly.address(), payara.address())) {
            theQuotaCountsTheClient(proxy);
        }
        try (var proxy = ReverseProxy.haproxy(wildfly.address(), payara.address())) {
            theQuotaCountsTheClient(proxy);
        }
    }

    private static void theQuotaCountsTheClient(ReverseProxy proxy) {
        List<RawSocket> open = new ArrayList<>();
        try {
            int status = 101;
            while (status == 101) {
                var socket = RawSocket.connectFrom("127.0.0.2", proxy.base());
                open.add(socket);
                status = socket.handshake("/ws/echo").status();
            }
            assertThat(status).isEqualTo(429);
            assertThat(open).hasSizeBetween(PEERS_PER_ADDRESS + 1, 2 * PEERS_PER_ADDRESS + 1);
            for (int i = 0; i < 4; i++) { // at either node
                var other = RawSocket.connectFrom("127.0.0.3", proxy.base());
                open.add(other);
                other.upgrade("/ws/echo", "X-Forwarded-For", "127.0.0.2", "Forwarded", "for=127.0.0.2");
            }
        } finally {
            open.forEach(RawSocket::close);
        }
    }
}
