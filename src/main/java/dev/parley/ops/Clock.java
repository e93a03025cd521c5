package dev.parley.ops;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * The two clocks: the one that people read, which may be set, and the one that ages are measured with, which only goes forward.
 * Safe for any thread.
 */
public interface Clock extends InstantSource {

    /** The clocks of this machine. */
    Clock SYSTEM = new Clock() {
        @Override
        public Instant instant() {
            return Instant.now();
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }
    };

    /**
     * A time as {@link System#nanoTime} gives it: only differences mean anything.
     *
     * @return nanoseconds
     */
    long nanoTime();

    /**
     * How long a duration is on {@link #nanoTime}.
     *
     * @param duration any
     * @return nanoseconds, at most 146 years: twice as much and the difference of two times could not be told from its opposite
     */
    static long nanos(Duration duration) {
        Duration most = Duration.ofNanos(Long.MAX_VALUE / 2);
        return duration.compareTo(most) > 0 ? Long.MAX_VALUE / 2 : duration.toNanos();
    }
}
