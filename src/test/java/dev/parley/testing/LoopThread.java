package dev.parley.testing;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;

/** An event loop without sockets: a thread that runs tasks, one after the other, and knows itself as the loop. */
public final class LoopThread extends Thread implements Executor, AutoCloseable {

    private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();

    public LoopThread() {
        super("loop");
        setDaemon(true);
        start();
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    /** Runs a task on the loop; what it throws is thrown here, when it has ended. */
    public void call(Runnable task) {
        CompletableFuture.runAsync(task, this).join();
    }

    @Override
    public void run() {
        try {
            while (true) {
                tasks.take().run();
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    @Override
    public void close() {
        interrupt();
    }
}
