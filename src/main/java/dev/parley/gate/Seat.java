package dev.parley.gate;

import dev.parley.ops.Network;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The place of one peer in the quotas: taken before the upgrade, {@link #use used} when the endpoint has its peer,
 * {@link #release released} when that is gone. Safe for any thread.
 */
public final class Seat {

    private enum State {
        WAITING,
        USED,
        FREE
    }

    private final Quotas quotas;
    private final Network site;
    private final long since;
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

    Seat(Quotas quotas, Network site, long since) {
        this.quotas = quotas;
        this.site = site;
        this.since = since;
    }

    /** The peer is there. Until then the seat is given back by itself after 10 s. */
    public void use() {
        if (state.getAndSet(State.USED) == State.FREE) {
            quotas.takeLate(site);
        }
    }

    /** The peer is gone; a second call does nothing. */
    public void release() {
        if (state.getAndSet(State.FREE) != State.FREE) {
            quotas.giveBack(site);
        }
    }

    /** Nobody came. */
    void giveUp() {
        if (state.compareAndSet(State.WAITING, State.FREE)) {
            quotas.giveBack(site);
        }
    }

    boolean isWaiting() {
        return state.get() == State.WAITING;
    }

    /** When it was taken, of {@link System#nanoTime}. */
    long since() {
        return since;
    }
}
