package dev.parley.ops;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * A log line for an event that a stranger can cause any number of times: the first is logged at once, then at most one a minute,
 * with the count of those in between. Safe for any thread; never blocks.
 */
public final class RepeatedEvent {

    private static final long PAUSE = Duration.ofMinutes(1).toNanos();

    private final Logger log;
    private final Level level;
    private final LongSupplier nanoTime;
    private final AtomicLong skipped = new AtomicLong();
    private final AtomicLong next; // of nanoTime

    /**
     * An event that has not happened yet.
     *
     * @param source the class whose logger writes the line
     * @param level of the line
     */
    public RepeatedEvent(Class<?> source, Level level) {
        this(System.getLogger(source.getName()), level, System::nanoTime);
    }

    RepeatedEvent(Logger log, Level level, LongSupplier nanoTime) {
        this.log = log;
        this.level = level;
        this.nanoTime = nanoTime;
        this.next = new AtomicLong(nanoTime.getAsLong());
    }

    /**
     * The event has happened.
     *
     * @param message one line, without input of a client
     */
    public void log(String message) {
        long now = nanoTime.getAsLong();
        long due = next.get();
        if (now - due < 0 || !next.compareAndSet(due, now + PAUSE)) {
            skipped.incrementAndGet();
            return;
        }
        long count = skipped.getAndSet(0);
        log.log(level, count == 0 ? message : message + " (" + count + " more since the last such line)");
    }
}
