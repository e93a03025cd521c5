package dev.parley.wire;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** What is done alike with the {@link FrameWriter#loop loops} of connections; null stands for any thread. */
public final class Loops {

    /**
     * Runs a task when what the current thread is about has been read and handled, if that thread is a loop: what one turn published
     * then leaves as one batch. An XNIO I/O thread is such a loop, and itself an {@link Executor}. On any other thread the task
     * runs at once.
     */
    public static final Executor END_OF_TURN = Loops::atEndOfTurn;

    private static final Logger LOG = System.getLogger(Loops.class.getName());

    private Loops() {}

    /**
     * Whether this thread is as good as any for a connection.
     *
     * @param loop the connection's loop, or null
     * @return true on that loop, and on any thread if there is none
     */
    public static boolean isHere(@Nullable Executor loop) {
        return loop == null || loop == (Object) Thread.currentThread();
    }

    /**
     * Runs a task on the loop.
     *
     * @param loop the loop, or null
     * @param task what to run: at once if this is the loop or there is none, else as {@link #execute}
     */
    public static void run(@Nullable Executor loop, Runnable task) {
        if (isHere(loop)) {
            task.run();
        } else {
            execute(loop, task);
        }
    }

    /**
     * Runs a task after the turn that the loop is in.
     *
     * @param loop the loop; if it is null, or throws, as it does when the server stops, the task runs here
     * @param task what to run
     */
    public static void execute(@Nullable Executor loop, Runnable task) {
        if (loop != null) {
            try {
                loop.execute(task);
                return;
            } catch (RuntimeException | Error e) {
                LOG.log(Level.DEBUG, "a loop takes no tasks", e);
            }
        }
        task.run();
    }

    /**
     * Runs a task after the loop has looked at its sockets once more. Our own loop does that between two tasks of which one leaves
     * the other. XNIO's (WorkerThread.run, 3.8.16) first runs all tasks that are there, those included that come meanwhile; one that
     * comes by way of another thread is later than that.
     *
     * @param loop the loop, on which this is called
     * @param pool runs a task on another thread; if it throws, as it does when the server stops, the task is given to the loop here
     * @param task what to run
     */
    public static void executeAfterReads(Executor loop, Executor pool, Runnable task) {
        if (!(loop instanceof EventLoop)) {
            try {
                pool.execute(() -> execute(loop, task));
                return;
            } catch (RuntimeException | Error e) {
                LOG.log(Level.DEBUG, "the pool takes no tasks", e);
            }
        }
        execute(loop, task);
    }

    private static void atEndOfTurn(Runnable task) {
        if (!tryAtEndOfTurn(task)) {
            task.run();
        }
    }

    /**
     * Leaves a task to the end of the current thread's turn, if it has turns.
     *
     * @param task what to run
     * @return false if this thread has no turns, or takes no tasks any more; then nothing was done
     */
    public static boolean tryAtEndOfTurn(Runnable task) {
        if (Thread.currentThread() instanceof Executor loop) {
            try {
                loop.execute(task);
                return true;
            } catch (RuntimeException | Error e) {
                LOG.log(Level.DEBUG, "a loop takes no tasks", e);
            }
        }
        return false;
    }
}
