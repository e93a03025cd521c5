package dev.parley.ops;

import java.time.Duration;
import java.time.Instant;

/** Clocks in the hand of a test. Safe for any thread. */
public final class TestClock implements Clock {

    private Instant instant = Instant.parse("2026-01-01T00:00:00Z");
    private long nanos =
            Long.MAX_VALUE - 1_000_000_000; // a second before it turns: nobody may compare times but by difference
    private int failures;

    /** Time passes, on both clocks. */
    public synchronized void pass(Duration time) {
        instant = instant.plus(time);
        nanos += time.toNanos();
    }

    /** Somebody sets the clock that people read. */
    public synchronized void set(Duration ahead) {
        instant = instant.plus(ahead);
    }

    /** The next look at an age throws. */
    public synchronized void failOnce() {
        failures++;
    }

    @Override
    public synchronized Instant instant() {
        return instant;
    }

    @Override
    public synchronized long nanoTime() {
        if (failures > 0) {
            failures--;
            throw new IllegalStateException("of the test");
        }
        return nanos;
    }
}
