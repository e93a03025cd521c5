package dev.parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.RoomClient;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.PublishOptions;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Rooms that are larger in the stream than the heap of the node that opens them. */
class LargeRoomsIT {

    private static final int ROOMS = 10;
    private static final int MESSAGES = 1000;
    private static final String TEXT = "x".repeat(60_000);
    private static final long MB = 1 << 20;

    @Test
    void opensTenRoomsOfSixtyMegabytesAtOnceOnASmallHeap() throws Exception {
        try (var nats = new NatsServer();
                var node = new Node(
                        "wildfly",
                        "-Dparley.broker=nats",
                        "-Dparley.nats.servers=" + nats.address(),
                        "-Dparley.nats.bytes=2GiB",
                        "-Dparley.history.messages=2000",
                        "-Dparley.history.bytes=64MiB")) {
            Awaitility.await().atMost(20, TimeUnit.SECONDS).until(node::isReady); // then there is a stream
            fill(nats.address());
            long before = node.heap();
            long began = System.nanoTime();
            List<CompletableFuture<RoomClient>> joining = IntStream.range(0, ROOMS)
                    .mapToObj(i -> CompletableFuture.supplyAsync(() -> node.join("large" + i, "user=alice")))
                    .toList();
            List<RoomClient> clients = new ArrayList<>();
            for (CompletableFuture<RoomClient> each : joining) {
                clients.add(each.get(60, TimeUnit.SECONDS));
            }
            for (RoomClient client : clients) {
                assertThat(client.next("welcome").getInt("members")).isEqualTo(1);
            }
            System.out.printf(
                    "%d rooms of %d MB: all welcomed after %.1f s, heap %d MB, before %d MB%n",
                    ROOMS,
                    MESSAGES * TEXT.length() / MB,
                    (System.nanoTime() - began) / 1e9,
                    node.heap() / MB,
                    before / MB);
            assertThat(node.heap()).isLessThan(300 * MB);
            assertThat(node.api().metric("parley_broker_reconnects_total")).isZero();
            clients.get(0).publish("still here", "1");
            clients.forEach(client -> client.client().close());
        }
    }

    /** As nodes would, but faster. */
    private static void fill(String address) throws Exception {
        Connection connection = Nats.connect(address);
        try {
            String subjects = connection
                    .jetStreamManagement()
                    .getStreamInfo("PARLEY")
                    .getConfiguration()
                    .getSubjects()
                    .get(0);
            var stream = connection.jetStream();
            byte[] text = TEXT.getBytes();
            for (int i = 0; i < MESSAGES; i++) {
                List<CompletableFuture<PublishAck>> acks = new ArrayList<>();
                for (int room = 0; room < ROOMS; room++) {
                    String subject = subjects.replace("*", "large" + room);
                    acks.add(stream.publishAsync(
                            subject,
                            new Headers().put("Parley-User", "bob"),
                            text,
                            PublishOptions.builder().build()));
                }
                for (CompletableFuture<PublishAck> ack : acks) {
                    ack.get(30, TimeUnit.SECONDS);
                }
            }
        } finally {
            connection.close();
        }
    }
}
