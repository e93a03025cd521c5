package dev.parley.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EventLoopTest {

    private static final Duration DEADLINE = Duration.ofSeconds(20);

    private final List<String> events = new CopyOnWriteArrayList<>();
    private EventLoop loop;

    @BeforeEach
    void start() throws IOException {
        loop = new EventLoop("loop of a test");
        loop.start();
    }

    @AfterEach
    void end() throws InterruptedException {
        loop.end();
        loop.join(DEADLINE.toMillis());
        assertThat(loop.isAlive()).isFalse();
    }

    @Test
    void runsTasksInTheirOrder() {
        for (int i = 0; i < 1000; i++) {
            String number = Integer.toString(i);
            loop.execute(() -> events.add(number));
        }
        on(() -> {});
        assertThat(events)
                .hasSize(1000)
                .isSortedAccordingTo((a, b) -> Integer.compare(Integer.parseInt(a), Integer.parseInt(b)));
    }

    @Test
    void wakesUpForTasksOfManyThreads() throws InterruptedException {
        var done = new CountDownLatch(4 * 5_000);
        var threads = new Thread[4];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread(() -> {
                for (int n = 0; n < 5_000; n++) {
                    loop.execute(done::countDown);
                    if (n % 50 == 0) {
                        on(() -> {}); // so that the loop falls asleep again and again
                    }
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(done.await(DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void runsTasksAfterEverythingThatWasReady() throws IOException {
        var first = new Source("first");
        var second = new Source("second");
        on(() -> {
            first.register();
            second.register();
            first.then = () -> loop.execute(() -> events.add("task"));
            second.then = first.then;
            first.write();
            second.write();
        });
        await("first", "second", "task", "task");
        assertThat(events.subList(2, 4)).containsExactly("task", "task");
    }

    @Test
    void goesOnAfterATaskThatThrows() {
        loop.execute(() -> {
            throw new LinkageError("of the test");
        });
        loop.execute(() -> {
            throw new OutOfMemoryError("of the test");
        });
        on(() -> events.add("after"));
        assertThat(events).containsExactly("after");
    }

    @Test
    void dropsTheSocketWhoseReadThrowsAndReadsTheOthers() throws IOException {
        var broken = new Source("broken");
        var other = new Source("other");
        broken.then = () -> {
            throw new LinkageError("of the test");
        };
        on(() -> {
            broken.register();
            other.register();
            broken.write();
        });
        await("broken", "broken dropped");
        on(() -> {
            broken.write();
            other.write();
        });
        await("broken", "broken dropped", "other");
        assertThat(broken.key.isValid()).isFalse();
    }

    @Test
    void goesOnAfterAnInterrupt() throws IOException {
        var source = new Source("read");
        on(() -> Thread.currentThread().interrupt());
        on(source::register);
        on(() -> assertThat(Thread.currentThread().isInterrupted()).isFalse());
        source.write();
        await("read");
    }

    @Test
    void endsWithItsTasksRunAndItsSocketsDropped() throws Exception {
        var source = new Source("source");
        on(source::register);
        var begun = new CountDownLatch(1);
        var proceed = new CountDownLatch(1);
        loop.execute(() -> {
            begun.countDown();
            awaitLatch(proceed);
            loop.execute(() -> events.add("task"));
        });
        awaitLatch(begun);
        loop.end();
        proceed.countDown();
        loop.join(DEADLINE.toMillis());
        assertThat(loop.isAlive()).isFalse();
        assertThat(events).containsExactlyInAnyOrder("task", "source dropped");
        assertThat(source.key.isValid()).isFalse();
        assertThat(source.pipe.source().isRegistered()).isFalse();
        assertThatThrownBy(() -> loop.execute(() -> {})).isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void runsWhatADroppedSocketLeaves() throws Exception {
        var source = new Source("source");
        source.whenDropped = () -> loop.execute(() -> loop.execute(() -> events.add("left")));
        on(source::register);
        loop.end();
        loop.join(DEADLINE.toMillis());
        assertThat(events).containsExactly("source dropped", "left");
    }

    @Test
    void aGroupStartsOneThreadForEachProcessorAndEndsThemAll() throws Exception {
        var group = new EventLoops();
        int processors = Runtime.getRuntime().availableProcessors();
        var first = group.next();
        for (int i = 1; i < processors; i++) {
            assertThat(group.next()).isNotSameAs(first);
        }
        assertThat(group.next()).isSameAs(first);
        assertThat(first.getName()).startsWith("parley-loop-");
        assertThat(first.isDaemon()).isTrue();
        group.end();
        assertThat(first.isAlive()).isFalse();
        assertThatThrownBy(group::next).isInstanceOf(NotTakenException.class);
    }

    /** Runs something on the loop and waits for it. */
    private void on(Task task) {
        var done = new CompletableFuture<Void>();
        loop.execute(() -> {
            try {
                task.run();
                done.complete(null);
            } catch (Throwable e) {
                done.completeExceptionally(e);
            }
        });
        done.orTimeout(DEADLINE.toSeconds(), TimeUnit.SECONDS).join();
    }

    private void await(String... expected) {
        Awaitility.await().atMost(DEADLINE).untilAsserted(() -> assertThat(events)
                .containsExactlyInAnyOrder(expected));
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            assertThat(latch.await(DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @FunctionalInterface
    private interface Task {
        void run() throws Exception;
    }

    /** A pipe as a socket. */
    private final class Source implements EventLoop.Socket {

        private final Pipe pipe = Pipe.open();
        private final String name;
        private SelectionKey key;
        private Runnable then = () -> {};
        private Runnable whenDropped = () -> {};

        Source(String name) throws IOException {
            this.name = name;
            pipe.source().configureBlocking(false);
        }

        void register() throws IOException {
            key = loop.register(pipe.source(), this);
        }

        void write() throws IOException {
            pipe.sink().write(ByteBuffer.allocate(1));
        }

        @Override
        public void ready() {
            try {
                pipe.source().read(ByteBuffer.allocate(10));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            events.add(name);
            then.run();
        }

        @Override
        public void dropped() {
            events.add(name + " dropped");
            whenDropped.run();
        }
    }
}
