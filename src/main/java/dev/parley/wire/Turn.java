package dev.parley.wire;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Executor;

/**
 * Runs a task when what the current thread is about has been read and handled. An XNIO I/O thread is itself an
 * {@link Executor} and runs a task after the read loop of this turn: what one turn published then leaves as one batch. On
 * any other thread the task runs at once.
 */
public final class Turn {

    /** Runs a task at the end of the turn, or at once where there are no turns. */
    public static final Executor END = Turn::atEnd;

    private static final Logger LOG = System.getLogger(Turn.class.getName());

    private Turn() {}

    private static void atEnd(Runnable task) {
        if (!tryAtEnd(task)) {
            task.run();
        }
    }

    /**
     * Leaves a task to the current thread's next turn, if it has turns.
     *
     * @param task what to run
     * @return false if this thread has no turns, or takes no tasks any more; then nothing was done
     */
    public static boolean tryAtEnd(Runnable task) {
        if (Thread.currentThread() instanceof Executor loop) {
            try {
                loop.execute(task);
                return true;
            } catch (RuntimeException | Error e) {
                LOG.log(Level.DEBUG, "a loop takes no tasks", e);
                return false;
            }
        }
        return false;
    }
}
