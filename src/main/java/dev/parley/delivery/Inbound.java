package dev.parley.delivery;

import dev.parley.ops.Budget;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.protocol.CloseReasons;
import jakarta.websocket.CloseReason;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Joins the parts of one peer's messages, within the limits. The containers' own limits do not hold: Undertow delivers
 * fragmented text beyond them (UNDERTOW-2770). Not for several threads: containers deliver the parts one after the other.
 */
final class Inbound {

    private final Settings.Limits limits;
    private final RateLimit rate;
    private final RateLimit excess; // what comes beyond the rate and is answered, and pings
    private final Metrics metrics;
    private final int maxParts;
    private volatile Admission admission; // of its client, which may renew it
    private final StringBuilder text = new StringBuilder(0);
    private ByteBuffer binary = NOTHING;
    private int bytes;
    private int parts;
    private boolean tooFast;
    private final LongSupplier nanoTime;
    private final Budget budget;
    private final Budget.Account account; // guards the next two
    private volatile boolean unfinished; // a message has begun and not ended
    private long begun; // of nanoTime, when it did
    private boolean fits = true;
    private long held; // by the reader of frames

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    Inbound(
            Settings settings,
            int maxParts,
            Metrics metrics,
            LongSupplier nanoTime,
            Admission admission,
            Budget budget) {
        this.limits = settings.limits();
        this.rate = new RateLimit(settings.rates().connection(), nanoTime);
        this.excess = new RateLimit(settings.rates().connection(), nanoTime);
        this.metrics = metrics;
        this.maxParts = maxParts;
        this.admission = admission;
        this.nanoTime = nanoTime;
        this.budget = budget;
        this.account = budget.account(Budget.Holder.MESSAGES);
    }

    /** Replaces the admission, from the next part on. */
    void renew(Admission renewed) {
        admission = renewed;
    }

    /** Why the part just offered closes the peer, or null if it does not; then it may yet be {@link #isTooFast}. */
    @Nullable
    CloseReason refuseText(String part, int maxText) {
        return refuse(utf8Length(part, maxText - bytes), maxText);
    }

    /** Why a whole message of so many bytes closes the peer, or null if it does not; then it may yet be {@link #isTooFast}. */
    @Nullable
    CloseReason refuseWhole(int size, int limit) {
        CloseReason refusal = refuse(size, limit);
        if (refusal == null) {
            whole();
        }
        return refusal;
    }

    /** Why the part just offered closes the peer, or null if it does not. */
    @Nullable
    CloseReason refuseBinary(ByteBuffer part) {
        CloseReason refusal = refuse(part.remaining(), limits.binary());
        return refusal == null && tooFast ? CloseReasons.TOO_FAST : refusal;
    }

    /**
     * Why a pong closes the peer, or null if it does not. It may come between the parts of a message (RFC 6455 §5.4), of which
     * it is none.
     */
    @Nullable
    CloseReason refusePong(int size) {
        return admits(true, size) ? null : CloseReasons.TOO_FAST;
    }

    /**
     * Why a ping closes the peer, or null if it does not. Pings take nothing of the rate for messages, as where the container
     * answers them, but there may be no more of them.
     */
    @Nullable
    CloseReason refusePing(int size) {
        return excess.admits(true, size) ? null : CloseReasons.TOO_FAST;
    }

    /** Whether the message whose part was just offered is beyond the rate. */
    boolean isTooFast() {
        return tooFast;
    }

    private @Nullable CloseReason refuse(int size, int limit) {
        parts++;
        bytes += size;
        if (bytes > limit || bytes < 0) {
            return CloseReasons.TOO_LONG;
        }
        boolean first = parts == 1;
        tooFast = (tooFast && !first) || !admits(first, size);
        if (tooFast && !excess.admits(first, size)) {
            return CloseReasons.TOO_FAST;
        }
        return parts > maxParts ? CloseReasons.TOO_MANY_FRAGMENTS : null;
    }

    /** Within the rate of the connection, and within the rate that all connections of its client share. */
    private boolean admits(boolean first, int size) {
        return rate.admits(first, size) && admission.admits(first, size);
    }

    /** Takes a part that is not refused; gives the message if it is whole. */
    @Nullable
    String text(String part, boolean last) {
        if (last && parts == 1) {
            whole();
            return part;
        }
        text.append(part);
        if (!last) {
            fits = hold((long) text.capacity() * (bytes > text.length() ? 2 : 1));
            return null;
        }
        String message = text.toString();
        text.setLength(0);
        text.trimToSize();
        whole();
        return message;
    }

    /** Takes a part that is not refused, copies it, and gives the message if it is whole. */
    @Nullable
    ByteBuffer binary(ByteBuffer part, boolean last) {
        if (binary.remaining() < part.remaining()) {
            int needed = binary.position() + part.remaining();
            binary = ByteBuffer.allocate(last ? needed : Math.max(needed, 2 * binary.capacity()))
                    .put(binary.flip());
        }
        binary.put(part);
        if (!last) {
            fits = hold(binary.capacity());
            return null;
        }
        ByteBuffer message = binary.flip();
        binary = NOTHING;
        whole();
        return message;
    }

    private void whole() {
        metrics.messageIn(bytes);
        bytes = 0;
        parts = 0;
        if (unfinished) {
            ended();
        }
    }

    private void ended() {
        synchronized (account) {
            unfinished = false;
            account.settle(0);
        }
    }

    /** Where Parley reads the frames: what is held of a message that has begun grows, or shrinks; false if it may not grow. */
    boolean holds(int more) {
        held += more;
        if (held == 0) {
            ended();
            return true;
        }
        return hold(held);
    }

    /** A message that has not ended holds so many bytes now; false if there is no memory for it. */
    private boolean hold(long memory) {
        boolean more;
        synchronized (account) {
            begun = unfinished ? begun : nanoTime.getAsLong();
            unfinished = true;
            more = account.hold(memory);
        }
        return !more || budget.fits(Budget.Holder.MESSAGES, 0);
    }

    /** Why the part just taken closes the peer, or null if there is memory for the message that it belongs to. */
    @Nullable
    CloseReason refuseMemory() {
        return fits ? null : CloseReasons.NO_MEMORY;
    }

    /** Whether a message that began before a time of {@link System#nanoTime} has not ended; for any thread. */
    boolean isOverdue(long since) {
        synchronized (account) {
            return unfinished && begun - since < 0;
        }
    }

    /** Gives back what it took: no more parts are offered. For any thread. */
    void release() {
        account.close();
    }

    /** The length of a text in UTF-8, or anything beyond {@code enough} once it is longer. */
    private static int utf8Length(String text, int enough) {
        int chars = text.length();
        if (chars > enough) {
            return chars; // UTF-8 is never shorter than UTF-16
        }
        int length = chars;
        for (int i = 0; i < chars; i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                length += c < 0x800 || Character.isSurrogate(c) ? 1 : 2; // a pair is 4 bytes, 2 for each half
            }
        }
        return length;
    }
}
