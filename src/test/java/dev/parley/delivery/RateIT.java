package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import dev.parley.testing.RoomClient;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** A server on which a peer may send 100 messages at once, and 10 in a second. */
class RateIT extends OnServer {

    private static final int BURST = 100;
    private static final String PING = "{\"type\":\"ping\"}";

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(
                List.of("parley.rate.messages = 10/s", "parley.rate.bytes = 10 KiB/s", "parley.rate.burst = 10s"));
    }

    @Test
    void aFloodIsClosedWith1008AndNobodyElseNotices() {
        var other = connect("/ws/chat/calm").expectText("* a user joined");
        var flood = open("/ws/echo");
        for (int i = 0; i < 4 * BURST; i++) {
            flood.offer(RawSocket.encode(RawSocket.TEXT, true, true, (byte) 'x')); // closed before the last is written
        }
        for (int i = 0; i < BURST; i++) {
            flood.expectText("echo: x");
        }
        var frame = flood.next();
        while (frame.opcode() == RawSocket.TEXT) {
            frame = flood.next();
        }
        assertThat(frame.code()).isEqualTo(1008);
        assertThat(frame.reason()).contains("too many");
        other.text("hi").expectText("user: hi");
    }

    @Test
    void bytesCountAsWell() {
        var flood = connect("/ws/echo?prefix=");
        var text = "x".repeat(60_000);
        flood.text(text).expectText(text);
        assertThat(flood.text(text).expectClose(1008)).contains("too many");
    }

    @Test
    void pongsThatNobodyAskedForCountAsWell() {
        var flood = open("/ws/echo");
        for (int i = 0; i < 2 * BURST; i++) {
            flood.offer(RawSocket.encode(RawSocket.PONG, true, true));
        }
        assertThat(flood.expectClose(1008)).contains("too many");
    }

    @Test
    void aBurstOfPingsIsAnsweredAndTakesNothingOfTheRateForMessages() {
        var client = open("/ws/echo");
        for (int i = 0; i < BURST; i++) {
            client.frame(RawSocket.PING, true, new byte[] {1});
            assertThat(client.next().opcode()).isEqualTo(RawSocket.PONG);
        }
        for (int i = 0; i < BURST; i++) {
            client.text("x").expectText("echo: x");
        }
    }

    /** A container that reads answers pings itself and tells the WAR of none, so no rate counts them. */
    @Test
    void aFloodOfPingsIsClosedWith1008UnlessTheContainerReads() {
        var flood = open("/ws/echo");
        if (readsFrames()) {
            for (int i = 0; i < 4 * BURST; i++) {
                flood.offer(RawSocket.encode(RawSocket.PING, true, true));
            }
            var frame = flood.next();
            while (frame.opcode() == RawSocket.PONG) {
                frame = flood.next();
            }
            assertThat(frame.code()).isEqualTo(1008);
            return;
        }
        for (int i = 0; i < 4 * BURST; i++) {
            flood.frame(RawSocket.PING, true, new byte[] {1});
            assertThat(flood.next().opcode()).isEqualTo(RawSocket.PONG);
        }
        flood.text("x").expectText("echo: x");
    }

    @Test
    void aClientOfParleyV1IsToldWhatWasNotTakenAndMaySendItAgain() {
        var alice = join("alice");
        var bob = join("bob");
        alice.next("joined");
        for (int i = 0; i < 2 * BURST; i++) {
            alice.say("chat", "text", "m" + i, "id", "m" + i);
        }
        var taken = new ArrayList<String>();
        var refused = new ArrayList<String>();
        while (taken.size() + refused.size() < 2 * BURST) {
            var answer = alice.next();
            switch (answer.getString("type")) {
                case "ack" -> taken.add(answer.getString("id"));
                case "error" -> {
                    assertThat(answer.getString("code")).isEqualTo("rate");
                    refused.add(answer.getString("id"));
                }
                default -> assertThat(answer.getString("type")).isEqualTo("message");
            }
        }
        assertThat(taken).hasSizeGreaterThanOrEqualTo(BURST);
        assertThat(refused).isNotEmpty();
        taken.forEach(bob::message);
        bob.expectNothing();
        var again = refused.get(0);
        await().until(() ->
                alice.say("chat", "text", again, "id", again).answer().equals("ack"));
        bob.message(again);
        bob.expectNothing();
    }

    @Test
    void aClientOfParleyV1ThatFloodsOnIsClosedWith1008() {
        var flood = socket();
        flood.upgrade("/ws/chat/flooded", "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL);
        for (int i = 0; i < 4 * BURST; i++) {
            flood.offer(RawSocket.encode(RawSocket.TEXT, true, true, PING.getBytes(StandardCharsets.UTF_8)));
        }
        int errors = 0;
        var frame = flood.next();
        while (frame.opcode() == RawSocket.TEXT) {
            errors += frame.text().contains("\"code\":\"rate\"") ? 1 : 0;
            frame = flood.next();
        }
        assertThat(frame.code()).isEqualTo(1008);
        assertThat(frame.reason()).contains("too many");
        assertThat(errors).isGreaterThanOrEqualTo(BURST);
    }

    private RoomClient join(String user) {
        var client = new RoomClient(
                connect("/ws/chat/rated?user=" + user, "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
        client.next("welcome");
        return client;
    }

    @Test
    void aBurstWithinTheRateIsEchoedWhole() {
        var client = connect("/ws/echo");
        for (int i = 0; i < BURST; i++) {
            client.text("x");
        }
        for (int i = 0; i < BURST; i++) {
            client.expectText("echo: x");
        }
        client.expectNothing();
    }
}
