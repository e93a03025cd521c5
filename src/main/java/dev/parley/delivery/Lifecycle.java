package dev.parley.delivery;

import dev.parley.ops.Incidents;
import dev.parley.ops.Metrics;
import dev.parley.protocol.CloseReasons;
import dev.parley.wire.FrameWriter;
import jakarta.websocket.CloseReason;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Comparator;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BinaryOperator;

/** Ends one peer, once: the first reason counts, and the peer leaves its rooms and the hub. Safe for any thread. */
final class Lifecycle implements Outbox.Owner {

    private static final Logger LOG = System.getLogger(Lifecycle.class.getName());

    /** Our own: {@code Session.isOpen()} stays true on Undertow after the session was closed. */
    private enum State {
        OPEN,
        /** The peer takes no more; what is queued still leaves. */
        CLOSING,
        CLOSED
    }

    private static final BinaryOperator<State> LATER = BinaryOperator.maxBy(Comparator.naturalOrder());

    private final LocalPeer peer;
    private final LocalHub hub;
    private final FrameWriter writer;
    private final Metrics metrics;
    private final Executor background;
    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);

    Lifecycle(LocalPeer peer, LocalHub hub, FrameWriter writer, Metrics metrics, Executor background) {
        this.peer = peer;
        this.hub = hub;
        this.writer = writer;
        this.metrics = metrics;
        this.background = background;
    }

    boolean isOpen() {
        return state.get() == State.OPEN;
    }

    /** As {@link LocalPeer#close}. */
    void close(CloseReason reason) {
        if (moveTo(State.CLOSING)) {
            peer.outbox().finish(reason);
        }
    }

    /** As {@link LocalPeer#closed}. */
    void closed(CloseReason reason) {
        if (forget()) {
            metrics.peerLeft(reason.getCloseCode().getCode());
        }
    }

    /** Closes without waiting for what is queued: that would never leave. */
    void abandon(CloseReason reason) {
        if (forget()) {
            try {
                metrics.peerClosed(reason);
            } finally {
                writer.close(reason);
            }
        }
    }

    /** Gives up on it because memory is short and it is slow. Its memory is free at once, the close may take a moment. */
    void cut() {
        if (forget()) {
            metrics.peerClosed(CloseReasons.TOO_SLOW);
            background.execute(() -> writer.close(CloseReasons.TOO_SLOW));
        }
    }

    /** Ends it as the heartbeat found. */
    void end(Liveness.End end) {
        switch (end.how()) {
            case LOST -> closed(end.reason());
            case CLOSED -> close(end.reason());
            case ABANDONED -> abandon(end.reason());
            case ABORTED -> {
                abandon(end.reason());
                background.execute(writer::abort);
            }
        }
    }

    /** As {@link LocalPeer#failed}. */
    void sessionFailed(Throwable failure) {
        if (state.get() == State.CLOSED) {
            return;
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException) {
                LOG.log(Level.DEBUG, "a connection failed", failure);
                return; // the container closes the session and says so
            }
        }
        incident(failure);
    }

    /** What the application does with the peer failed. */
    void incident(Throwable failure) {
        close(internalError(failure));
    }

    /** Closes a peer that may be in no known state, without waiting for what is queued. */
    @Override
    public void failed(Throwable failure) {
        abandon(internalError(failure));
    }

    private static CloseReason internalError(Throwable failure) {
        return CloseReasons.internalError(Incidents.log("a peer is closed with 1011", failure));
    }

    @Override
    public void ended(CloseReason reason) {
        if (reason.equals(CloseReasons.TOO_SLOW)) {
            metrics.overtaken();
        }
        abandon(reason);
    }

    /**
     * The heartbeat closes it, not we: perhaps the write failed because the client's close is being read. Undertow answers that
     * close only while the session is open, and closes the session without a frame once it has come: between the two the client
     * would wait for an answer, and keep its socket.
     */
    @Override
    public void broke(Throwable failure) {
        LOG.log(Level.DEBUG, "a batch could not be written", failure);
        peer.liveness().broke();
        moveTo(State.CLOSING);
    }

    @Override
    public void finished(CloseReason reason) {
        abandon(reason);
    }

    /** Ends it for the hub; false if it was ended. */
    private boolean forget() {
        boolean first = moveTo(State.CLOSED);
        peer.outbox().close();
        if (first) {
            hub.forget(peer, writer);
            Incidents.guard(
                    peer.admission()::closed,
                    failure -> Incidents.log("a peer is gone, and its place may still be counted", failure));
        }
        return first;
    }

    /** Moves on to a later state; false if it was there. */
    private boolean moveTo(State next) {
        if (state.getAndAccumulate(next, LATER).compareTo(next) >= 0) {
            return false;
        }
        peer.intake().stop();
        peer.memberships().end();
        return true;
    }
}
