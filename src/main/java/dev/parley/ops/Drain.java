package dev.parley.ops;

import jakarta.enterprise.context.ApplicationScoped;

/**
 * The drain of this node. While it is on, the node rejects new clients and reports not ready, and its hub tells the peers and
 * closes them with 1012, spread over {@code parley.drain.spread}. Safe for any thread.
 */
@ApplicationScoped
public class Drain {

    /** Odd while the drain is on. */
    private volatile int changes;

    /** For the container. */
    public Drain() {}

    /** Starts the drain; does nothing while it is on. Returns at once, the hub follows within a second. */
    public synchronized void start() {
        if (!isStarted()) {
            changes++;
        }
    }

    /** Cancels the drain; does nothing while it is off. The node accepts clients again at once. */
    public synchronized void cancel() {
        if (isStarted()) {
            changes++;
        }
    }

    /**
     * Whether the drain is on.
     *
     * @return true from a start to the next cancellation
     */
    public boolean isStarted() {
        return changes % 2 == 1;
    }

    /**
     * Tells one drain from the next, for observers that do not see every change.
     *
     * @return the number of starts and cancellations so far; odd while the drain is on
     */
    public int changes() {
        return changes;
    }
}
