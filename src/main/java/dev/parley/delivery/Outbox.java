package dev.parley.delivery;

import dev.parley.ops.Budget;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.room.Cursor;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.Turn;
import jakarta.websocket.CloseReason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a peer is still to be sent: a short, bounded lane for its own replies, and its cursors, which take turns. At most one
 * batch is in flight. Safe for any thread.
 *
 * <p>Batches are written by a pump, never from a completion: both containers may complete a send inside the call, and
 * sending from there overflows the stack at a depth of about 500. So a completion flips {@link #inFlight} and signals; if it
 * came later, on a thread that may hold the container's locks, the pump starts elsewhere.
 */
final class Outbox {

    /** One batch in so many is timed: a histogram costs more than the batch it measures. */
    private static final int TIMED = 16;

    /** How many batches one round writes before other peers have their turn. */
    private static final int MAX_BATCHES = 16;

    private final FrameWriter writer;
    private final Owner owner;
    private final Metrics metrics;
    private final int maxFrames;
    private final long maxBytes;
    private final Executor relief;
    private final Pump pump;
    private final Deque<Frame> lane = new ArrayDeque<>(1); // guarded by itself
    private long laneBytes; // guarded by the lane
    private final Budget budget;
    private final Budget.Account account; // of the lane, and of its frames in flight
    private long laneMemory; // guarded by the lane
    private long flying; // memory of the lane's frames in the newest flight that has any; guarded by the lane
    private boolean idle; // nothing was in flight at the last beat, nor since; guarded by the lane
    private @Nullable Batch stuck; // of a room, in flight for longer than a beat; guarded by the lane
    private int greeting; // replies in the lane that go before any cursor; guarded by the lane
    private @Nullable CloseReason last; // guarded by the lane
    private volatile Cursor[] cursors = {}; // a new array for each change, made under the lane
    private volatile @Nullable Batch aside; // a race drops one
    private boolean replied; // the last batch was of the lane; the pump's
    private int turn; // which cursor is next; the pump's
    private int flights; // the pump's, or the loop's that reads
    private boolean own; // whether the batch that leaves next is of the lane; the pump's
    private volatile @Nullable Flight inFlight;
    private volatile boolean busy; // something was queued, or it takes no more; changed under the lane
    private volatile boolean held = true;
    private volatile boolean closed;

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

    Outbox(FrameWriter writer, Owner owner, Settings.Outbox bounds, Metrics metrics, Executor relief, Budget budget) {
        this.writer = writer;
        this.owner = owner;
        this.metrics = metrics;
        this.maxFrames = bounds.messages();
        this.maxBytes = bounds.bytes();
        this.relief = relief;
        this.pump = new Pump(this::drain, owner::failed, relief);
        this.budget = budget;
        this.account = budget.account(Budget.Holder.OUTBOXES);
    }

    /** Lets what is queued leave; until then all waits, so that a greeting comes before what the rooms have. */
    void release() {
        held = false;
        pump.signal(Turn.END);
    }

    /** Whether nothing is queued, held or in flight, so that a reply may go straight to the connection. */
    boolean isIdle() {
        return !busy && inFlight == null && !held && !closed;
    }

    /** Frames have left at once. */
    void wrote(int frames, int bytes) {
        metrics.batchOut(frames, bytes);
        if (flights++ % TIMED == 0) {
            metrics.sendLatency(0);
        }
    }

    /** Replies that went straight to the connection wait there: they are in flight from now on. */
    FrameWriter.Completion waits(int frames, int bytes) {
        Flight flight = new Flight(frames, bytes, null);
        synchronized (lane) {
            flies(0, bytes);
        }
        inFlight = flight;
        return flight;
    }

    /** Queues a reply; false if the lane is full, or memory is. Leaves at the end of this turn. */
    boolean offer(Frame frame) {
        boolean more;
        synchronized (lane) {
            if (last != null) {
                return true; // the peer is leaving: nobody waits for this
            }
            if (!lane.isEmpty() && (lane.size() >= maxFrames || laneBytes + frame.size() > maxBytes)) {
                return false;
            }
            lane.add(frame);
            laneBytes += frame.size();
            busy = true;
            laneMemory += frame.memory();
            more = account.hold(laneMemory + flying);
        }
        pump.signal(Turn.END);
        return !more || budget.fits(Budget.Holder.OUTBOXES, 0);
    }

    /** Takes no more; {@link Owner#finished} is called when what was queued has been written. */
    void finish(CloseReason reason) {
        synchronized (lane) {
            if (last == null) {
                last = reason;
                busy = true;
            }
        }
        pump.signal(Turn.END);
    }

    /** Adds a cursor; what the lane holds now goes before anything of it. */
    void add(Cursor cursor) {
        synchronized (lane) {
            greeting = lane.size();
            Cursor[] more = Arrays.copyOf(cursors, cursors.length + 1);
            more[cursors.length] = cursor;
            cursors = more;
        }
        pump.signal(Turn.END); // what came since the cursor was made
    }

    void remove(Cursor cursor) {
        synchronized (lane) {
            cursors = Stream.of(cursors).filter(each -> each != cursor).toArray(Cursor[]::new);
        }
        aside = null;
    }

    /**
     * Sends a batch when nothing else is due. It is dropped if a cursor has more before that, or another batch is set aside: what
     * it says is soon out of date.
     */
    void setAside(Batch batch) {
        aside = batch;
        wake();
    }

    /** Takes what a cursor is due, now; returns at once if a batch is in flight. */
    void wake() {
        // Who appended did so before this look; whose batch lands clears the flag before it looks at the tail again.
        if (inFlight == null) {
            pump.signal(Runnable::run);
        }
    }

    /** Whether the batch in flight has been so since before a time of {@link System#nanoTime}. */
    boolean isOverdue(long since) {
        Flight flight = inFlight;
        return flight != null && flight.start - since < 0;
    }

    /** Gives back memory that is not needed, and takes it for a batch that has been in flight since before a time. */
    void settle(long since) {
        synchronized (lane) {
            Flight flight = inFlight;
            if (flight == null) {
                flying = idle ? 0 : flying; // what was taken from the lane may be about to fly
                hold(null);
            } else if (flight.shared != null) {
                flying = 0;
                hold(flight.start - since < 0 && !closed ? flight.shared : null);
            }
            idle = flight == null;
            account.settle(laneMemory + flying);
        }
    }

    /** The members of a room may all hold the same batch: it is counted once. Under the lane's lock. */
    private void hold(@Nullable Batch batch) {
        Batch before = stuck;
        if (batch == before) {
            return;
        }
        stuck = batch;
        if (before != null && before.unstick()) {
            budget.add(Budget.Holder.ROOMS, -before.memory());
        }
        if (batch != null && batch.stick()) {
            budget.add(Budget.Holder.ROOMS, batch.memory());
        }
    }

    /** The memory of what has not left: of its own replies, and of a room's batch that does not leave. */
    long unsent() {
        synchronized (lane) {
            Flight flight = inFlight;
            boolean flies = flight != null && flight.shared == null;
            return laneMemory + (flies ? flying : 0) + (stuck == null ? 0 : stuck.memory());
        }
    }

    /** Drops everything; nothing is written any more. */
    void close() {
        closed = true;
        synchronized (lane) {
            cursors = new Cursor[0];
            lane.clear();
            laneBytes = 0;
            laneMemory = 0;
            flying = 0;
            hold(null);
            account.close();
        }
        aside = null;
    }

    /** One round of the pump: writes until a batch is in flight, whose completion signals the next round. */
    private void drain() {
        for (int batches = 0; batches < MAX_BATCHES; batches++) {
            if (inFlight != null || held || closed) {
                return;
            }
            Batch batch = next();
            if (batch == null) {
                CloseReason reason = leaving();
                if (reason != null) {
                    owner.finished(reason);
                }
                return;
            }
            if (!hasLeft(batch)) {
                return;
            }
        }
        pump.signal(relief);
    }

    /** Writes a batch; whether it has left already. */
    private boolean hasLeft(Batch batch) {
        if (writer.writeNow(batch)) {
            wrote(batch.frames().size(), batch.size());
            return true;
        }
        Flight flight = new Flight(batch.frames().size(), batch.size(), own ? null : batch);
        inFlight = flight;
        try {
            writer.write(batch, flight);
        } catch (RuntimeException e) {
            flight.done(e);
        }
        return false;
    }

    /** Replies and rooms take turns: else a client that publishes steadily would never read its room. */
    private @Nullable Batch next() {
        own = false;
        synchronized (lane) {
            if (last != null || greeting > 0 || !replied || cursors.length == 0) {
                Batch batch = fromLane();
                if (batch != null || last != null) {
                    replied = batch != null;
                    return batch;
                }
            }
            busy = !lane.isEmpty(); // what is queued goes before what comes
        }
        replied = false;
        Batch batch = fromCursors();
        if (batch != null) {
            aside = null;
            return batch;
        }
        synchronized (lane) {
            batch = fromLane();
            replied = batch != null;
        }
        if (batch == null) {
            batch = aside;
            aside = null;
        }
        return batch;
    }

    private @Nullable Batch fromCursors() {
        for (int i = cursors.length; i > 0; i--) {
            Cursor cursor = nextCursor();
            if (cursor == null) {
                return null;
            }
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

    private @Nullable Batch fromLane() {
        if (lane.isEmpty()) {
            return null;
        }
        if (lane.size() == 1) {
            Frame frame = lane.remove();
            laneBytes = 0;
            greeting = 0;
            flies(frame.memory(), 0);
            return new Batch(List.of(frame));
        }
        List<Frame> frames = new ArrayList<>(Math.min(lane.size(), Batch.MAX_FRAMES));
        int size = 0;
        long memory = 0;
        while (!lane.isEmpty() && frames.size() < Batch.MAX_FRAMES && size < Batch.MAX_BYTES) {
            Frame frame = lane.remove();
            frames.add(frame);
            size += frame.size();
            memory += frame.memory();
        }
        laneBytes -= size;
        greeting = Math.max(0, greeting - frames.size());
        flies(memory, frames.size() > 1 ? size : 0);
        return new Batch(frames);
    }

    /**
     * Replies are about to be written, or wait in the connection: frames of the lane, and bytes. Those before have left. Under the
     * lane's lock.
     */
    private void flies(long memory, int joined) {
        own = true;
        laneMemory -= memory;
        flying = memory + joined;
        idle = false;
        account.hold(laneMemory + flying);
    }

    private @Nullable Cursor nextCursor() {
        Cursor[] all = cursors;
        if (all.length == 0) {
            return null;
        }
        turn = (turn + 1) % all.length;
        return all[turn];
    }

    private @Nullable CloseReason leaving() {
        synchronized (lane) {
            return lane.isEmpty() ? last : null;
        }
    }

    /** The batch in flight. Counts once, however often a container completes it (Tyrus: twice if a handler throws). */
    private final class Flight extends AtomicBoolean implements FrameWriter.Completion {

        private static final long serialVersionUID = 1L;

        private final int frames;
        private final int bytes;
        private final transient @Nullable Batch shared; // of a room, null if it is the peer's own
        private final long start = System.nanoTime();

        private final boolean timed = flights++ % TIMED == 0;

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
                relief.execute(() -> owner.broke(failure));
            } else {
                metrics.batchOut(frames, bytes);
                if (timed) {
                    metrics.sendLatency(System.nanoTime() - start);
                }
            }
            inFlight = null;
            pump.signal(relief); // inside the write the pump is running: that only asks for another round
        }
    }
}
