package dev.parley.delivery;

import dev.parley.ops.Settings;
import dev.parley.protocol.CloseReasons;
import dev.parley.wire.FrameWriter;
import jakarta.websocket.CloseReason;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a peer may stay: at each beat of the heartbeat, and between two beats whether its time has come. Pings are due
 * now and then, and after one the peer is to be heard. Safe for any thread; {@link #heard}, which is called for each message,
 * takes no lock.
 */
final class Liveness {

    /** What a beat found. */
    sealed interface Finding permits Alive, End {}

    /** The peer stays. */
    enum Alive implements Finding {
        QUIET,
        /** It is time for a ping; the caller sends one, and says so with {@link Liveness#pinged}. */
        PING_DUE
    }

    /** The peer ends. */
    record End(How how, CloseReason reason) implements Finding {}

    /** How a peer ends. */
    enum How {
        /** Its connection is gone. */
        LOST,
        /** Closed once what is queued has left. */
        CLOSED,
        /** Closed without waiting for what is queued: that would never leave. */
        ABANDONED,
        /** Abandoned, and its connection aborted at once. */
        ABORTED
    }

    /** When its time has come, of {@link System#nanoTime}, and why. */
    private record Expiry(long nanos, CloseReason reason) {}

    private final FrameWriter writer;
    private volatile boolean heard; // a flag and no time: it is set for each message
    private volatile @Nullable Expiry expiry;
    private volatile @Nullable Long brokenSince; // of System.nanoTime()
    private long pinged = System.nanoTime(); // guarded by this, as the next two
    private boolean awaited;
    private long awaitedSince;

    Liveness(FrameWriter writer) {
        this.writer = writer;
    }

    /** Something came from the peer. */
    void heard() {
        if (!heard) {
            heard = true;
        }
    }

    /** A batch could not be written. */
    void broke() {
        brokenSince = System.nanoTime();
    }

    /** Sets when its time comes, and why; replaces what was set before. */
    void expireAt(Instant instant, CloseReason reason) {
        long nanos;
        try {
            nanos = Duration.between(Instant.now(), instant).toNanos();
        } catch (ArithmeticException e) {
            expiry = null; // three centuries
            return;
        }
        expiry = new Expiry(System.nanoTime() + nanos, reason);
    }

    /** Why its time has come, or null if it has not. */
    @Nullable
    CloseReason expired() {
        Expiry due = expiry;
        return due == null || System.nanoTime() - due.nanos() < 0 ? null : due.reason();
    }

    /**
     * Looks at the peer. The first reason to end it counts: the surer it is, the earlier it is asked for.
     *
     * @param now a time of {@link System#nanoTime}
     * @param sendOverdue whether a batch has been in flight since before a time
     * @param messageOverdue whether a message has begun before a time and not ended
     */
    Finding beat(long now, Settings.Heartbeat settings, LongPredicate sendOverdue, LongPredicate messageOverdue) {
        if (!writer.isOpen()) {
            return new End(How.LOST, CloseReasons.LOST);
        }
        Long broken = brokenSince;
        if (broken != null && now - broken >= Heartbeat.PERIOD.toNanos()) {
            return new End(How.ABANDONED, CloseReasons.BROKEN);
        }
        if (sendOverdue.test(now - settings.sendDeadline().toNanos())) {
            return new End(How.ABANDONED, CloseReasons.TOO_SLOW);
        }
        if (writer.isFlooded()) {
            return new End(How.ABORTED, CloseReasons.TOO_FAST); // it goes on as long as there is a connection
        }
        CloseReason expired = expired();
        if (expired != null) {
            return new End(How.CLOSED, expired);
        }
        if (messageOverdue.test(now - settings.messageDeadline().toNanos())) {
            return new End(How.ABANDONED, CloseReasons.UNFINISHED);
        }
        if (!writer.answersPings()) {
            heard();
        }
        boolean mayPing =
                !sendOverdue.test(now - Heartbeat.PERIOD.toNanos()); // behind what does not move it would only wait
        return listen(now, mayPing, settings);
    }

    private synchronized Finding listen(long now, boolean mayPing, Settings.Heartbeat settings) {
        takeHeard();
        if (awaited && now - awaitedSince >= settings.pongDeadline().toNanos()) {
            return new End(How.ABANDONED, CloseReasons.UNRESPONSIVE);
        }
        if (!mayPing || now - pinged < settings.ping().toNanos()) {
            return Alive.QUIET;
        }
        pinged = now;
        return Alive.PING_DUE;
    }

    /** A ping is on its way: from now on the peer is to be heard. */
    synchronized void pinged(long now) {
        takeHeard(); // what arrived before the ping does not answer it
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
