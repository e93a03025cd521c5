package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.Command;
import dev.parley.testing.Crowd;
import dev.parley.testing.RawSocket;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Peers behind a cable that is cut: they sit in a network namespace, at the other end of a pair of virtual interfaces, of
 * which one goes down. Nothing tells the server, and nobody answers.
 */
@Tag("long")
class DeadPeersIT extends Hostile {

    private static final int PEERS = 20;
    private static final int PING_SECONDS = 5;
    private static final int PONG_DEADLINE_SECONDS = 5;

    /** Of a block for documentation, RFC 5737: no network has it. */
    private static final String HERE = "198.51.100.1";

    private static final String THERE = "198.51.100.2";
    private static final String SPACE = "parley-hostile";
    private static final String NEAR = "parley0";
    private static final String FAR = "parley1";

    @Override
    List<String> settings() {
        return List.of(
                "-Dparley.heartbeat.ping=" + PING_SECONDS + "s",
                "-Dparley.heartbeat.pong-deadline=" + PONG_DEADLINE_SECONDS + "s",
                "-Dparley.heartbeat.close-grace=2s");
    }

    @Override
    String address() {
        return HERE;
    }

    /** Before the server starts, which listens there. */
    @Override
    void prepare() {
        try {
            removeNamespace();
            Command.run("ip", "netns", "add", SPACE);
            Command.run("ip", "link", "add", NEAR, "type", "veth", "peer", "name", FAR, "netns", SPACE);
            Command.run("ip", "address", "add", HERE + "/30", "dev", NEAR);
            Command.run("ip", "link", "set", NEAR, "up");
            Command.run("ip", "-n", SPACE, "address", "add", THERE + "/30", "dev", FAR);
            Command.run("ip", "-n", SPACE, "link", "set", FAR, "up");
        } catch (RuntimeException | AssertionError e) {
            suite.report().skip(Threat.DEAD_PEER, "no network namespace can be made here: " + e.getMessage());
            Assumptions.abort("no network namespace can be made here: " + e.getMessage());
        }
    }

    @AfterAll
    static void removeNamespace() {
        try {
            Command.run("ip", "link", "delete", NEAR); // the other end of the pair goes with it
        } catch (RuntimeException | AssertionError e) {
            // There is none.
        }
        try {
            Command.run("ip", "netns", "delete", SPACE);
        } catch (RuntimeException | AssertionError e) {
            // There is none.
        }
    }

    @Test
    void deadPeers() throws Exception {
        row(Threat.DEAD_PEER, found -> {
            int connected = server.connections();
            var peers = new ProcessBuilder(
                            "ip",
                            "netns",
                            "exec",
                            SPACE,
                            Server.java("java"),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Peers.class.getName(),
                            server.base().toString())
                    .inheritIO()
                    .redirectInput(ProcessBuilder.Redirect.PIPE)
                    .start();
            try (var witness = RawSocket.open(server.base(), "/ws/chat/dead?user=witness")) {
                witness.expectText("* witness joined");
                for (int i = 0; i < PEERS; i++) {
                    line(witness);
                }
                Command.run("ip", "-n", SPACE, "link", "set", FAR, "down");
                long start = System.nanoTime();
                for (int i = 0; i < PEERS; i++) {
                    assertThat(line(witness)).endsWith(" left");
                }
                long left = System.nanoTime() - start;
                await().atMost(Duration.ofSeconds(30)).until(() -> server.connections() <= connected + 1);
                long gone = System.nanoTime() - start;
                found.add(
                        "ping %d s, pong deadline %d s: %d peers out of their room after %.1f s, their sockets gone after %.1f s",
                        PING_SECONDS, PONG_DEADLINE_SECONDS, PEERS, left / 1e9, gone / 1e9);
                assertThat(TimeUnit.NANOSECONDS.toMillis(gone))
                        .as("ms until their sockets were gone")
                        .isLessThan(1000 * (PING_SECONDS + PONG_DEADLINE_SECONDS + 5));
            } finally {
                peers.destroyForcibly();
            }
        });
    }

    /** The next line that the witness reads, who is well and answers pings. */
    private static String line(RawSocket witness) {
        return witness.within(Duration.ofSeconds(60)).nextButPings().text();
    }

    /** The peers, in a process of their own; it lasts as long as its standard input. */
    static final class Peers {

        private Peers() {}

        public static void main(String[] args) throws Exception {
            try (var crowd = new Crowd(URI.create(args[0]), new Crowd.Listener() {})) {
                for (int i = 0; i < PEERS; i++) {
                    crowd.connect("/ws/chat/dead?user=dead" + i);
                }
                System.in.transferTo(OutputStream.nullOutputStream());
            }
        }
    }
}
