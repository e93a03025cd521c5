package dev.parley.delivery;

import dev.parley.ops.Budget;
import dev.parley.protocol.CloseReasons;
import jakarta.websocket.CloseReason;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Joins the parts of one peer's messages, and counts the memory of a message that has begun. The containers' own limits do not
 * hold: Undertow delivers fragmented text beyond them (UNDERTOW-2770). Confined to the thread that reads the connection, but for
 * {@link #isOverdue} and {@link #release}.
 */
final class Inbound {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final int maxParts;
    private final StringBuilder text = new StringBuilder(0);
    private ByteBuffer binary = NOTHING;
    private int bytes;
    private int parts;
    private final LongSupplier nanoTime;
    private final Budget budget;
    private final Budget.Account account; // guards the next two
    private volatile boolean unfinished; // a message has begun and not ended
    private long begun; // of nanoTime, when it did
    private boolean fits = true;
    private long held; // by the reader of frames

    Inbound(int maxParts, LongSupplier nanoTime, Budget budget) {
        this.maxParts = maxParts;
        this.nanoTime = nanoTime;
        this.budget = budget;
        this.account = budget.account(Budget.Holder.MESSAGES);
    }

    /** Counts a part of a message that may be so long; why it closes the peer, or null if it is to be taken. */
    @Nullable
    CloseReason refuse(int size, int limit) {
        parts++;
        bytes += size;
        if (bytes > limit || bytes < 0) {
            return CloseReasons.TOO_LONG;
        }
        return parts > maxParts ? CloseReasons.TOO_MANY_FRAGMENTS : null;
    }

    /** The length of a part in UTF-8, or anything beyond what is left of the limit once it is longer. */
    int utf8Length(String part, int limit) {
        int chars = part.length();
        if (chars > limit - bytes) {
            return chars; // UTF-8 is never shorter than UTF-16
        }
        int length = chars;
        for (int i = 0; i < chars; i++) {
            char c = part.charAt(i);
            if (c >= 0x80) {
                length += c < 0x800 || Character.isSurrogate(c) ? 1 : 2; // a pair is 4 bytes, 2 for each half
            }
        }
        return length;
    }

    /** Whether no part of the message that comes was counted yet. */
    boolean isEmpty() {
        return parts == 0;
    }

    /** The bytes counted of the message. */
    int bytes() {
        return bytes;
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

    /** Whether there is memory for the message that the part just taken belongs to. */
    boolean fits() {
        return fits;
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
}
