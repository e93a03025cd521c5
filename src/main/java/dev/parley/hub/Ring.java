package dev.parley.hub;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.ops.Rooms;
import dev.parley.ops.Settings;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A room's newest events, kept once for all who read them: the queue of the fan-out, the bound on what a slow reader may lag,
 * the history, and what a reader resumes from. One thread at a time appends (the caller's lock sees to it); any number read,
 * without a lock.
 *
 * <p>Positions count from 0 without a gap. A slot is written before the tail that covers it is published, and an entry knows
 * its position, so a reader that finds another position, or nothing, in the slot of its own knows that it was overtaken. Each
 * entry also knows the offset of the newest message before it, so a reader sees whether it has missed one, whatever the cause.
 */
final class Ring {

    private static final int FIRST_CAPACITY = 16;

    private final int maxEvents;
    private final long maxBytes;
    private final Rooms.History history;
    private volatile AtomicReferenceArray<Entry> slots = new AtomicReferenceArray<>(FIRST_CAPACITY);
    private volatile long tail;
    private volatile long horizon;
    private volatile long head;
    private volatile long newestRevealed = -1; // the position of the newest message before the horizon
    private final @Nullable Range[] shared = new Range[2 * Form.COUNT]; // a race builds a batch twice and loses nothing

    // The appender's, of the events from head to tail.
    private long bytes;
    private int messages;
    private long messageBytes;
    private long settled; // every reader has read what is before this position
    private long start; // the history of this epoch starts here
    private long newestMessage = -1; // its position
    private String epoch = "";
    private long offset; // of the newest message there was, kept or not

    /**
     * An empty ring.
     *
     * @param bounds how much it keeps for those who lag; the newest event always stays
     * @param history how many messages it keeps that everybody has read; with more than {@code bounds}, these are raised
     */
    Ring(Settings.Room bounds, Rooms.History history) {
        this.maxEvents = Math.max(bounds.messages(), history.messages());
        this.maxBytes = Math.max(bounds.bytes(), history.bytes());
        this.history = history;
    }

    /** The position that the next event will get. */
    long tail() {
        return tail;
    }

    /**
     * The position up to which events may be read. It stands still while a walk over the readers lasts: else the first ones,
     * who answer what they read with more, would run ahead until those whom the walk has not reached are overtaken.
     */
    long horizon() {
        return horizon;
    }

    /** Lets all that has been appended be read. For the appender, under its lock. */
    void reveal() {
        horizon = tail;
        newestRevealed = newestMessage; // after the horizon: who sees it sees a horizon that covers it
    }

    /** The position of the oldest event that is kept. */
    long head() {
        return head;
    }

    /** How many events not every reader has read; for the appender. */
    long lag() {
        return tail - Math.max(settled, head);
    }

    /** Names the history that the offsets count in; for the appender. */
    String epoch() {
        return epoch;
    }

    /** The offset of the newest message there was; for the appender. */
    long offset() {
        return offset;
    }

    /** Starts with what the broker has kept; before anything else. */
    void prime(History kept) {
        epoch = kept.epoch();
        offset = kept.after();
        for (Publication publication : kept.publications()) {
            append(new RoomEvent.Message(publication));
        }
        offset = kept.upTo();
        settled = tail;
        reveal();
    }

    /** Goes on in another epoch: nothing of this one is history any more. */
    void renew(String nextEpoch, long newestOffset) {
        epoch = nextEpoch;
        offset = newestOffset;
        start = tail;
        append(new RoomEvent.Renewed());
    }

    /** Takes messages up to an offset for lost: every reader will see that it missed them. */
    void skip(long upTo) {
        offset = Math.max(offset, upTo);
    }

    /** Appends an event and lets the oldest go that are over the bounds. */
    void append(RoomEvent event) {
        long position = tail;
        long before = offset;
        if (event instanceof RoomEvent.Message message) {
            offset = message.publication().offset();
            newestMessage = position;
        }
        Entry entry = new Entry(position, event, epoch, before, offset);
        bytes += entry.size;
        if (entry.isMessage()) {
            messages++;
            messageBytes += entry.size;
        }
        while (head < position && (position + 1 - head > maxEvents || bytes > maxBytes)) {
            dropOldest();
        }
        if (position - head == slots.length()) {
            grow(head, position);
        }
        slots.set(index(slots, position), entry);
        tail = position + 1;
        trim(Instant.MIN);
    }

    /** Every reader has read what is before a position: only the history of it stays. For the appender, under its lock. */
    void settle(long position) {
        settled = Math.max(settled, position);
        trim(Instant.MIN);
    }

    /** Lets history go that is older than its age. For the appender, under its lock. */
    void expire(Instant now) {
        trim(now.minus(history.age()));
    }

    private void trim(Instant oldest) {
        while (head < settled && !isHistory(slots.get(index(slots, head)), oldest)) {
            dropOldest();
        }
    }

    private boolean isHistory(Entry entry, Instant oldest) {
        return entry.event instanceof RoomEvent.Message message
                && entry.position >= start
                && messages <= history.messages()
                && messageBytes <= history.bytes()
                && !message.publication().at().isBefore(oldest);
    }

    private void dropOldest() {
        long oldest = head;
        Entry gone = slots.getAndSet(index(slots, oldest), null);
        bytes -= gone.size;
        if (gone.isMessage()) {
            messages--;
            messageBytes -= gone.size;
        }
        head = oldest + 1;
    }

    private void grow(long from, long to) {
        AtomicReferenceArray<Entry> old = slots;
        AtomicReferenceArray<Entry> grown = new AtomicReferenceArray<>(old.length() * 2);
        for (long i = from; i < to; i++) {
            grown.set(index(grown, i), old.get(index(old, i)));
        }
        slots = grown;
    }

    /** The position of the first message after an offset, the tail if there is none. For the appender, under its lock. */
    long positionAfter(long since) {
        long low = Math.max(head, start);
        long high = tail;
        while (low < high) { // the offsets never fall from one entry to the next
            long middle = (low + high) >>> 1;
            if (at(middle).after > since) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** The position of the oldest of the newest messages, the tail if there is none. For the appender, under its lock. */
    long positionOfNewest(int count) {
        long first = tail;
        int left = count;
        for (long i = tail - 1; i >= Math.max(head, start) && left > 0; i--) {
            if (at(i).isMessage()) {
                first = i;
                left--;
            }
        }
        return first;
    }

    /** The offset of the newest message before a position. For the appender, under its lock. */
    long offsetBefore(long position) {
        return position < tail ? at(position).before : offset;
    }

    private Entry at(long position) {
        return slots.get(index(slots, position));
    }

    /** The position of the newest message, if it is not the first that a reader is due; that reader's own position else. */
    long newest(long position, long told) {
        long newest = newestRevealed;
        if (newest <= position) {
            return position;
        }
        AtomicReferenceArray<Entry> array = slots;
        Entry entry = array.get(index(array, newest));
        return entry != null && entry.position == newest && entry.before > told ? newest : position;
    }

    /**
     * The next events from a position, as one batch in a form; readers at the same position share it. It ends where messages
     * are missing and where another epoch begins.
     *
     * @param from the position, before the horizon
     * @param present from here on the reader is told who comes and goes; before, it gets messages alone
     * @param form the reader's form
     * @param reader the reader, whose own messages may look different to it
     * @return the events, or null if the reader was overtaken
     */
    @Nullable
    Range read(long from, long present, Form form, Sender reader) {
        boolean past = from < present;
        long to = past ? Math.min(horizon, present) : horizon;
        int slot = 2 * form.slot() + (past ? 1 : 0);
        Range newest = shared[slot];
        if (newest != null && newest.covers(from, to) && !newest.isOwn(form, reader)) {
            return newest;
        }
        AtomicReferenceArray<Entry> array = slots; // after horizon: at least as new as the entries that it covers
        Entry first = array.get(index(array, from));
        if (first == null || first.position != from) {
            return null;
        }
        List<Frame> frames = new ArrayList<>();
        List<Sender> owners = new ArrayList<>(0);
        int size = 0;
        long position = from;
        Entry last = first;
        boolean own = false;
        while (position < to && frames.size() < Batch.MAX_FRAMES && size < Batch.MAX_BYTES) {
            Entry entry = array.get(index(array, position));
            if (entry == null || entry.position != position) {
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
            Sender owner = form.owner(entry.event);
            boolean mine = owner != null && form.isOwn(owner, reader);
            if (owner != null && !owners.contains(owner)) {
                owners.add(owner);
            }
            own |= mine;
            Frame frame = mine ? form.ownFrame(entry.event, entry.epoch) : entry.frame(form);
            if (frame != null) {
                frames.add(frame);
                size += frame.size();
            }
        }
        Batch batch = frames.isEmpty() ? null : form.batch(frames);
        Range range = new Range(from, position, position < to, first, last, owners, batch);
        if (!own) {
            shared[slot] = range;
        }
        return range;
    }

    private static int index(AtomicReferenceArray<Entry> slots, long position) {
        return (int) position & (slots.length() - 1);
    }

    /** A run of events as a batch. Immutable. */
    static final class Range {
        private final long from;
        private final long to;
        private final boolean full;
        private final Entry first;
        private final Entry last;
        private final List<Sender> owners;
        private final @Nullable Batch batch;

        private Range(
                long from, long to, boolean full, Entry first, Entry last, List<Sender> owners, @Nullable Batch batch) {
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

        /** The events' frames, null if readers of the form are not told of them. */
        @Nullable
        Batch batch() {
            return batch;
        }

        /** Names the history that its offsets count in. */
        String epoch() {
            return first.epoch;
        }

        /** The offset of the newest message before it. */
        long before() {
            return first.before;
        }

        /** The offset of the newest message before its end. */
        long after() {
            return last.after;
        }

        /** Whether it starts here and holds all there is up to a horizon, or all that a batch can. */
        private boolean covers(long position, long horizon) {
            return from == position && (to == horizon || full);
        }

        private boolean isOwn(Form form, Sender reader) {
            for (Sender owner : owners) {
                if (form.isOwn(owner, reader)) {
                    return true;
                }
            }
            return false;
        }
    }

    private static final class Entry {
        final long position;
        final RoomEvent event;
        final String epoch;
        final long before;
        final long after;
        final int size;
        private final @Nullable Frame[] frames = new Frame[Form.COUNT]; // a race encodes twice and loses nothing

        Entry(long position, RoomEvent event, String epoch, long before, long after) {
            this.position = position;
            this.event = event;
            this.epoch = epoch;
            this.before = before;
            this.after = after;
            this.size = event.size();
        }

        boolean isMessage() {
            return event instanceof RoomEvent.Message;
        }

        boolean follows(Entry other) {
            return before == other.after && epoch.equals(other.epoch);
        }

        @Nullable
        Frame frame(Form form) {
            Frame frame = frames[form.slot()];
            if (frame == null) {
                frame = form.frame(event, epoch);
                frames[form.slot()] = frame;
            }
            return frame;
        }
    }
}
