package dev.parley.broker.nats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.BrokerContract;
import dev.parley.broker.Sender;
import dev.parley.cluster.NatsServer;
import dev.parley.protocol.Content;
import dev.parley.protocol.Position;
import dev.parley.testing.ServerLog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator reads when NATS does not do what a node needs: the cause, in few lines however long it lasts. */
class NatsLogIT {

    private static final Duration LONG = Duration.ofSeconds(5); // a line each second would be seen
    private static final int FEW = 2;

    private final BrokerContract.Log hub = new BrokerContract.Log();
    private final ServerLog log = ServerLog.ofThisProcess();

    @TempDir
    Path directory;

    @AfterEach
    void close() {
        log.close();
    }

    @Test
    void serversWithoutJetStreamAreNamedAsThat() {
        assertSaid(
                "Nobody answers to $JS.API.>: the NATS servers have no JetStream", new NatsServer("--jetstream=false"));
    }

    @Test
    void moreReplicasThanServersAreNamedAsThat() {
        assertSaid("The NATS servers refuse the stream: replicas > 1", new NatsServer(), "parley.nats.replicas=3");
    }

    @Test
    void aStreamForWhichThereIsNoSpaceIsNamedAsThat() throws Exception {
        assertSaid(
                "The NATS servers refuse the stream: insufficient storage",
                new NatsServer("--config", config("jetstream { max_file: 1MB }")));
    }

    @Test
    void aRightThatIsMissingIsNamed() throws Exception {
        String config = config("""
                authorization { users: [ { user: parley, password: secret, permissions {
                  publish: "log.>"
                } } ] }
                """);
        assertSaid(
                "A NATS server says: Permissions Violation for Publish to \"$JS.API.STREAM.INFO.Log\"",
                new NatsServer("--config", config),
                "parley.nats.user=parley",
                "parley.nats.password=secret");
    }

    private String config(String text) throws Exception {
        return Files.writeString(directory.resolve("conf"), text).toString();
    }

    /** A node of that server has no stream, and says why. */
    private void assertSaid(String cause, NatsServer started, String... settings) {
        try (NatsServer server = started;
                NatsNode node = new NatsNode(server.address(), "Log", settings)) {
            node.broker.attach(hub);
            Awaitility.await().atMost(20, TimeUnit.SECONDS).untilAsserted(() -> assertThat(log.lines())
                    .anyMatch(line -> line.contains(cause)));
            assertThat(hub.there).isFalse();
            assertFewLines(FEW);
        }
    }

    private void assertFewLines(int most) {
        Awaitility.await().during(LONG).atMost(LONG.multipliedBy(2)).untilAsserted(() -> assertThat(
                        log.lines().toList())
                .hasSizeLessThanOrEqualTo(most));
    }

    @Test
    void aFullDiskIsNamedAndNothingIsAcknowledged() {
        try (NatsServer server = NatsServer.onDisk(64);
                NatsNode node = new NatsNode(server.address(), "Log")) {
            node.broker.attach(hub);
            assertThat(publish(node, "r").orTimeout(20, TimeUnit.SECONDS).join().offset())
                    .isPositive();
            server.fillDisk();
            List<CompletableFuture<Position>> tries = IntStream.range(0, 200)
                    .mapToObj(i -> publish(node, "r" + i))
                    .toList();
            Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> tries.stream()
                    .anyMatch(CompletableFuture::isCompletedExceptionally));
            assertThat(log.lines()).anyMatch(line -> line.contains("its leader's disk may be full"));
            assertFewLines(2 * FEW);
        }
    }

    @Test
    void anOutageUnderFiveHundredRoomsTakesFewLines() {
        try (NatsServer server = new NatsServer();
                NatsNode node = new NatsNode(server.address(), "Log")) {
            node.broker.attach(hub);
            for (int i = 0; i < 500; i++) {
                hub.open(node.broker, "r" + i, 10)
                        .orTimeout(20, TimeUnit.SECONDS)
                        .join();
            }
            server.kill();
            List<CompletableFuture<Position>> tries = IntStream.range(0, 500)
                    .mapToObj(i -> publish(node, "r" + i))
                    .toList();
            Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> tries.stream()
                    .allMatch(CompletableFuture::isDone));
            assertThat(log.lines()).anyMatch(line -> line.startsWith("The stream's leader does not answer"));
            assertFewLines(2 * FEW);
            server.start();
            Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> hub.there);
            assertThat(publish(node, "r7")
                            .orTimeout(20, TimeUnit.SECONDS)
                            .join()
                            .offset())
                    .isPositive();
            hub.await("r7", 1);
        }
    }

    private static CompletableFuture<Position> publish(NatsNode node, String room) {
        return node.broker
                .publish(room, new Sender("alice in " + room, 0), null, new Content.Text("x".repeat(10_000)))
                .toCompletableFuture();
    }
}
