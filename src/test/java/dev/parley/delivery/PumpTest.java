package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PumpTest {

    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

    @Test
    void aRoundThatThrowsIsReportedAndTheNextSignalStartsAnother() {
        AtomicInteger rounds = new AtomicInteger();
        Pump[] pump = new Pump[1];
        AssertionError bug = new AssertionError("a bug");
        pump[0] = new Pump(
                () -> {
                    if (rounds.incrementAndGet() == 1) {
                        pump[0].signal(Runnable::run);
                        throw bug;
                    }
                },
                failures::add,
                Runnable::run);
        pump[0].signal(Runnable::run);
        assertThat(rounds)
                .as("the signal of the round that threw is answered too")
                .hasValue(2);
        pump[0].signal(Runnable::run);
        assertThat(rounds).hasValue(3);
        assertThat(failures).containsExactly(bug);
    }

    @Test
    void anOwnerThatThrowsDoesNotStopThePump() {
        AtomicInteger rounds = new AtomicInteger();
        Pump pump = new Pump(
                () -> {
                    rounds.incrementAndGet();
                    throw new AssertionError("a bug");
                },
                failure -> {
                    throw new AssertionError("another bug");
                },
                Runnable::run);
        pump.signal(Runnable::run);
        pump.signal(Runnable::run);
        assertThat(rounds).hasValue(2);
    }

    @Test
    void anExecutorThatThrowsIsReportedAndTheNextSignalStartsARound() {
        AtomicInteger rounds = new AtomicInteger();
        Pump pump = new Pump(rounds::incrementAndGet, failures::add, Runnable::run);
        Error error = new Error("no thread can be started");
        pump.signal(task -> {
            throw error;
        });
        assertThat(rounds).hasValue(0);
        assertThat(failures).containsExactly(error);
        pump.signal(Runnable::run);
        assertThat(rounds).hasValue(1);
    }

    @Test
    void aSignalDuringARoundAsksForOneMoreAndDoesNotNest() {
        AtomicInteger depth = new AtomicInteger();
        AtomicInteger deepest = new AtomicInteger();
        AtomicInteger rounds = new AtomicInteger();
        Pump[] pump = new Pump[1];
        pump[0] = new Pump(
                () -> {
                    deepest.accumulateAndGet(depth.incrementAndGet(), Math::max);
                    if (rounds.incrementAndGet() < 3) {
                        pump[0].signal(Runnable::run);
                        pump[0].signal(Runnable::run);
                    }
                    depth.decrementAndGet();
                },
                failures::add,
                Runnable::run);
        pump[0].signal(Runnable::run);
        assertThat(rounds).hasValue(3);
        assertThat(deepest).hasValue(1);
    }

    @Test
    void aThreadIsRelievedAfterSixteenRounds() {
        Deque<Runnable> background = new ArrayDeque<>();
        AtomicInteger rounds = new AtomicInteger();
        Pump[] pump = new Pump[1];
        pump[0] = new Pump(
                () -> {
                    if (rounds.incrementAndGet() < 20) {
                        pump[0].signal(Runnable::run);
                    }
                },
                failures::add,
                background::add);
        pump[0].signal(Runnable::run);
        assertThat(rounds).hasValue(16);
        background.remove().run();
        assertThat(rounds).hasValue(20);
        assertThat(background).isEmpty();
    }

    @Test
    void noSignalIsLostAndNoTwoRoundsOverlapOnManyThreads() throws Exception {
        int threads = 4;
        int signals = 50_000;
        AtomicLong written = new AtomicLong();
        AtomicLong seen = new AtomicLong();
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            Pump pump = new Pump(
                    () -> {
                        if (inside.incrementAndGet() > 1) {
                            overlaps.incrementAndGet();
                        }
                        seen.set(written.get());
                        inside.decrementAndGet();
                    },
                    failures::add,
                    pool);
            CyclicBarrier start = new CyclicBarrier(threads);
            for (int t = 0; t < threads; t++) {
                pool.execute(() -> {
                    await(start);
                    for (int i = 0; i < signals; i++) {
                        written.incrementAndGet();
                        pump.signal(Runnable::run);
                    }
                });
            }
            org.awaitility.Awaitility.await().atMost(30, TimeUnit.SECONDS).untilAsserted(() -> assertThat(seen)
                    .hasValue((long) threads * signals));
            assertThat(overlaps).hasValue(0);
        } finally {
            pool.shutdownNow();
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
