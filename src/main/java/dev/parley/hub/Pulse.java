package dev.parley.hub;

import dev.parley.ops.Settings;

/**
 * Whether a peer is alive: pings are due now and then, and after one the peer is to be heard. {@link #heard} is for any
 * thread, {@link #beat} for the heartbeat's.
 */
final class Pulse {

    /** What a beat found. */
    enum Finding {
        ALIVE,
        /** It is time for a ping; the caller sends one. */
        PING_DUE,
        /** It was not heard for so long after a ping that it is dead. */
        DEAD
    }

    private volatile boolean heard; // a flag and no time: it is set for each message
    private long pinged = System.nanoTime();
    private boolean awaited;
    private long awaitedSince;

    /** Something came from the peer. */
    void heard() {
        if (!heard) {
            heard = true;
        }
    }

    /**
     * Looks at it.
     *
     * @param now a time of {@link System#nanoTime}
     * @param mayPing whether a ping would leave; behind a batch that does not move it would only wait
     */
    Finding beat(long now, boolean mayPing, Settings.Heartbeat settings) {
        if (heard) {
            heard = false;
            awaited = false;
        }
        if (awaited && now - awaitedSince >= settings.pongDeadline().toNanos()) {
            return Finding.DEAD;
        }
        if (!mayPing || now - pinged < settings.ping().toNanos()) {
            return Finding.ALIVE;
        }
        pinged = now;
        if (!awaited) {
            awaited = true;
            awaitedSince = now;
        }
        return Finding.PING_DUE;
    }
}
