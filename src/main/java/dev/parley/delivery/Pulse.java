package dev.parley.delivery;

import dev.parley.ops.Settings;

/**
 * Whether a peer is alive: pings are due now and then, and after one the peer is to be heard. Safe for any thread; only
 * {@link #heard}, which is called for each message, takes no lock.
 */
final class Pulse {

    /** What a beat found. */
    enum Finding {
        ALIVE,
        /** It is time for a ping; the caller sends one, and says so with {@link Pulse#pinged}. */
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
    synchronized Finding beat(long now, boolean mayPing, Settings.Heartbeat settings) {
        takeHeard();
        if (awaited && now - awaitedSince >= settings.pongDeadline().toNanos()) {
            return Finding.DEAD;
        }
        if (!mayPing || now - pinged < settings.ping().toNanos()) {
            return Finding.ALIVE;
        }
        pinged = now;
        return Finding.PING_DUE;
    }

    /** A ping is on its way: from now on the peer is to be heard. */
    synchronized void pinged(long now) {
        takeHeard(); // what came before is no answer
        if (!awaited) {
            awaited = true;
            awaitedSince = now;
        }
    }

    private void takeHeard() {
        if (heard) {
            heard = false;
            awaited = false;
        }
    }
}
