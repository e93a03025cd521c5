package dev.parley.ops;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The threads of this application: one for what recurs, and a few that come and go for work that has to leave the thread it
 * comes up on. All end with the application. They are its own because the server's managed executors lose tasks: GlassFish
 * drops, without a word, what comes due while an application is being deployed. For any thread.
 */
@ApplicationScoped
public class Threads {

    private static final Logger LOG = System.getLogger(Threads.class.getName());

    private static final int IDLE_SECONDS = 10;

    // How long an end waits for what is under way, and then for what was interrupted.
    private static final Duration UNDISTURBED = Duration.ofSeconds(2);
    private static final Duration INTERRUPTED = Duration.ofSeconds(5);

    private final ScheduledThreadPoolExecutor recurring =
            new ScheduledThreadPoolExecutor(1, task -> thread("parley-sweeper", task));

    // Tasks that come after the end are dropped: what they would work on is gone.
    private final ExecutorService passing = new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> thread("parley-worker", task),
            new ThreadPoolExecutor.DiscardPolicy());

    /** For the container. */
    public Threads() {
        recurring.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        recurring.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    private static Thread thread(String name, Runnable task) {
        // Without inheritable thread locals: GlassFish keeps the request there that made the thread.
        Thread thread = new Thread(null, task, name, 0, false);
        thread.setContextClassLoader(Threads.class.getClassLoader());
        thread.setDaemon(true);
        return thread;
    }

    /**
     * For work that has to leave the thread it comes up on.
     *
     * @return takes any task, each on a thread of its own; whoever has many puts them in a row himself
     */
    public Executor executor() {
        return passing;
    }

    /**
     * For a library that makes threads of its own.
     *
     * @param name what its threads are called
     * @return makes daemons that hold nothing of the thread they are made on; whoever has them made ends them
     */
    public ThreadFactory factory(String name) {
        return task -> thread(name, task);
    }

    /**
     * Does something again and again for as long as the application lives. A failure is logged and ends nothing.
     *
     * @param pause the time from the end of one run to the start of the next, and before the first
     * @param task something short: one thread runs all that recurs
     */
    @SuppressWarnings("FutureReturnValueIgnored")
    public void repeat(Duration pause, Runnable task) {
        Consumer<Throwable> failed = failure -> Incidents.log("a recurring task runs again", failure);
        // Its future never completes: failures are caught, and it ends with the executor.
        recurring.scheduleWithFixedDelay(
                () -> Incidents.guard(task, failed), pause.toNanos(), pause.toNanos(), TimeUnit.NANOSECONDS);
    }

    /**
     * Runs a task after a pause, on a thread of its own. After the end of the application it does nothing.
     *
     * @param pause the time until the start
     * @param task the task, which may wait
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the task says itself what became of it
    public void after(Duration pause, Runnable task) {
        recurring.schedule(() -> passing.execute(task), pause.toNanos(), TimeUnit.NANOSECONDS);
    }

    /**
     * Ends all threads, and waits for them: one that outlives the application would hold its class loader. What is under way may
     * end by itself first: Java closes the channel that an interrupted thread writes to, and its client would see no close.
     */
    @PreDestroy
    void end() {
        recurring.shutdown();
        passing.shutdown();
        if (!isOver(UNDISTURBED)) {
            recurring.shutdownNow();
            passing.shutdownNow();
            if (!isOver(INTERRUPTED)) {
                LOG.log(Level.WARNING, "A thread of this application is still at work");
            }
        }
    }

    private boolean isOver(Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        try {
            return recurring.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS)
                    && passing.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
