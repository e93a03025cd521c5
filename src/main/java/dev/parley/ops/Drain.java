package dev.parley.ops;

import jakarta.enterprise.context.ApplicationScoped;

/**
 * Whether this node is on its way out. Once started it lets nobody in, is not ready, and its hub tells the peers and closes
 * them with 1012, spread over {@code parley.drain.spread}. There is no way back but a new deployment. Safe for any thread.
 */
@ApplicationScoped
public class Drain {

    private volatile boolean started;

    /** For the container. */
    public Drain() {}

    /** Starts the drain; a second call does nothing. Returns at once, the hub follows within a second. */
    public void start() {
        started = true;
    }

    /**
     * Whether the drain has started.
     *
     * @return true from then on
     */
    public boolean isStarted() {
        return started;
    }
}
