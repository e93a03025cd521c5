package dev.parley.ops;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Failures that are bugs of the server. Each is logged once under an incident id. Whatever runs again and again guards each of
 * its members here, so that a failure of one member stops neither the others nor the next round. Safe for any thread.
 */
public final class Incidents {

    private static final Logger LOG = System.getLogger(Incidents.class.getName());

    private Incidents() {}

    /**
     * Logs a failure under a new incident id.
     *
     * @param consequence what the server does about it
     * @param failure what failed
     * @return the id, letters and digits
     */
    public static String log(String consequence, Throwable failure) {
        String incident = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        LOG.log(Level.ERROR, "Incident " + incident + ": " + consequence, failure);
        return incident;
    }

    /**
     * Runs a task, and never throws.
     *
     * @param task what to run
     * @param failed gets whatever the task throws
     */
    public static void guard(Runnable task, Consumer<Throwable> failed) {
        try {
            task.run();
        } catch (Throwable e) {
            report(e, failed);
        }
    }

    /**
     * Runs a task for each member in turn, and never throws.
     *
     * @param <T> what a member is
     * @param members the members
     * @param task what to do with each
     * @param failed gets each member that the task failed for, and whatever it threw
     */
    public static <T> void each(Iterable<T> members, Consumer<T> task, BiConsumer<T, Throwable> failed) {
        for (T member : members) {
            guard(() -> task.accept(member), failure -> failed.accept(member, failure));
        }
    }

    /**
     * Hands a failure over, and never throws.
     *
     * @param failure what failed
     * @param failed gets it
     */
    public static void report(Throwable failure, Consumer<Throwable> failed) {
        try {
            failed.accept(failure);
        } catch (Throwable again) {
            try {
                again.addSuppressed(failure);
                log("the server could not handle a failure", again);
            } catch (Throwable last) {
                // There is no memory even for a log line, and the caller has to go on.
            }
        }
    }
}
