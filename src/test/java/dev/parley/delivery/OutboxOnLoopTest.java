package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.parley.ops.BatchTally;
import dev.parley.ops.Metrics;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestSettings;
import dev.parley.room.Encoder;
import dev.parley.room.Ring;
import dev.parley.room.TestRings;
import dev.parley.testing.LoopThread;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import dev.parley.wire.FrameWriter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.websocket.CloseReason;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Outboxes of peers that an event loop writes to: walks and rounds are that thread's, whoever asks for them. */
class OutboxOnLoopTest {

    private static final int READERS = 100;

    private final LoopThread loop = new LoopThread();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Metrics metrics = new Metrics(meters);
    private final ConcurrentLinkedQueue<String> trouble = new ConcurrentLinkedQueue<>();
    private final Random random = new Random(ThreadLocalRandom.current().nextLong());

    @AfterEach
    void stop() {
        loop.close();
    }

    @Test
    void anIdleReaderIsWrittenToInTheWalkItself() {
        Ring ring = TestRings.ring(64, 1 << 20);
        Connection connection = new Connection(() -> true);
        Outbox outbox = reader(ring, connection, 1);
        TestRings.say(ring, 1, "hello");
        BatchTally tally = new BatchTally();
        onLoop(() -> {
            outbox.wake(tally);
            assertThat(connection.texts).containsExactly("u: hello");
            return 0;
        });
        assertThat(meters.get("parley.batches.out").functionCounter().count()).isZero();
        tally.flush(metrics);
        assertThat(meters.get("parley.batches.out").functionCounter().count()).isEqualTo(1);
        assertThat(meters.get("parley.messages.out").functionCounter().count()).isEqualTo(1);
    }

    @Test
    void aWalkMakesNoObjectForAnIdleReader() {
        Ring ring = TestRings.ring(64, 1 << 20);
        List<Outbox> outboxes = new ArrayList<>();
        for (int i = 0; i < READERS; i++) {
            outboxes.add(reader(ring, new Silent(), 1 + i));
        }
        BatchTally tally = new BatchTally();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = onLoop(() -> {
            long fewest = Long.MAX_VALUE;
            for (int i = 0; i < 200; i++) {
                TestRings.say(ring, 999, "m" + i);
                outboxes.get(0).wake(tally); // makes the batch that the others share
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int j = 1; j < READERS; j++) {
                    outboxes.get(j).wake(tally);
                }
                fewest = Math.min(fewest, threads.getCurrentThreadAllocatedBytes() - before);
            }
            return fewest;
        });
        assertThat(least).isLessThan(READERS); // not one for each; what the measurement itself takes is less
        tally.flush(metrics);
        assertThat(meters.get("parley.messages.out").functionCounter().count()).isEqualTo(200 * READERS);
    }

    /** Walks, replies of other threads, sockets that take nothing for a while: all arrives once, in order, from the loop alone. */
    @Test
    @Timeout(120)
    void nothingIsLostOrReorderedUnderAnyInterleaving() {
        long seed = Long.getLong("seed", ThreadLocalRandom.current().nextLong());
        random.setSeed(seed);
        for (int round = 0; round < 40; round++) {
            String what = "seed " + seed + ", round " + round;
            int messages = 500;
            int replies = 300;
            Ring ring = TestRings.ring(4096, 1 << 20);
            Random chance = new Random(random.nextLong());
            Connection connection = new Connection(() -> chance.nextInt(3) > 0);
            Outbox outbox = reader(ring, connection, 7);
            BatchTally tally = new BatchTally();
            Thread speaker = new Thread(() -> {
                for (int i = 0; i < messages; i++) {
                    TestRings.say(ring, 1, "m" + i);
                    loop.execute(() -> outbox.wake(tally));
                }
            });
            Thread replier = new Thread(() -> {
                for (int i = 0; i < replies; i++) {
                    while (!outbox.offer(Frame.text("r" + i))) {
                        Thread.onSpinWait();
                    }
                }
            });
            speaker.start();
            replier.start();
            Awaitility.await(what)
                    .atMost(30, TimeUnit.SECONDS)
                    .until(() -> connection.texts.size() == messages + replies || !trouble.isEmpty());
            assertThat(trouble).as(what).isEmpty();
            assertThat(connection.texts.stream().filter(text -> text.startsWith("u: ")))
                    .as(what)
                    .containsExactlyElementsOf(IntStream.range(0, messages)
                            .mapToObj(i -> "u: m" + i)
                            .toList());
            assertThat(connection.texts.stream().filter(text -> text.startsWith("r")))
                    .as(what)
                    .containsExactlyElementsOf(
                            IntStream.range(0, replies).mapToObj(i -> "r" + i).toList());
        }
    }

    private Outbox reader(Ring ring, FrameWriter writer, long peer) {
        Outbox outbox = new Outbox(
                writer,
                OutboxTest.reporter(trouble),
                TestSettings.small().outbox(),
                metrics,
                Runnable::run,
                TestBudgets.large());
        outbox.add(TestRings.cursor(ring, Encoder.PLAIN, peer));
        outbox.release();
        onLoop(() -> 0); // what that asked for has run
        return outbox;
    }

    private <T> T onLoop(Supplier<T> task) {
        return CompletableFuture.supplyAsync(task, loop)
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
    }

    /** Takes everything at once. */
    private class Silent implements FrameWriter {
        @Override
        public boolean writeNow(Batch batch) {
            return true;
        }

        @Override
        public void write(Batch batch, Completion completion) {
            trouble.add("a second write");
        }

        @Override
        public Executor loop() {
            return loop;
        }

        @Override
        public void close(CloseReason reason) {}

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void abort() {}
    }

    /** Takes a batch at once, or completes it in a later turn or inside the write, as chance has it. */
    private final class Connection extends Silent {

        private final ConcurrentLinkedQueue<String> texts = new ConcurrentLinkedQueue<>();
        private final Supplier<Boolean> chance;
        private boolean busy;

        Connection(Supplier<Boolean> chance) {
            this.chance = chance;
        }

        @Override
        public boolean writeNow(Batch batch) {
            return chance.get() && took(batch);
        }

        @Override
        public void write(Batch batch, Completion completion) {
            took(batch);
            if (chance.get()) {
                completion.done(null);
            } else {
                busy = true;
                loop.execute(() -> {
                    busy = false;
                    completion.done(null);
                });
            }
        }

        private boolean took(Batch batch) {
            if (busy || Thread.currentThread() != loop) {
                trouble.add("a write while one is under way, or from " + Thread.currentThread());
            }
            batch.frames().forEach(frame -> texts.add(frame.text()));
            return true;
        }
    }
}
