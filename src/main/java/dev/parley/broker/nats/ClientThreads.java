package dev.parley.broker.nats;

import dev.parley.ops.Threads;
import io.nats.client.Options;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * The threads of the client library. All of them are made and ended here: the library leaves even those running that it makes of
 * a thread factory. For any thread.
 */
final class ClientThreads {

    private final ExecutorService workers;
    private final ExecutorService connects;
    private final ExecutorService callbacks;
    private final ScheduledExecutorService timers;

    ClientThreads(Threads threads) {
        this.workers = Executors.newCachedThreadPool(threads.factory("parley-nats"));
        this.connects = Executors.newSingleThreadExecutor(threads.factory("parley-nats-connect"));
        this.callbacks = Executors.newSingleThreadExecutor(threads.factory("parley-nats-callback"));
        this.timers = new ScheduledThreadPoolExecutor(1, threads.factory("parley-nats-timer"));
    }

    /** The options with these threads. */
    Options.Builder in(Options.Builder options) {
        return options.executor(workers)
                .scheduledExecutor(timers)
                .connectExecutor(connects)
                .callbackExecutor(callbacks);
    }

    /**
     * Runs what may wait.
     *
     * @throws java.util.concurrent.RejectedExecutionException if the threads have been ended
     */
    void execute(Runnable task) {
        workers.execute(task);
    }

    /** Ends them, after a last task. */
    void close(Runnable last) {
        workers.execute(() -> {
            last.run();
            timers.shutdownNow();
            connects.shutdownNow();
            callbacks.shutdownNow();
            workers.shutdown();
        });
    }
}
