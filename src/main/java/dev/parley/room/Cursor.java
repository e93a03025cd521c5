package dev.parley.room;

import dev.parley.broker.Sender;
import dev.parley.ops.Rooms.Overflow;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.Position;
import dev.parley.protocol.RoomNotice;
import dev.parley.wire.Batch;
import jakarta.websocket.CloseReason;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * A member's position in a room's ring, within the view of its branch. It is moved by the member's outbox alone, on one thread at a time; any may look. It
 * sees each message that its reader will not get, and tells the reader, or ends if the reader's format has no words for that.
 */
public final class Cursor {

    private static final AtomicLongFieldUpdater<Cursor> POSITION =
            AtomicLongFieldUpdater.newUpdater(Cursor.class, "position");

    private final View view;
    private final Encoder encoder;
    private final Sender reader;
    private final Overflow overflow;
    private final Greeter greeter;
    private final long present;
    private volatile long position; // written without a fence: who looks may see where it was a moment ago
    private volatile @Nullable CloseReason end;
    private String epoch;
    private long told;
    private long passedOver;
    private int gapsTold;

    /** Says to a reader where it starts anew. */
    @FunctionalInterface
    public interface Greeter {

        /**
         * The greeting of one whose next message is the first after an offset in an epoch that it does not know.
         *
         * @param epoch the epoch
         * @param offset the offset
         * @return the greeting
         */
        RoomNotice greet(String epoch, long offset);
    }

    /**
     * A cursor at a position.
     *
     * @param reader who reads
     * @param overflow what becomes of a reader that was overtaken
     * @param epoch the history that the reader knows
     * @param position the next event to read
     * @param present from here on it reads who comes and goes too
     * @param told the offset up to which the reader knows what it got and what it missed
     */
    Cursor(
            View view,
            Encoder encoder,
            Sender reader,
            Overflow overflow,
            Greeter greeter,
            String epoch,
            long position,
            long present,
            long told) {
        this.view = view;
        this.encoder = encoder;
        this.reader = reader;
        this.overflow = encoder.tellsGaps() ? overflow : Overflow.DISCONNECT;
        this.greeter = greeter;
        this.position = position;
        this.present = present;
        this.epoch = epoch;
        this.told = told;
    }

    /**
     * The next events, or what was missed before them. Moves past them.
     *
     * @return null if there are none or it has {@link #ended}
     */
    @Nullable
    public Batch next() {
        while (end == null && position < view.horizon()) {
            if (overflow == Overflow.LATEST) {
                passOverTo(view.newest(position, told));
            }
            View.Range range = view.read(position, present, encoder, reader);
            if (range == null) {
                if (overflow == Overflow.DISCONNECT) {
                    end = CloseReasons.TOO_SLOW;
                    return null;
                }
                passOverTo(view.head());
            } else if (range.before() != told || !range.epoch().equals(epoch)) {
                if (!encoder.tellsGaps()) {
                    end = CloseReasons.MESSAGES_LOST; // not for its slowness: that is the case above
                    return null;
                }
                RoomNotice notice = missed(range);
                return encoder.batch(List.of(encoder.frame(notice, new Position(epoch, told))));
            } else {
                POSITION.lazySet(this, range.to());
                told = range.after();
                if (range.batch() != null) {
                    return range.batch();
                }
            }
        }
        return null;
    }

    private void passOverTo(long next) {
        if (next > position) {
            passedOver += next - position;
            POSITION.lazySet(this, next);
        }
    }

    /** {@return how many events it has passed over, because it lagged, since this was last asked; for its outbox} */
    public long takePassedOver() {
        long events = passedOver;
        passedOver = 0;
        return events;
    }

    /** {@return how often it has told its reader that messages are missing since this was last asked; for its outbox} */
    public int takeGapsTold() {
        int times = gapsTold;
        gapsTold = 0;
        return times;
    }

    /** What the reader has to know before it reads on. */
    private RoomNotice missed(View.Range next) {
        long from = told + 1;
        told = next.before();
        gapsTold++;
        if (next.epoch().equals(epoch)) {
            return new RoomNotice.Gap(from, told);
        }
        epoch = next.epoch();
        return greeter.greet(epoch, told);
    }

    /** {@return the position of the next event that it will read} */
    public long position() {
        return position;
    }

    /** {@return why it cannot go on, null if it can} */
    @Nullable
    public CloseReason ended() {
        CloseReason reason = end;
        return reason == null && overflow == Overflow.DISCONNECT && position < view.head()
                ? CloseReasons.TOO_SLOW
                : reason;
    }
}
