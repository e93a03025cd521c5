package dev.parley.hub;

import dev.parley.wire.Turn;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/**
 * Takes work off a thread that must return: a container's callback, or one that has pumped enough. It goes to the thread's
 * own next turn where there are turns, else to an executor, on one of its threads at a time, so that a thousand slow peers do
 * not become a thousand threads.
 */
final class Relief implements Executor {

    private static final Logger LOG = System.getLogger(Relief.class.getName());

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Pump pump;
    private final Executor executor;

    Relief(Executor executor) {
        this.executor = executor;
        this.pump = new Pump(this::runAll, executor);
    }

    @Override
    public void execute(Runnable task) {
        if (!Turn.tryAtEnd(task)) {
            tasks.add(task);
            pump.signal(executor);
        }
    }

    private void runAll() {
        Runnable task = tasks.poll();
        while (task != null) {
            guard(task);
            task = tasks.poll();
        }
    }

    /** One that failed would leave all the others waiting: the pump would never run again. */
    private static void guard(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "work taken off another thread failed", e);
        }
    }
}
