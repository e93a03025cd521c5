package dev.parley.room;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Rooms;
import dev.parley.ops.Settings;
import dev.parley.wire.Frame;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
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
public final class Ring {

    private static final int FIRST_CAPACITY = 16;

    private static final int SLOT = 4; // bytes of the heap, with compressed pointers

    private final int maxEvents;
    private final long maxBytes;
    private final Rooms.History history;
    private final Budget.Account account;
    private final AtomicLong memory = new AtomicLong(); // of the entries with all that they are encoded to
    private final long age; // nanoseconds
    private final Clock clock;
    private volatile Slots slots = new Slots(FIRST_CAPACITY);
    private volatile long tail;
    private volatile long head;
    private volatile long newestMessage = -1; // its position
    private final SharedBatches shared = new SharedBatches();

    // The appender's, of the events from head to tail.
    private long bytes;
    private long batches; // memory of the shared batches when they were last looked at
    private int messages;
    private long messageBytes;
    private long settled; // every reader has read what is before this position
    private long start; // the history of this epoch starts here
    private boolean whole = true; // it has let nothing go that the broker keeps
    private String epoch = "";
    private long offset; // of the newest message there was, kept or not

    /**
     * An empty ring.
     *
     * @param bounds how much it keeps for those who lag; the newest event always stays
     * @param history how many messages it keeps that everybody has read; with more than {@code bounds}, these are raised
     * @param clock tells how old a message is
     * @param account what it holds is taken from there
     */
    Ring(Settings.Room bounds, Rooms.History history, Clock clock, Budget.Account account) {
        this.maxEvents = Math.max(bounds.messages(), history.messages());
        this.maxBytes = Math.max(bounds.bytes(), history.bytes());
        this.history = history;
        this.age = Clock.nanos(history.age());
        this.clock = clock;
        this.account = account;
    }

    /** {@return the position that the next event will get} */
    public long tail() {
        return tail;
    }

    /** The position of the newest message there was, -1 before the first; the tail that is read after it covers it. */
    long newestMessage() {
        return newestMessage;
    }

    /** {@return the position of the oldest event that is kept} */
    public long head() {
        return head;
    }

    /** {@return how many events not every reader has read; for the appender} */
    public long lag() {
        return tail - Math.max(settled, head);
    }

    /** {@return the name of the history that the offsets count in, empty before the first; for the appender} */
    public String epoch() {
        return epoch;
    }

    /** {@return the offset of the newest message there was; for the appender} */
    public long offset() {
        return offset;
    }

    /** Starts with what the broker has kept; before anything else. */
    void prime(History kept) {
        epoch = kept.epoch();
        offset = kept.after();
        Instant now = clock.instant();
        for (Publication publication : kept.publications()) {
            skip(publication.previous());
            Duration passed = Duration.between(publication.at(), now);
            append(
                    new RoomEvent.Message(publication),
                    clock.nanoTime() - (passed.isNegative() ? 0 : Clock.nanos(passed)));
        }
        offset = kept.upTo();
        settled = tail;
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
        append(event, clock.nanoTime());
    }

    /** @param taken when the broker took it, a time of the clock's {@code nanoTime} */
    private void append(RoomEvent event, long taken) {
        long position = tail;
        long before = offset;
        if (event instanceof RoomEvent.Message message) {
            offset = message.publication().offset();
        }
        RingEntry entry = new RingEntry(position, event, epoch, before, offset, taken);
        bytes += entry.size();
        memory.addAndGet(entry.memory());
        if (entry.isMessage()) {
            messages++;
            messageBytes += entry.size();
        }
        while (head < position && (position + 1 - head > maxEvents || bytes > maxBytes)) {
            cutOldest();
        }
        if (position - head == slots.capacity()) {
            resize(2 * slots.capacity());
        }
        slots.set(position, entry);
        tail = position + 1;
        if (entry.isMessage()) {
            newestMessage = position;
        }
        trim(any -> false);
        account.hold(held());
    }

    /**
     * Every reader has read what is before a position: only the history of it stays. A reader that has come since may be further
     * back than the last time. For the appender, under its lock.
     *
     * @param position the position
     */
    public void settle(long position) {
        settled = Math.min(position, tail);
        if (settled == tail) {
            shared.clear();
            batches = 0;
        }
        trim(any -> false);
        account.hold(held());
    }

    /** Lets history go that is older than its age. For the appender, under its lock. */
    void expire() {
        long now = clock.nanoTime();
        trim(entry -> now - entry.taken() > age);
        if (slots.capacity() > FIRST_CAPACITY && tail - head < slots.capacity() / 4) {
            resize(slots.capacity() / 2);
        }
        batches = shared.memory();
        account.settle(held());
    }

    /** The memory of its events, with all that they are encoded to. */
    long memory() {
        return memory.get();
    }

    private long held() {
        long held = memory() + batches;
        return held == 0 ? 0 : held + (long) SLOT * slots.capacity();
    }

    /**
     * The oldest message that every member has read. Under the lock.
     *
     * @return its offset; {@link Long#MAX_VALUE} if none is kept
     */
    public long oldest() {
        for (long i = head; i < settled; i++) {
            if (slots.get(i).isMessage()) {
                return slots.get(i).after();
            }
        }
        return Long.MAX_VALUE;
    }

    /**
     * Lets the oldest messages go that every member has read; as {@link Budget.Kept#letGo}. Under the lock.
     *
     * @param upTo the offset of the last message that may go
     * @param enough how many bytes are enough
     * @return how many events went
     */
    public int letGo(long upTo, long enough) {
        long target = memory.get() - enough;
        long first = head;
        while (head < settled && slots.get(head).after() <= upTo && memory.get() > target) {
            cutOldest();
        }
        account.settle(held());
        return (int) (head - first);
    }

    /**
     * The memory of what not every member has read. Under the lock.
     *
     * @param upTo the position up to which it counts
     * @return bytes
     */
    public long unread(long upTo) {
        long unread = 0;
        for (long i = Math.max(head, settled); i < upTo; i++) {
            unread += slots.get(i).memory();
        }
        return unread;
    }

    /**
     * Overtakes the members that are furthest behind: the older half of what is unread goes. Under the lock.
     *
     * @param upTo the position up to which it counts
     */
    public void overtake(long upTo) {
        long unread = unread(upTo);
        long left = unread;
        while (head < upTo && (head < settled || left > unread / 2)) {
            left -= head < settled ? 0 : slots.get(head).memory();
            cutOldest();
        }
        account.settle(held());
    }

    /** Gives back what it took: its room is gone. */
    public void close() {
        account.close();
    }

    private void trim(Predicate<RingEntry> old) {
        while (head < settled && !isHistory(slots.get(head), old)) {
            dropOldest();
        }
    }

    private boolean isHistory(RingEntry entry, Predicate<RingEntry> old) {
        return entry.isMessage()
                && entry.position() >= start
                && messages <= history.messages()
                && messageBytes <= history.bytes()
                && !old.test(entry);
    }

    /** Drops one that is still history. */
    private void cutOldest() {
        whole = whole && !slots.get(head).isMessage();
        dropOldest();
    }

    /** The head moves first: a reader that finds its slot empty knows at once where to go on. */
    private void dropOldest() {
        long oldest = head;
        RingEntry gone = slots.get(oldest);
        head = oldest + 1;
        slots.set(oldest, null);
        bytes -= gone.size();
        memory.addAndGet(-gone.letGo());
        if (gone.isMessage()) {
            messages--;
            messageBytes -= gone.size();
        }
    }

    private void resize(int capacity) {
        slots = slots.resized(capacity, head, tail);
    }

    /** The position of the first message after an offset, the tail if there is none. For the appender, under its lock. */
    long positionAfter(long since) {
        long low = Math.max(head, start);
        long high = tail;
        while (low < high) { // the offsets never fall from one entry to the next
            long middle = (low + high) >>> 1;
            if (slots.get(middle).after() > since) {
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
            if (slots.get(i).isMessage()) {
                first = i;
                left--;
            }
        }
        return first;
    }

    /** The offset of the newest message before a position. For the appender, under its lock. */
    long offsetBefore(long position) {
        return position < tail ? slots.get(position).before() : offset;
    }

    /** Whether it has all messages that the broker keeps. For the appender, under its lock. */
    boolean isWhole() {
        return whole;
    }

    /** The events, by their positions. */
    Slots slots() {
        return slots;
    }

    /** An event as readers of a format get it, null if they are not told of it. */
    @Nullable
    Frame frame(RingEntry entry, Encoder encoder) {
        return entry.frame(encoder, memory);
    }

    /** The batches that were read last, by the readers of any branch. */
    SharedBatches shared() {
        return shared;
    }
}
