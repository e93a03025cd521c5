package dev.parley.gate;

import dev.parley.ops.Network;

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
    private final Network address;
    private final long since;
    private boolean isUnknown; // guarded by this, as the next
    private State state = State.WAITING;

    Seat(Quotas quotas, Network address, boolean isUnknown, long since) {
        this.quotas = quotas;
        this.address = address;
        this.isUnknown = isUnknown;
        this.since = since;
    }

    /** The peer is there. Until then the seat is given back by itself after 10 s. */
    public synchronized void use() {
        if (state == State.FREE) {
            quotas.takeLate(address, isUnknown);
        }
        state = State.USED;
    }

    /** The peer is gone; a second call does nothing. */
    public synchronized void release() {
        if (state != State.FREE) {
            state = State.FREE;
            quotas.giveBack(address, isUnknown);
        }
    }

    /** The peer has said who it is. */
    synchronized void becomeKnown() {
        if (isUnknown) {
            isUnknown = false;
            if (state != State.FREE) {
                quotas.becomeKnown();
            }
        }
    }

    /** Nobody came. */
    synchronized void giveUp() {
        if (state == State.WAITING) {
            release();
        }
    }

    synchronized boolean isWaiting() {
        return state == State.WAITING;
    }

    /** When it was taken, of {@link System#nanoTime}. */
    long since() {
        return since;
    }
}
