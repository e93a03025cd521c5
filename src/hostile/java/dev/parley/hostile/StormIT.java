package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.Crowd;
import dev.parley.testing.Crowd.Client;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Many clients that go, or come, at the same moment. */
@Tag("long")
class StormIT extends Hostile {

    private static final int CLIENTS = 5000;
    private static final Duration BACK = Duration.ofSeconds(60);

    /** How long after its loss a client tries again, at the most; twice as long after each try that failed. */
    private static final long FIRST_RETRY_MILLIS = 20_000;

    private static final long LAST_RETRY_MILLIS = 40_000;

    /** {@code WorkerThread.cancelKey} of XNIO 3.8 does: the work grows with the square of how many end at once. */
    private static final Duration XNIO_PAUSE = Duration.ofSeconds(5);

    @Test
    void reconnectStorm() throws Exception {
        row(Threat.RECONNECT_STORM, found -> {
            var clock = Executors.newSingleThreadScheduledExecutor();
            var storm = new Storm();
            try (var crowd = new Crowd(server.base(), storm)) {
                storm.begin(crowd, clock);
                crowd.gather(CLIENTS, i -> storm.target());
                long resident = server.resident();
                System.out.println("Dropping them all " + server.processorMillis());
                storm.drop();
                await().atMost(BACK.multipliedBy(2))
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> crowd.open() >= CLIENTS * 0.99);
                long back = storm.sinceDrop();
                await().atMost(BACK.multipliedBy(2)).until(() -> crowd.open() == CLIENTS);
                found.add(
                        "%,d clients: 99 %% back in %.1f s, all in %.1f s",
                        CLIENTS, back / 1e3, storm.sinceDrop() / 1e3);
                found.add("peak %,d handshakes a second", storm.peak());
                found.add("%,d tries failed", storm.failed.get());
                found.add("%,d MB resident before", resident / MB);
                assertThat(back).as("99 %% back, ms").isLessThan(BACK.toMillis());
                if (Server.NAME.equals("wildfly")) {
                    found.probeUnmet(
                            XNIO_PAUSE,
                            "XNIO asks its selector once for each connection that ends, and hears of all the others");
                }
            } finally {
                clock.shutdownNow();
            }
            await().atMost(BACK).until(() -> server.connections() <= 1); // the probe's
        });
    }

    /** Clients that come back as they should: each after a while of its own, longer after each failure. */
    private static final class Storm implements Crowd.Listener {
        private final AtomicLong failed = new AtomicLong();
        private final AtomicIntegerArray seconds = new AtomicIntegerArray(600);
        private volatile long droppedAt;
        private ScheduledExecutorService clock;
        private Crowd crowd;

        void begin(Crowd crowd, ScheduledExecutorService clock) {
            this.crowd = crowd;
            this.clock = clock;
        }

        String target() {
            return "/ws/echo";
        }

        void drop() throws InterruptedException {
            droppedAt = System.nanoTime();
            crowd.drop();
        }

        long sinceDrop() {
            return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - droppedAt);
        }

        int peak() {
            return IntStream.range(0, seconds.length()).map(seconds::get).max().orElse(0);
        }

        @Override
        public void opened(Client client) {
            if (droppedAt != 0) {
                seconds.incrementAndGet((int) Math.min(seconds.length() - 1, sinceDrop() / 1000));
            }
        }

        @Override
        public void ended(Client client, int code) {
            if (droppedAt == 0) {
                return;
            }
            boolean dropped = code == 1006;
            if (!dropped) {
                failed.incrementAndGet();
            }
            int tries = dropped ? 0 : 1 - client.mark(); // a mark below 0 counts the failures
            long within = Math.min(LAST_RETRY_MILLIS, FIRST_RETRY_MILLIS << tries);
            clock.schedule(
                    () -> crowd.connect(target(), -tries),
                    ThreadLocalRandom.current().nextLong(within),
                    TimeUnit.MILLISECONDS);
        }
    }
}
