package dev.parley.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The event loops of one application, one for each processor, each started when it is first needed. Safe for any thread. */
public final class EventLoops {

    private static final Logger LOG = System.getLogger(EventLoops.class.getName());

    // How long the end waits for a loop, which may have thousands of connections to close, and then for what was
    // interrupted.
    private static final Duration UNDISTURBED = Duration.ofSeconds(20);
    private static final Duration INTERRUPTED = Duration.ofSeconds(5);

    private final @Nullable EventLoop[] loops;
    private int next;
    private boolean ended;

    /** Starts nothing yet. */
    public EventLoops() {
        loops = new EventLoop[Runtime.getRuntime().availableProcessors()];
    }

    /**
     * The loop for a new connection.
     *
     * @return the loops in turn
     * @throws NotTakenException if the application ends
     */
    public synchronized EventLoop next() throws NotTakenException {
        if (ended) {
            throw new NotTakenException("the application ends");
        }
        int index = next;
        next = (index + 1) % loops.length;
        EventLoop loop = loops[index];
        if (loop == null) {
            loop = start(index);
            loops[index] = loop;
        }
        return loop;
    }

    private static EventLoop start(int index) {
        try {
            EventLoop loop = new EventLoop("parley-loop-" + index);
            loop.start();
            return loop;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends the loops and waits for them: a thread that outlives the application would hold its class loader. */
    public synchronized void end() {
        ended = true;
        for (EventLoop loop : loops) {
            if (loop != null) {
                loop.end();
            }
        }
        for (EventLoop loop : loops) {
            if (loop != null && !isOver(loop, UNDISTURBED)) {
                loop.interrupt();
                if (!isOver(loop, INTERRUPTED)) {
                    LOG.log(Level.WARNING, "The event loop {0} is still at work", loop.getName());
                }
            }
        }
    }

    private static boolean isOver(EventLoop loop, Duration patience) {
        try {
            loop.join(patience.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return !loop.isAlive();
    }
}
