package dev.parley.room;

import dev.parley.broker.Sender;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How much of a room's ring the readers of one branch may read, and the batches that they share. One thread at a time reveals;
 * any number read, without a lock.
 */
public final class View {

    private final Ring ring;
    private volatile long horizon;
    private volatile long newest = -1; // the position of the newest message before the horizon
    private final SharedBatches shared = new SharedBatches();

    /**
     * A view of what is in a ring.
     *
     * @param ring the ring
     */
    public View(Ring ring) {
        this.ring = ring;
        reveal();
    }

    /**
     * The position up to which events may be read. It stands still while a walk over the readers lasts: else the first ones,
     * who answer what they read with more, would run ahead until those whom the walk has not reached are overtaken.
     *
     * @return the position after the last
     */
    public long horizon() {
        return horizon;
    }

    /** Lets all that has been appended be read. */
    public void reveal() {
        long message = ring.newestMessage(); // before the tail, which covers it then
        horizon = ring.tail();
        newest = message; // after the horizon: who sees it sees a horizon that covers it
    }

    /** The position of the oldest event that is kept. */
    long head() {
        return ring.head();
    }

    /** Lets go of the batches that were shared. */
    public void forget() {
        shared.clear();
    }

    /** The position of the newest message, if it is not the first that a reader is due; that reader's own position else. */
    long newest(long position, long told) {
        long message = newest;
        if (message <= position) {
            return position;
        }
        RingEntry entry = ring.slots().find(message);
        return entry != null && entry.before() > told ? message : position;
    }

    /**
     * The next events from a position, as one batch in a encoder; readers at the same position share it, those of other branches
     * too if their horizon is the same. It ends where messages are missing and where another epoch begins.
     *
     * @param from the position, before the horizon
     * @param present from here on the reader is told who comes and goes; before, it gets messages alone
     * @param encoder the reader's format
     * @param reader the reader, whose own messages may look different to it
     * @return the events, or null if the reader was overtaken
     */
    @Nullable
    Range read(long from, long present, Encoder encoder, Sender reader) {
        boolean past = from < present;
        long to = past ? Math.min(horizon, present) : horizon;
        Range known = shared.find(encoder, past);
        if (known == null || !known.covers(from, to)) {
            known = ring.shared().find(encoder, past);
        }
        if (known != null && known.covers(from, to) && !known.isOwn(encoder, reader)) {
            shared.share(encoder, past, known);
            return known;
        }
        Slots slots = ring.slots(); // after horizon: at least as new as what it covers
        RingEntry first = slots.find(from);
        if (first == null) {
            return null;
        }
        List<Frame> frames = new ArrayList<>();
        List<Sender> owners = new ArrayList<>(0);
        int size = 0;
        long position = from;
        RingEntry last = first;
        boolean own = false;
        while (position < to && frames.size() < Batch.MAX_FRAMES && size < Batch.MAX_BYTES) {
            RingEntry entry = slots.find(position);
            if (entry == null) {
                return null;
            }
            if (position > from && !entry.follows(last)) {
                break;
            }
            last = entry;
            position++;
            if (past && !entry.isMessage()) {
                continue;
            }
            Sender owner = encoder.owner(entry.event());
            boolean mine = owner != null && encoder.isOwn(owner, reader);
            if (owner != null && !owners.contains(owner)) {
                owners.add(owner);
            }
            own |= mine;
            Frame frame = mine ? encoder.ownFrame(entry.event(), entry.epoch()) : ring.frame(entry, encoder);
            if (frame != null) {
                frames.add(frame);
                size += frame.size();
            }
        }
        Batch batch = frames.isEmpty() ? null : encoder.batch(frames);
        Range range = new Range(from, position, position < to, first, last, owners, batch);
        if (!own) {
            shared.share(encoder, past, range);
            ring.shared().share(encoder, past, range);
        }
        return range;
    }

    /** A run of events as a batch. Immutable. */
    static final class Range {
        private final long from;
        private final long to;
        private final boolean full;
        private final RingEntry first;
        private final RingEntry last;
        private final List<Sender> owners;
        private final @Nullable Batch batch;

        private Range(
                long from,
                long to,
                boolean full,
                RingEntry first,
                RingEntry last,
                List<Sender> owners,
                @Nullable Batch batch) {
            this.from = from;
            this.to = to;
            this.full = full;
            this.first = first;
            this.last = last;
            this.owners = owners;
            this.batch = batch;
        }

        /** The position after the last event. */
        long to() {
            return to;
        }

        /** The events' frames, null if readers of the format are not told of them. */
        @Nullable
        Batch batch() {
            return batch;
        }

        /** Names the history that its offsets count in. */
        String epoch() {
            return first.epoch();
        }

        /** The offset of the newest message before it. */
        long before() {
            return first.before();
        }

        /** The offset of the newest message before its end. */
        long after() {
            return last.after();
        }

        /** Whether it starts here and holds all there is up to a horizon, or all that a batch can. */
        private boolean covers(long position, long horizon) {
            return from == position && (to == horizon || (full && to < horizon));
        }

        private boolean isOwn(Encoder encoder, Sender reader) {
            for (int i = 0; i < owners.size(); i++) { // no iterator: an object for each reader
                if (encoder.isOwn(owners.get(i), reader)) {
                    return true;
                }
            }
            return false;
        }
    }
}
