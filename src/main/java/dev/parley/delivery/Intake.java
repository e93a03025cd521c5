package dev.parley.delivery;

import dev.parley.api.Conversation;
import dev.parley.ops.Incidents;
import dev.parley.ops.Metrics;
import dev.parley.ops.RateLimit;
import dev.parley.ops.Settings;
import dev.parley.protocol.CloseReasons;
import dev.parley.wire.Frame;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.Receiver;
import jakarta.websocket.CloseReason;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes what one client sends, within its limits and rates: whole messages where Parley reads the frames, parts where the
 * container does. A whole message goes to the conversation. Confined to the thread that reads the connection, but for
 * {@link #isOverdue} and {@link #stop}.
 */
final class Intake implements Receiver {

    private final LocalPeer peer;
    private final Outbox outbox;
    private final Liveness liveness;
    private final Settings.Limits limits;
    private final int textLimit;
    private final Metrics metrics;
    private final RateLimit rate;
    private final RateLimit excess; // texts beyond the rate, which are answered, and pings
    private volatile @Nullable Inbound inbound; // null when it takes no more: a session keeps us for a while
    private Conversation conversation = (peer, message) -> {}; // the container's: it opens before it brings messages
    private boolean tooFast; // a part of the text that comes was beyond the rate

    Intake(
            LocalPeer peer,
            Outbox outbox,
            Liveness liveness,
            Inbound inbound,
            Settings settings,
            Metrics metrics,
            LongSupplier nanoTime) {
        this.peer = peer;
        this.outbox = outbox;
        this.liveness = liveness;
        this.inbound = inbound;
        this.limits = settings.limits();
        this.textLimit = limits.text();
        this.metrics = metrics;
        this.rate = new RateLimit(settings.rates().connection(), nanoTime);
        this.excess = new RateLimit(settings.rates().connection(), nanoTime);
    }

    /** From now on messages go there. */
    void conversation(Conversation opened) {
        conversation = opened;
    }

    /** Takes no more, and lets go of a message that has begun. */
    void stop() {
        Inbound taking = inbound;
        inbound = null;
        if (taking != null) {
            taking.release();
        }
    }

    /** Whether a message that began before a time of {@link System#nanoTime} has not ended. */
    boolean isOverdue(long since) {
        Inbound taking = inbound;
        return taking != null && taking.isOverdue(since);
    }

    /** From the container: a part of a text message. */
    void text(String part, boolean last) {
        Inbound taking = taking();
        if (taking == null) {
            return;
        }
        boolean first = taking.isEmpty();
        int limit = maxText();
        int size = taking.utf8Length(part, limit);
        if (isWithin(taking, size, limit) && admitsText(first, size)) {
            int bytes = taking.bytes();
            String message = taking.text(part, last);
            if (message == null) {
                require(taking.fits(), CloseReasons.NO_MEMORY);
            } else {
                converse(message, bytes);
            }
        }
    }

    /** From the container: a part of a binary message. */
    void binary(ByteBuffer part, boolean last) {
        Inbound taking = taking();
        if (taking == null) {
            return;
        }
        boolean first = taking.isEmpty();
        int size = part.remaining();
        if (isWithin(taking, size, maxBinary()) && require(admits(first, size), CloseReasons.TOO_FAST)) {
            ByteBuffer message = taking.binary(part, last);
            if (message == null) {
                require(taking.fits(), CloseReasons.NO_MEMORY);
            } else {
                converse(message);
            }
        }
    }

    @Override
    public void text(String message, int bytes) {
        if (taking() != null && admitsText(true, bytes)) {
            converse(message, bytes);
        }
    }

    @Override
    public void binary(ByteBuffer message) {
        if (taking() != null && require(admits(true, message.remaining()), CloseReasons.TOO_FAST)) {
            converse(message);
        }
    }

    /** Pings take nothing of the rate for messages, as where the container answers them, but there may be no more of them. */
    @Override
    public void ping(Frame pong) {
        int size = pong.payload().remaining();
        if (taking() != null && require(excess.admits(true, size), CloseReasons.TOO_FAST)) {
            peer.send(pong);
        }
    }

    /** A pong may arrive between the parts of a message (RFC 6455 §5.4). */
    @Override
    public void pong(int size) {
        if (taking() != null) {
            require(admits(true, size), CloseReasons.TOO_FAST);
        }
    }

    /** Where parts are to be joined, or null if the peer takes nothing. */
    private @Nullable Inbound taking() {
        liveness.heard();
        Inbound taking = inbound;
        return taking == null || peer.expires() ? null : taking;
    }

    private boolean isWithin(Inbound taking, int size, int limit) {
        CloseReason refusal = taking.refuse(size, limit);
        if (refusal != null) {
            peer.close(refusal);
        }
        return refusal == null;
    }

    /** Within the rate, or the text is too fast and within the excess. */
    private boolean admitsText(boolean first, int size) {
        tooFast = (tooFast && !first) || !admits(first, size);
        return require(!tooFast || excess.admits(first, size), CloseReasons.TOO_FAST);
    }

    /** Within the rate of the connection, and within the rate that all connections of its client share. */
    private boolean admits(boolean first, int size) {
        return rate.admits(first, size) && peer.admission().admits(first, size);
    }

    private boolean require(boolean condition, CloseReason otherwise) {
        if (!condition) {
            peer.close(otherwise);
        }
        return condition;
    }

    private void converse(String message, int bytes) {
        metrics.messageIn(bytes);
        try {
            if (tooFast) {
                conversation.tooFast(peer, message);
            } else {
                conversation.text(peer, message);
            }
        } catch (Throwable e) {
            Incidents.report(e, peer.lifecycle()::incident);
        }
    }

    private void converse(ByteBuffer message) {
        metrics.messageIn(message.remaining());
        try {
            conversation.binary(peer, message);
        } catch (Throwable e) {
            Incidents.report(e, peer.lifecycle()::incident);
        }
    }

    @Override
    public int maxText() {
        return conversation.maxText(textLimit);
    }

    @Override
    public int maxBinary() {
        return limits.binary();
    }

    @Override
    public int maxFragments() {
        return limits.fragments();
    }

    @Override
    public void refused(CloseReason reason) {
        peer.close(reason);
    }

    @Override
    public boolean holds(int bytes) {
        Inbound taking = inbound;
        return taking == null || taking.holds(bytes); // the close of one that leaves is read all the same
    }

    @Override
    public void wrote(int frames, int bytes) {
        outbox.wrote(frames, bytes);
    }

    @Override
    public FrameWriter.Completion waits(int frames, int bytes) {
        return outbox.waits(frames, bytes);
    }

    @Override
    public void failed(Throwable failure) {
        peer.fail(failure);
    }
}
