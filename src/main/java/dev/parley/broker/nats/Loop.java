package dev.parley.broker.nats;

import dev.parley.ops.Incidents;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that owns what {@link NatsBroker} knows, so that nothing of it needs a lock: tasks run one after the other,
 * in the order in which they came. For any thread.
 */
final class Loop implements Executor {

    private static final int MAX_TASKS = 64; // between two breaks

    private final ScheduledThreadPoolExecutor thread;
    private final AtomicInteger waiting = new AtomicInteger();
    private final Runnable pause;
    private int since;

    /**
     * A loop.
     *
     * @param factory makes its thread
     * @param pause is run after the last task that waits, and after some when there are always more
     */
    Loop(ThreadFactory factory, Runnable pause) {
        this.thread = new ScheduledThreadPoolExecutor(1, factory, new ThreadPoolExecutor.DiscardPolicy());
        this.thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.thread.setRemoveOnCancelPolicy(true);
        this.pause = pause;
    }

    @Override
    public void execute(Runnable task) {
        waiting.incrementAndGet();
        thread.execute(() -> run(task));
    }

    /** Runs a task after a while. */
    @SuppressWarnings("FutureReturnValueIgnored") // a failure is logged, and nothing is cancelled
    void later(Duration delay, Runnable task) {
        timer(delay, task);
    }

    /** The same, unless it is cancelled. */
    Future<?> timer(Duration delay, Runnable task) {
        return thread.schedule(() -> execute(task), delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Goes on with what a stage gives. A failure, of the stage or of what follows, is logged once and never lost.
     *
     * @param stage completes on the loop
     * @param next what follows
     * @param failed fails who waits, and clears what they left
     */
    static <T extends @Nullable Object> void then(
            CompletionStage<T> stage, Consumer<? super T> next, Consumer<Throwable> failed) {
        Consumer<Throwable> log = failure -> {
            Incidents.log("a request to the broker fails", failure);
            failed.accept(failure);
        };
        stage.whenComplete((value, failure) -> {
            if (failure != null) {
                Incidents.report(failure, log);
            } else {
                Incidents.guard(() -> next.accept(value), log);
            }
        });
    }

    private void run(Runnable task) {
        int left = waiting.decrementAndGet();
        guard(task);
        since++;
        if (left == 0 || since >= MAX_TASKS) {
            since = 0;
            guard(pause);
        }
    }

    private static void guard(Runnable task) {
        Incidents.guard(task, failure -> Incidents.log("a task of the broker is given up", failure));
    }

    /** Whether it takes no more tasks. */
    boolean isClosed() {
        return thread.isShutdown();
    }

    /** Ends it after what waits. */
    void close() {
        thread.shutdown();
    }
}
