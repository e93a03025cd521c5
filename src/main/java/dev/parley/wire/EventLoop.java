package dev.parley.wire;

import dev.parley.ops.Incidents;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that reads the sockets registered with it, and runs tasks after everything that was ready has been read, in the order
 * in which they came. A failure of one socket or task stops neither the others nor the loop. {@link #execute} and {@link #end}
 * are for any thread.
 */
public final class EventLoop extends Thread implements Executor {

    /** A socket of the loop. Called on the loop. */
    public interface Socket {

        /** There is something to read, or the end. */
        void ready();

        /** The loop ends, or {@link #ready} has thrown: the socket is no longer read here. */
        void dropped();
    }

    private static final long AFTER_FAILURE_NANOS = 100_000_000L;

    private final Selector selector = Selector.open();
    private final Object lock = new Object();
    private List<Runnable> tasks = new ArrayList<>(); // guarded by lock
    private List<Runnable> spare = new ArrayList<>();
    private boolean ended; // guarded by lock
    private volatile boolean ending;
    private volatile boolean asleep;

    /**
     * A loop that has not started.
     *
     * @param name of the thread
     * @throws IOException if the system has no selector for it
     */
    public EventLoop(String name) throws IOException {
        // Without inheritable thread locals: GlassFish keeps the request there that made the thread.
        super(null, null, name, 0, false);
        setDaemon(true);
        setContextClassLoader(EventLoop.class.getClassLoader());
    }

    /** @throws RejectedExecutionException if the loop has ended */
    @Override
    public void execute(Runnable task) {
        synchronized (lock) {
            if (ended) {
                throw new RejectedExecutionException("the loop has ended");
            }
            tasks.add(task);
        }
        wake();
    }

    private void wake() {
        if (asleep && Thread.currentThread() != this) {
            selector.wakeup();
        }
    }

    /**
     * Has the loop read a channel. On the loop.
     *
     * @param channel a channel that does not block
     * @param socket what is called for it
     * @return the key of the registration
     * @throws ClosedChannelException if the channel is closed
     */
    public SelectionKey register(SelectableChannel channel, Socket socket) throws ClosedChannelException {
        return channel.register(selector, SelectionKey.OP_READ, socket);
    }

    /** Has the loop run the tasks that are there, drop its sockets, and stop. */
    public void end() {
        ending = true;
        wake();
    }

    @Override
    public void run() {
        while (!ending) {
            turn();
        }
        for (SelectionKey key : selector.keys()) {
            drop(key);
        }
        boolean last;
        do {
            last = isLast();
            runTasks();
        } while (!last);
        Incidents.guard(
                () -> {
                    try {
                        selector.close();
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                },
                failure -> Incidents.log("an event loop has ended", failure));
    }

    private boolean isLast() {
        synchronized (lock) {
            ended = tasks.isEmpty();
            return ended;
        }
    }

    private void turn() {
        asleep = true;
        try {
            if (hasTasks() || ending) {
                selector.selectNow(this::ready);
            } else {
                selector.select(this::ready);
            }
        } catch (Throwable e) {
            Incidents.report(e, failure -> Incidents.log("an event loop goes on", failure));
            LockSupport.parkNanos(AFTER_FAILURE_NANOS);
        }
        asleep = false;
        interrupted(); // a selector returns at once as long as its thread is interrupted
        runTasks();
    }

    private boolean hasTasks() {
        synchronized (lock) {
            return !tasks.isEmpty();
        }
    }

    private void ready(SelectionKey key) {
        try {
            ((Socket) key.attachment()).ready();
        } catch (Throwable e) {
            Incidents.report(e, failure -> Incidents.log("a connection is no longer read", failure));
            drop(key);
        }
    }

    private static void drop(SelectionKey key) {
        key.cancel();
        Incidents.guard(
                ((Socket) key.attachment())::dropped,
                failure -> Incidents.log("a connection could not be given back", failure));
    }

    /** Runs the tasks that are there; those that they leave run after what is ready by then. */
    private void runTasks() {
        List<Runnable> now;
        synchronized (lock) {
            now = tasks;
            tasks = spare;
            spare = now;
        }
        for (int i = 0; i < now.size(); i++) {
            try {
                now.get(i).run();
            } catch (Throwable e) {
                Incidents.report(e, failure -> Incidents.log("a task of an event loop failed", failure));
            }
        }
        now.clear();
    }
}
