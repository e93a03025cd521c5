package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Api;
import dev.parley.testing.Client;
import dev.parley.testing.EventReader;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import dev.parley.testing.RoomClient;
import jakarta.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A planned end: everyone is told in its own words and closed with 1012, and nobody comes in any more. */
class DrainIT extends OnServer {

    private static final int PEERS = 500;
    private static final int ROOMS = 20;
    private static final int MESSAGES_A_SECOND = 500;
    private static final Duration SPREAD = Duration.ofSeconds(5);

    private static final String TOKEN = "of the operators";

    private final Api api = new Api(base(), TOKEN);

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(List.of(
                "parley.drain.spread = " + SPREAD.toSeconds() + "s",
                "parley.heartbeat.ping = 85s",
                "parley.ops.token = " + TOKEN));
    }

    @AfterEach
    void cancel() {
        api.ops("DELETE", "drain").expect(200);
    }

    @Test
    void aCancelledDrainLetsClientsInAgainAndLeavesTheOthersAlone() {
        api.ops("DELETE", "drain").expect(200); // no drain: no effect
        var peers = new ArrayList<RawSocket>();
        for (int i = 0; i < 20; i++) {
            peers.add(open("/ws/echo"));
        }
        api.ops("POST", "drain").expect(202);
        assertThat(api.ops("POST", "drain").expect(202).text()).isEqualTo("{\"draining\":true}");
        Awaitility.await().atMost(DEADLINE).until(() -> peers() < 20);
        assertThat(api.ops("DELETE", "drain").expect(200).text()).isEqualTo("{\"draining\":false}");

        api.ops("GET", "health/ready").expect(200);
        int closed = 0;
        for (var peer : peers) {
            peer.offer(RawSocket.encode(RawSocket.TEXT, true, true, "still here?".getBytes(StandardCharsets.US_ASCII)));
            var frame = peer.nextOrEnd();
            if (frame != null && frame.opcode() == RawSocket.TEXT) {
                assertThat(frame.text()).isEqualTo("echo: still here?");
            } else {
                closed++;
            }
        }
        assertThat(closed).isBetween(1, 19);
        connect("/ws/echo").text("back").expectText("echo: back");
    }

    @Test
    void everyoneIsClosedWith1012WhileMessagesFlowAndNobodyComesIn() {
        var plain = new ArrayList<RawSocket>();
        for (int i = 0; i < PEERS; i++) {
            plain.add(open("/ws/chat/busy-" + i % ROOMS));
        }
        var typed = new RoomClient(connect("/ws/chat/quiet", "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
        var events = keep(EventReader.open(base(), "/api/rooms/quiet/events"));
        events.next("welcome");
        var said = new AtomicInteger();
        var talkers = Executors.newSingleThreadScheduledExecutor();
        talkers.scheduleAtFixedRate(
                () -> plain.get(said.getAndIncrement() % PEERS)
                        .offer(RawSocket.encode(RawSocket.TEXT, true, true, (byte) 'x')),
                0,
                1_000_000 / MESSAGES_A_SECOND,
                TimeUnit.MICROSECONDS);
        try {
            Awaitility.await().atMost(DEADLINE).until(() -> said.get() > MESSAGES_A_SECOND);
            long start = System.nanoTime();
            api.ops("POST", "drain").expect(202);

            var refused = socket().handshake("/ws/echo");
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("Retry-After")).matches("[1-9][0-9]*");
            var stream = api.get("/api/rooms/quiet/events", "Accept", "text/event-stream");
            stream.problem(503, "unavailable");
            assertThat(stream.header("Retry-After")).matches("[1-9][0-9]*");
            api.ops("GET", "health/ready").expect(503);
            api.ops("GET", "health/live").expect(200);

            var left = new TreeSet<Integer>();
            Awaitility.await().atMost(SPREAD.plus(DEADLINE)).until(() -> {
                left.add(peers());
                return left.first() == 0;
            });
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(SPREAD.minusSeconds(1));
            assertThat(left.subSet(1, PEERS + 2)).as("peers on the way").hasSizeGreaterThan(1);
        } finally {
            talkers.shutdownNow();
        }
        JsonObject drain = typed.next();
        while (!drain.getString("type").equals("drain")) {
            drain = typed.next();
        }
        assertThat(drain.getInt("reconnectAfterMs")).isBetween(0, (int) SPREAD.toMillis());
        // The reader of events may go before it: then it is told that one left.
        Client.Event end = typed.client().next();
        while (end instanceof Client.Text) {
            end = typed.client().next();
        }
        assertThat(end).isInstanceOfSatisfying(Client.Close.class, close -> assertThat(close.code())
                .isEqualTo(1012));
        events.expectEnd();
        assertThat(Integer.parseInt(events.retry())).isBetween(0, (int) SPREAD.toMillis());
        for (var client : plain) {
            var frame = client.next();
            while (frame.opcode() == RawSocket.TEXT) {
                frame = client.next();
            }
            assertThat(frame.opcode()).as("%s", frame).isEqualTo(RawSocket.CLOSE);
            assertThat(frame.code()).isEqualTo(1012);
        }
    }

    private int peers() {
        return (int) api.metric("parley_peers");
    }
}
