package dev.parley.ops;

import java.util.Locale;

/**
 * What the settings let clients hold in memory, for the log at the start.
 *
 * @param settings the effective settings
 * @param heap the maximum heap, bytes
 */
record MemoryPlan(Settings settings, long heap) {

    /** One line: the budget, and what the limits of single clients and rooms would come to without it. */
    @Override
    public String toString() {
        double peers = settings.gate().peers();
        double message = Math.max(settings.limits().text(), settings.limits().binary());
        double history = settings.rooms().history("").bytes();
        double rooms = settings.rooms().empty();
        return "Memory: clients may hold " + mib((double) settings.memory()) + " of a heap of " + mib((double) heap)
                + " (parley.memory). Without that bound the other limits would allow "
                + mib(peers * settings.outbox().bytes()) + " of replies and "
                + mib(peers * message) + " of unfinished messages (" + (int) peers + " peers), "
                + mib(rooms * history) + " of history (" + (int) rooms + " rooms without members), and "
                + mib((double) settings.room().bytes() + history) + " for each room with members.";
    }

    /** Whether the rest of the heap may be too small for the server itself. */
    boolean isTooLarge() {
        return settings.memory() > heap / 2;
    }

    /** What to do about that, in one line. */
    String warning() {
        return "parley.memory is " + mib((double) settings.memory()) + ", more than half of the heap of "
                + mib((double) heap) + ". The server needs the rest: raise -Xmx or lower parley.memory.";
    }

    private static String mib(double bytes) {
        return String.format(Locale.ROOT, "%,.1f MiB", bytes / (1 << 20));
    }
}
