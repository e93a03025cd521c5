package dev.parley.ops;

import java.lang.System.Logger.Level;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The bytes of the heap that this node holds for its clients, and their limit. Every holder takes what it holds through an
 * {@link Account} and gives it back there. It takes first, and then asks whether that {@linkplain #fits fits}. When almost
 * everything is used, asking makes room: the oldest history goes first, then what the slowest readers have not read. Safe for
 * any thread.
 *
 * <p>Holders that cannot make room, such as unfinished messages, may use a quarter of the budget each. So what can make room
 * always has at least a quarter, and a flood of one kind does not lock out the others.
 */
public final class Budget {

    /** What bytes are held for. */
    public enum Holder {
        /** Messages and ids that the memory broker keeps. */
        HISTORY("history", "publication", 1, 256),
        /** Events of open rooms: unread ones, and the history that members resume from. */
        ROOMS("rooms", "publication", 1, 1024),
        /** Replies that wait for a peer. */
        OUTBOXES("outboxes", "reply", 1, 1024),
        /** Messages that have begun and have not ended. */
        MESSAGES("messages", "message", 4, 4096),
        /** Bodies of requests. */
        BODIES("bodies", "body", 4, 4096),
        /** Bodies of responses. */
        RESPONSES("responses", "response", 4, 4096);

        private final String word;
        private final String one;
        private final int part;
        private final int step;

        Holder(String word, String one, int part, int step) {
            this.word = word;
            this.one = one;
            this.part = part;
            this.step = step;
        }
    }

    /** Something that keeps history, oldest messages first. Its methods are called by one thread at a time, without locks. */
    public interface Kept {

        /**
         * The oldest message that it could let go.
         *
         * @return its offset; {@link Long#MAX_VALUE} if there is none
         */
        long oldest();

        /**
         * Lets its oldest messages go.
         *
         * @param upTo the offset of the last message that may go
         * @param bytes how many bytes are enough
         * @return how many messages went
         */
        int letGo(long upTo, long bytes);
    }

    /** Something that waits for slow readers. Its methods are called by one thread at a time, without locks. */
    public interface Backlog {

        /**
         * How much it holds.
         *
         * @return bytes that nobody needs once its slowest readers are gone
         */
        long size();

        /** Lets go of what its slowest readers wait for. They are closed with 1013, or told what they missed. */
        void cut();
    }

    /** After a search for room that found too little, the next one waits so long: it looks at every room and peer. */
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

    private final long limit;
    private final long full; // from here on room is made
    private final Metrics metrics;
    private final LongSupplier nanoTime;
    private final RepeatedEvent shortage = new RepeatedEvent(Budget.class, Level.WARNING);
    private final AtomicLong used = new AtomicLong();
    private final Map<Holder, AtomicLong> usedBy = new EnumMap<>(Holder.class); // never changed after the constructor
    private final AtomicBoolean searching = new AtomicBoolean();
    private volatile Supplier<Stream<Kept>> brokerHistory = Stream::empty;
    private volatile Supplier<Stream<Kept>> roomHistory = Stream::empty;
    private volatile Supplier<Stream<Backlog>> backlogs = Stream::empty;
    private volatile long nextSearch; // of nanoTime

    /**
     * A budget of which nothing is used.
     *
     * @param limit bytes
     * @param metrics told what is used and who had to make room
     */
    public Budget(long limit, Metrics metrics) {
        this(limit, metrics, System::nanoTime);
    }

    Budget(long limit, Metrics metrics, LongSupplier nanoTime) {
        this.limit = limit;
        this.full = limit - limit / 16;
        this.metrics = metrics;
        this.nanoTime = nanoTime;
        this.nextSearch = nanoTime.getAsLong();
        for (Holder holder : Holder.values()) {
            AtomicLong bytes = new AtomicLong();
            usedBy.put(holder, bytes);
            metrics.memory(holder.word, bytes::get);
        }
        metrics.memoryLimit(limit);
    }

    /**
     * Where to look for the history of the broker.
     *
     * @param kept what keeps some; asked when memory is short
     */
    public void brokerHistory(Supplier<Stream<Kept>> kept) {
        brokerHistory = kept;
    }

    /**
     * Where to look for the history of open rooms.
     *
     * @param kept what keeps some; asked when memory is short
     */
    public void roomHistory(Supplier<Stream<Kept>> kept) {
        roomHistory = kept;
    }

    /**
     * Where to look for what waits for slow readers.
     *
     * @param waiting rooms and outboxes; asked when memory is short
     */
    public void backlogs(Supplier<Stream<Backlog>> waiting) {
        backlogs = waiting;
    }

    /**
     * Opens an account at zero.
     *
     * @param holder what it is for
     * @return the account
     */
    public Account account(Holder holder) {
        return new Account(holder);
    }

    /**
     * How much is used.
     *
     * @return bytes
     */
    public long used() {
        return used.get();
    }

    /**
     * How much is used for one thing.
     *
     * @param holder the thing
     * @return bytes
     */
    public long used(Holder holder) {
        return usedBy(holder).get();
    }

    /**
     * How much may be used.
     *
     * @return bytes
     */
    public long limit() {
        return limit;
    }

    /**
     * Whether what a holder has taken, and perhaps more, is within the limit, once those have made room who can. Costs one read
     * unless memory is short. Peers may be closed inside, so the caller holds no lock.
     *
     * @param holder who asks
     * @param more bytes that are about to be taken, often 0
     * @return false if the caller has to do without
     */
    public boolean fits(Holder holder, long more) {
        boolean underway = used.get() + more > full && !makeRoom(more);
        long most = underway ? limit + limit / 8 : limit; // another thread is making room for this too
        if (used.get() + more <= most && used(holder) + more <= limit / holder.part) {
            return true;
        }
        yielded(holder.one, 1, "a " + holder.one + " is refused");
        return false;
    }

    /** Makes room if memory is short, for one who took some because it had to. As {@link #fits}. */
    public void relieve() {
        if (used.get() > full) {
            makeRoom(0);
        }
    }

    /**
     * Takes or gives back what has no account of its own.
     *
     * @param holder what it is for
     * @param bytes how much, negative if it is given back
     */
    public void add(Holder holder, long bytes) {
        usedBy(holder).addAndGet(bytes);
        used.addAndGet(bytes);
    }

    /** False if another thread is at it. */
    private boolean makeRoom(long more) {
        if (nanoTime.getAsLong() - nextSearch < 0) {
            return true;
        }
        if (!searching.compareAndSet(false, true)) {
            return false;
        }
        try {
            dropHistory(Math.max(0, limit - limit / 8 - more));
            cutBacklogs(Math.max(0, full - more));
        } catch (Throwable e) {
            Incidents.report(
                    e, failure -> Incidents.log("memory stays short until the next request for some", failure));
        } finally {
            if (used.get() + more > full) {
                nextSearch = nanoTime.getAsLong() + PAUSE;
            }
            searching.set(false);
        }
        return true;
    }

    /** The history of all rooms, oldest first, until no more than this is used. */
    private void dropHistory(long target) {
        PriorityQueue<Oldest> queue = new PriorityQueue<>(Stream.concat(brokerHistory.get(), roomHistory.get())
                .map(Oldest::of)
                .filter(Oldest::isThere)
                .toList());
        long messages = 0;
        for (Oldest first = queue.poll(); first != null && used.get() > target; first = queue.poll()) {
            Oldest second = queue.peek();
            messages += first.kept.letGo(second == null ? Long.MAX_VALUE : second.offset, used.get() - target);
            Oldest next = Oldest.of(first.kept);
            if (next.isThere() && next.offset > first.offset) {
                queue.add(next);
            }
        }
        yielded("history", messages, "the oldest history is dropped");
    }

    private record Oldest(long offset, Kept kept) implements Comparable<Oldest> {
        static Oldest of(Kept kept) {
            return new Oldest(kept.oldest(), kept);
        }

        boolean isThere() {
            return offset < Long.MAX_VALUE;
        }

        @Override
        public int compareTo(Oldest other) {
            return Long.compare(offset, other.offset);
        }
    }

    /** What waits for slow readers, the largest first, until no more than this is used. */
    private void cutBacklogs(long target) {
        if (used.get() <= target) {
            return;
        }
        PriorityQueue<Waiting> queue = new PriorityQueue<>(
                backlogs.get().map(Waiting::of).filter(Waiting::isThere).toList());
        long cuts = 0;
        for (Waiting largest = queue.poll(); largest != null && used.get() > target; largest = queue.poll()) {
            largest.backlog.cut();
            cuts++;
            Waiting rest = Waiting.of(largest.backlog);
            if (rest.isThere() && rest.size < largest.size) {
                queue.add(rest);
            }
        }
        yielded("slow-reader", cuts, "the slowest readers are closed with 1013 or miss messages");
    }

    private record Waiting(long size, Backlog backlog) implements Comparable<Waiting> {
        static Waiting of(Backlog backlog) {
            return new Waiting(backlog.size(), backlog);
        }

        boolean isThere() {
            return size > 0;
        }

        @Override
        public int compareTo(Waiting other) {
            return Long.compare(other.size, size);
        }
    }

    private void yielded(String reason, long times, String consequence) {
        if (times > 0) {
            metrics.memoryYielded(reason, times);
            shortage.log("Memory is short: " + consequence + ". parley.memory allows " + limit + " bytes; in use: "
                    + usedBy.entrySet().stream()
                            .map(entry ->
                                    entry.getKey().word + " " + entry.getValue().get())
                            .collect(Collectors.joining(", ")));
        }
    }

    private AtomicLong usedBy(Holder holder) {
        return Objects.requireNonNull(usedBy.get(holder)); // every one has its own
    }

    /**
     * What one holder has taken. It takes in steps, and keeps a few that it does not need, so that what comes and goes with each
     * message seldom touches what all share. Safe for any thread; the holder sees to it that the newest figure comes last.
     */
    public final class Account {

        /** So many steps more than it needs an account keeps until it {@linkplain #settle settles}. */
        private static final int SLACK = 4;

        private final Holder holder;
        private volatile long taken; // changed under this
        private boolean closed; // guarded by this

        private Account(Holder holder) {
            this.holder = holder;
        }

        /**
         * Says what the holder holds now; does nothing after {@link #close}.
         *
         * @param bytes all of it
         * @return whether it took more, so that the caller asks next whether that {@linkplain Budget#fits fits}
         */
        public boolean hold(long bytes) {
            long excess = taken - bytes;
            return (excess < 0 || excess > (long) SLACK * holder.step) && take(bytes);
        }

        /**
         * The same, keeping nothing beyond the step that is begun.
         *
         * @param bytes all that the holder holds
         */
        public void settle(long bytes) {
            take(bytes);
        }

        /** Gives everything back, for good. */
        public synchronized void close() {
            take(0);
            closed = true;
        }

        private synchronized boolean take(long bytes) {
            long more = (bytes + holder.step - 1) / holder.step * holder.step - taken;
            if (closed || more == 0) {
                return false;
            }
            taken += more;
            add(holder, more);
            return more > 0;
        }
    }
}
