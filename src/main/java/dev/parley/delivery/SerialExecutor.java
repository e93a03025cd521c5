package dev.parley.delivery;

import dev.parley.ops.Incidents;
import dev.parley.wire.Loops;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/**
 * Takes work off a thread that must return: a container's callback, or one that has pumped enough. It goes to the thread's
 * own next turn where there are turns, else to an executor, on one of its threads at a time, so that a thousand slow peers do
 * not become a thousand threads.
 */
final class SerialExecutor implements Executor {

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Pump pump;
    private final Executor executor;

    SerialExecutor(Executor executor) {
        this.executor = executor;
        this.pump = new Pump(
                this::runAll,
                failure -> Incidents.log("tasks wait for a thread until the next task comes", failure),
                executor);
    }

    @Override
    public void execute(Runnable task) {
        if (!Loops.tryAtEndOfTurn(task)) {
            tasks.add(task);
            pump.signal(executor);
        }
    }

    private void runAll() {
        Runnable task = tasks.poll();
        while (task != null) {
            Incidents.guard(task, failure -> Incidents.log("a task is given up, the next ones run", failure));
            task = tasks.poll();
        }
    }
}
