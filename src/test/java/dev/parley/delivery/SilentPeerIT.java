package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.parley.testing.Api;
import dev.parley.testing.HubEndpoint;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.awaitility.Awaitility;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Clients that stop reading and clients that are dead: the hub lets them go, and the server's side of their TCP connection is
 * gone too, with all that the kernel held for it.
 */
class SilentPeerIT extends OnServer {

    private static final Duration PING = Duration.ofSeconds(2);
    private static final Duration PONG_DEADLINE = Duration.ofSeconds(3);
    private static final Duration SEND_DEADLINE = Duration.ofSeconds(3);
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(2);
    private static final Duration SLACK = Duration.ofSeconds(5);

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(
                List.of(
                        "parley.heartbeat.ping = " + PING.toSeconds() + "s",
                        "parley.heartbeat.pong-deadline = " + PONG_DEADLINE.toSeconds() + "s",
                        "parley.heartbeat.send-deadline = " + SEND_DEADLINE.toSeconds() + "s",
                        "parley.heartbeat.close-grace = " + CLOSE_GRACE.toSeconds() + "s"),
                HubEndpoint.class);
    }

    @BeforeEach
    void theKernelTells() {
        assumeThat(Path.of("/proc/net/tcp")).exists();
        assumeThat(System.getProperty("parley.writer"))
                .as("there is no portable abort")
                .isNotEqualTo("portable");
    }

    @Test
    void whoIsNotHeardAfterAPingIsGone() {
        var dead = open("/ws/echo");
        awaitNothingHeldFor(dead);
        awaitHub(0, 0);
    }

    @Test
    void whoStopsReadingIsGoneWithAllThatWasHeldForIt() {
        var stuck = keep(RawSocket.connect(base(), 1024));
        stuck.upgrade("/ws/chat/stuck?user=stuck");
        stuck.expectText("* stuck joined");
        fill("stuck");
        awaitNothingHeldFor(stuck);
        awaitHub(0, 0);
    }

    @Test
    void aStreamThatIsNotReadIsGoneWithAllThatWasHeldForIt() {
        var stuck = keep(RawSocket.connect(base(), 1024));
        stuck.write(("GET /api/rooms/unread/events HTTP/1.1\r\nHost: " + base().getAuthority() + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        assertThat(stuck.statusOrEnd()).isEqualTo(200);
        awaitHub(1, 1);
        fill("unread");
        awaitNothingHeldFor(stuck);
        awaitHub(0, 0);
    }

    /** What a container never answers, which the quirks show, ends all the same. */
    @Test
    void whoConfusesTheServerIsGone() {
        var cutShort = open("/ws/echo");
        var close = RawSocket.encode(RawSocket.CLOSE, true, true, (byte) 3, (byte) 0xE8);
        cutShort.write(Arrays.copyOf(close, close.length - 1)).halfClose();
        var endless = open("/ws/echo");
        var head = RawSocket.encode(RawSocket.BINARY, true, true, new byte[0x10000]);
        head[2] = (byte) 0x80;
        endless.offer(head);
        awaitNothingHeldFor(cutShort);
        awaitNothingHeldFor(endless);
        awaitHub(0, 0);
    }

    @Test
    void whoAnswersPingsStays() {
        var client = open("/ws/echo");
        for (int i = 0; i < 4; i++) { // longer than a ping and its deadline
            assertThat(client.next().opcode()).isEqualTo(RawSocket.PING);
            client.frame(RawSocket.PONG, true);
        }
        client.text("here").expectText("echo: here");
    }

    /** Publishes more than any buffer on the way takes, and less than the room keeps: who does not read is not overtaken. */
    private static void fill(String room) {
        var api = new Api(base());
        String text = "x".repeat(60_000);
        for (int i = 0; i < 120; i++) {
            api.publish(room, "talker", text);
        }
    }

    private static void awaitNothingHeldFor(RawSocket client) {
        Awaitility.await()
                .atMost(PING.plus(PONG_DEADLINE).plus(CLOSE_GRACE).plus(SLACK))
                .until(() -> !isHeld(client));
    }

    /**
     * Whether the server's end of a connection is some process's, or the kernel keeps bytes for it (proc(5)). What is left of
     * one that has ended in order, while its client has not, is neither.
     */
    private static boolean isHeld(RawSocket client) {
        String here = String.format(":%04X", base().getPort());
        String there = String.format(":%04X", client.localPort());
        try {
            for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
                for (String line : Files.readAllLines(Path.of(table))) {
                    String[] column = line.strip().split(" +");
                    if (column[1].endsWith(here)
                            && column[2].endsWith(there)
                            && !(column[9].equals("0") && column[4].equals("00000000:00000000"))) {
                        return true;
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return false;
    }
}
