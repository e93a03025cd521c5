package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.Crowd;
import dev.parley.testing.Crowd.Client;
import dev.parley.testing.RawSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A room of a thousand, in which one in twenty never reads. */
@Tag("long")
class SlowReadersIT extends Hostile {

    private static final int HEALTHY = 950;
    private static final int DEAF = 50;
    private static final int DEAF_BUFFER = 2048;
    private static final int ROUNDS = 2;
    private static final int SEND_DEADLINE_SECONDS = 10;
    private static final Duration UNDISTURBED = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(150);

    /** A busy room, and still one that two cores can serve and be the clients of. */
    private static final Duration PACE = Duration.ofMillis(50);

    private static final int LENGTH = 8 * 1024;
    private static final String TALKER = "talker";

    @Override
    List<String> settings() {
        return List.of("-Dparley.heartbeat.send-deadline=" + SEND_DEADLINE_SECONDS + "s");
    }

    /** Phases without and with the deaf take turns, so that both see the same machine. */
    @Test
    void slowReaders() throws Exception {
        row(Threat.SLOW_READER, found -> {
            var room = new Room();
            try (var crowd = new Crowd(server.base(), room)) {
                room.talker = crowd.connect("/ws/chat/slow?user=" + TALKER);
                crowd.gather(HEALTHY, i -> "/ws/chat/slow?user=m" + i);
                room.talk(crowd, UNDISTURBED, () -> false); // the first seconds of a room count for neither
                var undisturbed = new ArrayList<Long>();
                var disturbed = new ArrayList<Long>();
                int sockets = server.connections();
                long heap = server.heap();
                long slowest = 0;
                long stuck = 0;
                long held = 0;
                for (int round = 0; round < ROUNDS; round++) {
                    undisturbed.addAll(room.talk(crowd, UNDISTURBED, () -> false));
                    for (int i = 0; i < DEAF; i++) {
                        crowd.connectDeaf("/ws/chat/slow?user=deaf" + i, DEAF_BUFFER);
                    }
                    await().atMost(PATIENCE).until(() -> crowd.open() == HEALTHY + DEAF);
                    var watch = new Watch(server, sockets);
                    disturbed.addAll(room.talk(crowd, PATIENCE, watch));
                    assertThat(server.connections())
                            .as("sockets after %s", PATIENCE)
                            .isEqualTo(sockets);
                    slowest = Math.max(slowest, watch.sinceTheyCame());
                    stuck = Math.max(stuck, watch.sinceTheyWereFull());
                    crowd.forgetDeaf();
                    held = Math.max(held, server.heap() - heap);
                }
                long without = percentile(undisturbed);
                long with = percentile(disturbed);
                found.add("the others' 99th percentile %d ms, undisturbed %d ms", with, without);
                found.add("of %d others %d fell out", HEALTHY, HEALTHY - crowd.open());
                found.add(
                        "send deadline %d s: the last of %d sockets gone %d s after their buffers were full, %d s after they came",
                        SEND_DEADLINE_SECONDS, DEAF, stuck, slowest);
                found.add("heap then %+.1f MB", held / 1e6);
                judge("the others' 99th percentile, ms", with, 0, Math.max(2 * without, 20));
                assertThat(crowd.open()).as("the others").isEqualTo(HEALTHY);
                assertThat(stuck)
                        .as("seconds until their sockets were gone")
                        .isLessThanOrEqualTo(SEND_DEADLINE_SECONDS + 5);
            }
        });
    }

    private static long percentile(List<Long> nanos) {
        var sorted = nanos.stream().sorted().toList();
        return TimeUnit.NANOSECONDS.toMillis(sorted.get((int) (sorted.size() * 0.99)));
    }

    /** Looks at the server's sockets now and then: done when those of the deaf are gone. */
    private static final class Watch implements BooleanSupplier {
        private final Server server;
        private final int sockets;
        private final long start = System.nanoTime();
        private long queued;
        private long full = start;
        private long gone = start;

        Watch(Server server, int sockets) {
            this.server = server;
            this.sockets = sockets;
        }

        @Override
        public boolean getAsBoolean() {
            gone = System.nanoTime();
            long queue = server.unsent();
            if (queue > queued * 1.02) {
                queued = queue;
                full = gone;
            }
            return server.connections() <= sockets;
        }

        long sinceTheyCame() {
            return TimeUnit.NANOSECONDS.toSeconds(gone - start);
        }

        long sinceTheyWereFull() {
            return TimeUnit.NANOSECONDS.toSeconds(gone - full);
        }
    }

    /** Hears how long each message was under way: each starts with the time at which it was said. */
    private static final class Room implements Crowd.Listener {
        private static final int PREFIX = TALKER.length() + 2;

        private List<Long> nanos = new ArrayList<>();
        private Client talker;

        /** Lets the talker talk until so much time has passed, or this holds; how long each delivery took. */
        List<Long> talk(Crowd crowd, Duration time, BooleanSupplier enough) throws InterruptedException {
            var heard = new ArrayList<Long>();
            crowd.execute(() -> nanos = heard);
            long start = System.nanoTime();
            var padding = " " + "x".repeat(LENGTH);
            for (long said = 0; System.nanoTime() - start < time.toNanos(); said++) {
                TimeUnit.NANOSECONDS.sleep(start + said * PACE.toNanos() - System.nanoTime());
                var text = System.nanoTime() + padding;
                crowd.execute(() -> talker.send(RawSocket.TEXT, text.getBytes(StandardCharsets.US_ASCII)));
                if (said % 10 == 0 && enough.getAsBoolean()) {
                    break;
                }
            }
            crowd.execute(() -> nanos = new ArrayList<>());
            return heard;
        }

        @Override
        public void message(Client client, ByteBuffer message) {
            if (message.get(0) != TALKER.charAt(0)) {
                return; // who came and went
            }
            long said = 0;
            for (int i = PREFIX; message.get(i) != ' '; i++) {
                said = 10 * said + message.get(i) - '0';
            }
            nanos.add(System.nanoTime() - said);
        }
    }
}
