package dev.parley.delivery;

import dev.parley.ops.BatchTally;
import dev.parley.ops.Budget;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.room.Cursor;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.Loops;
import jakarta.websocket.CloseReason;
import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a peer is still to be sent: its {@link ReplyQueue replies}, and its cursors, which take turns. At most one batch is in
 * flight. What is asked of it may be asked on any thread; what it writes it writes on the peer's event loop, if that has one, and
 * in one round at a time. So a walk over the readers of a room, on that loop, writes to one that is idle without a lock, an atomic
 * or an object for it.
 *
 * <p>Batches are never written from a completion: both containers may complete a send inside the call, and sending from there
 * overflows the stack at a depth of about 500. So a completion clears {@link #inFlight} and asks for a round.
 */
final class Outbox {

    /** How many batches one round writes before other peers have their turn. */
    private static final int MAX_BATCHES = 16;

    private final FrameWriter writer;
    private final Owner owner;
    private final Metrics metrics;
    private final Executor background;
    private final Executor turn = task -> run(task, Loops.END_OF_TURN); // at the end of it
    private final Pump pump;
    private final ReplyQueue replies;
    private volatile Cursor[] cursors = {}; // a new array for each change, made under this
    private volatile @Nullable Batch aside; // a race drops one
    private volatile @Nullable Flight inFlight;
    private volatile boolean held = true;
    private volatile boolean closed;

    // The round's.
    private @Nullable Thread runner; // only whether it is the thread that asks
    private boolean replied; // the last batch was of replies
    private boolean own; // the next batch is of replies
    private int turns; // which cursor is next
    private int batches;

    /** Whose outbox it is. Called without locks, on any thread. */
    interface Owner {

        /** A cursor cannot go on. */
        void ended(CloseReason reason);

        /** A batch could not be written. */
        void broke(Throwable failure);

        /** All is written that was due before {@link Outbox#finish}. */
        void finished(CloseReason reason);

        /** The outbox itself failed: it may never write again. */
        void failed(Throwable failure);
    }

    Outbox(
            FrameWriter writer,
            Owner owner,
            Settings.Outbox bounds,
            Metrics metrics,
            Executor background,
            Budget budget) {
        this.writer = writer;
        this.owner = owner;
        this.metrics = metrics;
        this.replies = new ReplyQueue(bounds, budget);
        this.background = task -> run(task, background);
        this.pump = new Pump(this::round, owner::failed, this.background);
    }

    /** Runs a task on the peer's event loop, or with the given executor if the peer has no loop. */
    private void run(Runnable task, Executor elsewhere) {
        Executor loop = writer.loop();
        if (loop == null) {
            elsewhere.execute(task);
        } else {
            Loops.execute(loop, task);
        }
    }

    /** Lets what is queued leave; until then all waits, so that a greeting comes before what the rooms have. */
    void release() {
        held = false;
        pump.signal(turn);
    }

    /** Whether nothing is queued, held or in flight, so that a reply may go straight to the connection. */
    boolean isIdle() {
        return !replies.isBusy() && inFlight == null && !held && !closed;
    }

    /** Frames have left at once, on the loop. */
    void wrote(int frames, int bytes) {
        metrics.batchOut(frames, bytes);
        if (batches++ % Metrics.TIMED == 0) {
            metrics.sendLatency(0);
        }
    }

    /** Replies that went straight to the connection wait there: they are in flight from now on. On the loop. */
    FrameWriter.Completion waits(int frames, int bytes) {
        Flight flight = new Flight(frames, bytes, null);
        replies.fly(bytes);
        inFlight = flight;
        return flight;
    }

    /** Queues a reply; false if the queue is full, or memory is. Leaves at the end of this turn. */
    boolean offer(Frame frame) {
        boolean taken = replies.offer(frame);
        pump.signal(turn);
        return taken;
    }

    /** Takes no more; {@link Owner#finished} is called when what was queued has been written. */
    void finish(CloseReason reason) {
        replies.finish(reason);
        pump.signal(turn);
    }

    /** Adds a cursor; the replies that are queued now go before anything of it. */
    void add(Cursor cursor) {
        synchronized (this) {
            replies.greet();
            Cursor[] more = Arrays.copyOf(cursors, cursors.length + 1);
            more[cursors.length] = cursor;
            cursors = more;
        }
        pump.signal(turn); // for events appended since the cursor was made
    }

    void remove(Cursor cursor) {
        synchronized (this) {
            cursors = Stream.of(cursors).filter(each -> each != cursor).toArray(Cursor[]::new);
        }
        aside = null;
    }

    /**
     * Sends a batch when nothing else is due. It is dropped if a cursor has more before that, or another batch is set aside: what
     * it says is soon out of date.
     */
    void setAside(Batch batch, @Nullable BatchTally tally) {
        aside = batch;
        wake(tally);
    }

    /**
     * Takes what a cursor is due, now; returns at once if a batch is in flight.
     *
     * @param tally counts what leaves, if this is the loop that writes to the peer; else null
     */
    void wake(@Nullable BatchTally tally) {
        if (inFlight != null) {
            // Nothing is missed: an append comes before this check, and a completion clears the flag before it reads
            // the log again.
            return;
        }
        if (tally == null) {
            pump.signal(Runnable::run);
        } else if (runner == Thread.currentThread()) {
            pump.signal(turn);
        } else {
            round(tally);
        }
    }

    /** Whether the batch in flight has been so since before a time of {@link System#nanoTime}. */
    boolean isOverdue(long since) {
        Flight flight = inFlight;
        return flight != null && flight.start - since < 0;
    }

    /** Gives back memory that is not needed, and takes it for a batch that has been in flight since before a time. */
    void settle(long since) {
        Flight flight = inFlight;
        if (flight == null) {
            replies.settle(false, null, false);
        } else {
            replies.settle(true, flight.shared, flight.start - since < 0 && !closed);
        }
    }

    /** The memory of what has not left: of its own replies, and of a room's batch that does not leave. */
    long unsent() {
        Flight flight = inFlight;
        return replies.unsent(flight != null && flight.shared == null);
    }

    /** Drops everything; nothing is written any more. */
    void close() {
        closed = true;
        synchronized (this) {
            cursors = new Cursor[0];
        }
        replies.close();
        aside = null;
    }

    private void round() {
        round(null);
    }

    private void round(@Nullable BatchTally tally) {
        runner = Thread.currentThread();
        try {
            drain(tally);
        } finally {
            runner = null;
        }
    }

    /** Writes until a batch is in flight, whose completion asks for the next round. */
    private void drain(@Nullable BatchTally tally) {
        for (int i = 0; i < MAX_BATCHES; i++) {
            if (inFlight != null || held || closed) {
                return;
            }
            Batch batch = next();
            if (batch == null) {
                CloseReason reason = replies.isBusy() ? replies.finished() : null;
                if (reason != null) {
                    owner.finished(reason);
                }
                return;
            }
            write(batch, tally);
        }
        pump.signal(background);
    }

    /** Replies and rooms take turns: else a client that publishes steadily would never read its room. */
    private @Nullable Batch next() {
        if (replies.isBusy() && (!replied || cursors.length == 0 || replies.goesFirst())) {
            Batch batch = fromReplies();
            if (batch != null || replies.finished() != null) {
                return batch;
            }
        }
        replied = false;
        own = false;
        Batch batch = fromCursors();
        if (batch == null && replies.isBusy()) {
            batch = fromReplies();
        }
        if (batch != null && own) {
            return batch;
        }
        Batch least = aside;
        if (least != null) {
            aside = null;
        }
        return batch == null ? least : batch;
    }

    private @Nullable Batch fromReplies() {
        Batch batch = replies.take();
        own = batch != null;
        replied = own;
        return batch;
    }

    private @Nullable Batch fromCursors() {
        Cursor[] all = cursors;
        for (int i = all.length; i > 0; i--) {
            turns = (turns + 1) % all.length;
            Cursor cursor = all[turns];
            Batch batch = cursor.next();
            metrics.dropped(cursor.takePassedOver());
            metrics.gapsTold(cursor.takeGapsTold());
            if (batch != null) {
                return batch;
            }
            CloseReason reason = cursor.ended();
            if (reason != null) {
                owner.ended(reason);
                return null;
            }
        }
        return null;
    }

    private void write(Batch batch, @Nullable BatchTally tally) {
        if (writer.writeNow(batch)) {
            if (tally == null) {
                wrote(batch.frames().size(), batch.size());
            } else {
                tally.add(batch.frames().size(), batch.size());
            }
            return;
        }
        Flight flight = new Flight(batch.frames().size(), batch.size(), own ? null : batch);
        inFlight = flight;
        try {
            writer.write(batch, flight);
        } catch (RuntimeException e) {
            flight.done(e);
        }
    }

    /** The batch in flight. Counts once, however often a container completes it (Tyrus: twice if a handler throws). */
    private final class Flight extends AtomicBoolean implements FrameWriter.Completion {

        private static final long serialVersionUID = 1L;

        private final int frames;
        private final int bytes;
        private final transient @Nullable Batch shared; // of a room, null if it is the peer's own
        private final long start = System.nanoTime();
        private final boolean timed = batches++ % Metrics.TIMED == 0;

        Flight(int frames, int bytes, @Nullable Batch shared) {
            this.frames = frames;
            this.bytes = bytes;
            this.shared = shared;
        }

        @Override
        public void done(@Nullable Throwable failure) {
            if (!compareAndSet(false, true)) {
                return;
            }
            if (failure != null) {
                closed = true;
                background.execute(() -> owner.broke(failure));
            } else {
                metrics.batchOut(frames, bytes);
                if (timed) {
                    metrics.sendLatency(System.nanoTime() - start);
                }
            }
            inFlight = null;
            if (runner != Thread.currentThread()) { // else the round that writes it looks again
                pump.signal(background);
            }
        }
    }
}
