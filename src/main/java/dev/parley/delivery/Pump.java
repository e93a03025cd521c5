package dev.parley.delivery;

import dev.parley.ops.Incidents;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
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
    private final Runnable round;
    private final int maxRounds;
    private final Consumer<Throwable> failed;
    private final Executor background;
    private final Runnable loop = this::run;

    /**
     * A pump at rest.
     *
     * @param round the work, which sees all that was done before the signals it answers
     * @param failed gets whatever a round or an executor throws
     * @param background takes over when a thread has done enough of it
     */
    Pump(Runnable round, Consumer<Throwable> failed, Executor background) {
        this(round, MAX_ROUNDS, failed, background);
    }

    /**
     * A pump at rest.
     *
     * @param round the work, which sees all that was done before the signals it answers
     * @param maxRounds how many of them are enough for a thread
     * @param failed gets whatever a round or an executor throws
     * @param background takes over when a thread has done enough of it
     */
    Pump(Runnable round, int maxRounds, Consumer<Throwable> failed, Executor background) {
        this.round = round;
        this.maxRounds = maxRounds;
        this.failed = failed;
        this.background = background;
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

    private void run() {
        for (int i = 0; i < maxRounds; i++) {
            int seen = signals.get();
            Incidents.guard(round, failed);
            if (signals.addAndGet(-seen) == 0) {
                return;
            }
        }
        start(background);
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
