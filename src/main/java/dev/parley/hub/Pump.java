package dev.parley.hub;

import dev.parley.ops.Incidents;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Work that runs in one round at a time, and once more after every signal that came while it ran: no signal is lost, and no
 * signal waits for another. A round that throws counts as a round: its owner learns of it, and the next signal starts another.
 * Signals are for any thread.
 */
final class Pump {

    /** How many rounds a thread is held before the work moves on to the next turn or thread. */
    private static final int MAX_ROUNDS = 16;

    private final AtomicInteger signals = new AtomicInteger();
    private final BooleanSupplier round;
    private final Consumer<Throwable> failed;
    private final Executor relief;
    private final Runnable loop = this::run;
    private int seen; // the signals that the round under way answers; the round's

    /**
     * A pump at rest.
     *
     * @param round the work, which sees all that was done before the signals it answers
     * @param failed gets whatever a round or an executor throws
     * @param relief takes over when a thread has done enough of it
     */
    Pump(Runnable round, Consumer<Throwable> failed, Executor relief) {
        this(
                () -> {
                    round.run();
                    return true;
                },
                failed,
                relief);
    }

    /**
     * A pump at rest, of a round that other threads may end.
     *
     * @param round the work; false if some of it goes on elsewhere, which then calls {@link #finished} once. It never throws after
     *     it has given work away
     * @param failed gets whatever a round or an executor throws
     * @param relief takes over when a thread has done enough of it
     */
    Pump(BooleanSupplier round, Consumer<Throwable> failed, Executor relief) {
        this.round = round;
        this.failed = failed;
        this.relief = relief;
    }

    /**
     * Asks for a round that starts after now.
     *
     * @param runner runs it, unless one is running or due anyway
     */
    void signal(Executor runner) {
        if (signals.getAndIncrement() == 0) {
            start(runner);
        }
    }

    /**
     * The round that went on elsewhere has ended, on this thread.
     *
     * @param runner runs the next one, if there were signals meanwhile
     */
    void finished(Executor runner) {
        if (signals.addAndGet(-seen) != 0) {
            start(runner);
        }
    }

    private void run() {
        for (int i = 0; i < MAX_ROUNDS; i++) {
            seen = signals.get();
            if (!hasEnded() || signals.addAndGet(-seen) == 0) {
                return;
            }
        }
        start(relief);
    }

    private boolean hasEnded() {
        try {
            return round.getAsBoolean();
        } catch (Throwable e) {
            Incidents.report(e, failed);
            return true;
        }
    }

    /** Has the rounds run. An executor that throws has not taken them: then the pump is at rest, until the next signal. */
    private void start(Executor runner) {
        try {
            runner.execute(loop);
        } catch (Throwable e) {
            signals.set(0);
            Incidents.report(e, failed);
        }
    }
}
