package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ThreadsTest {

    private final Threads threads = new Threads();

    @AfterEach
    void end() {
        threads.end();
    }

    @Test
    void aFailureDoesNotEndWhatRecurs() {
        var runs = new AtomicInteger();
        threads.repeat(Duration.ofMillis(1), () -> {
            runs.incrementAndGet();
            throw new AssertionError("a bug");
        });
        Awaitility.await().until(() -> runs.get() > 3);
    }

    @Test
    void aTaskAfterAPauseMayWaitWithoutHoldingUpOthers() throws Exception {
        var begun = new CompletableFuture<String>();
        var mayEnd = new CountDownLatch(1);
        threads.after(Duration.ZERO, () -> {
            begun.complete(Thread.currentThread().getName());
            awaitQuietly(mayEnd);
        });
        assertThat(begun.get(20, TimeUnit.SECONDS)).isEqualTo("parley-worker");
        var other = new CountDownLatch(1);
        threads.after(Duration.ofMillis(1), other::countDown);
        assertThat(other.await(20, TimeUnit.SECONDS)).isTrue();
        mayEnd.countDown();
    }

    @Test
    void theEndWaitsForNoTaskThatIsYetToCome() {
        var ran = new AtomicInteger();
        threads.after(Duration.ofDays(1), ran::incrementAndGet);
        threads.end(); // which would interrupt, and warn, if it waited
        threads.after(Duration.ZERO, ran::incrementAndGet); // does nothing, and is no error
        assertThat(ran).hasValue(0);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void noThreadOutlivesTheEnd() throws InterruptedException {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        var both = new CountDownLatch(2);
        threads.repeat(Duration.ofMillis(1), () -> note(seen, both));
        threads.executor().execute(() -> {
            note(seen, both);
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                // the end
            }
        });
        assertThat(both.await(20, TimeUnit.SECONDS)).isTrue();
        threads.end();
        // A pool is terminated a moment before the last of its threads is.
        Awaitility.await().untilAsserted(() -> assertThat(seen).hasSize(2).noneMatch(Thread::isAlive));
    }

    @Test
    void theEndInterruptsNothingThatEndsByItself() throws Exception {
        var begun = new CountDownLatch(1);
        var mayEnd = new CountDownLatch(1);
        var undisturbed = new CompletableFuture<Boolean>();
        threads.executor().execute(() -> {
            begun.countDown();
            try {
                undisturbed.complete(mayEnd.await(20, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                undisturbed.complete(false);
            }
        });
        assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
        var end = CompletableFuture.runAsync(threads::end);
        Awaitility.await().until(this::dropsTasks);
        mayEnd.countDown();
        end.get(20, TimeUnit.SECONDS);
        assertThat(undisturbed.get(20, TimeUnit.SECONDS)).isTrue();
    }

    private boolean dropsTasks() {
        var ran = new CompletableFuture<Boolean>();
        threads.executor().execute(() -> ran.complete(true));
        return !ran.completeOnTimeout(false, 50, TimeUnit.MILLISECONDS).join();
    }

    private static void note(Set<Thread> seen, CountDownLatch latch) {
        if (seen.add(Thread.currentThread())) {
            latch.countDown();
        }
    }

    @Test
    void aTaskAfterTheEndIsDropped() {
        threads.end();
        threads.executor().execute(() -> {
            throw new AssertionError("it ran");
        });
    }
}
