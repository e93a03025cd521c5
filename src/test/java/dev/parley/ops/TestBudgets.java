package dev.parley.ops;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

/** Budgets for tests. */
public final class TestBudgets {

    private TestBudgets() {}

    /** One that is never used up. */
    public static Budget large() {
        return of(1L << 40);
    }

    /** One of so many bytes, which searches for room whenever it is asked. */
    public static Budget of(long bytes) {
        long[] now = {0};
        return new Budget(bytes, new Metrics(new SimpleMeterRegistry()), () -> now[0] += 1_000_000_000);
    }
}
