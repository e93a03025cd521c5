package dev.parley.delivery;

import dev.parley.ops.Budget;
import dev.parley.ops.Settings;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import jakarta.websocket.CloseReason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The replies that wait to be sent to one peer, within bounds, and the memory of what its outbox holds. Safe for any thread;
 * {@link #isBusy} takes no lock.
 */
final class ReplyQueue {

    private final int maxFrames;
    private final long maxBytes;
    private final Budget budget;
    private final Budget.Account account; // of the frames queued, and of those in flight
    private final Deque<Frame> frames = new ArrayDeque<>(1); // guarded by this, as all that is not volatile
    private long bytes;
    private long memory;
    private long flying; // memory of the replies in the newest flight that has any
    private boolean idle; // nothing was in flight at the last beat, nor since
    private @Nullable Batch stuck; // of a room, in flight for longer than a beat
    private int greeting; // replies that go before any cursor
    private @Nullable CloseReason last;
    private volatile boolean busy; // something is queued, or no more is taken

    ReplyQueue(Settings.Outbox bounds, Budget budget) {
        this.maxFrames = bounds.messages();
        this.maxBytes = bounds.bytes();
        this.budget = budget;
        this.account = budget.account(Budget.Holder.OUTBOXES);
    }

    /** Whether something is queued, or {@link #finish} was called. */
    boolean isBusy() {
        return busy;
    }

    /** Queues a reply; false if the queue is full, or memory is. Nobody waits for one that comes after {@link #finish}. */
    boolean offer(Frame frame) {
        synchronized (this) {
            if (last != null) {
                return true;
            }
            if (!frames.isEmpty() && (frames.size() >= maxFrames || bytes + frame.size() > maxBytes)) {
                return false;
            }
            frames.add(frame);
            busy = true;
            bytes += frame.size();
            memory += frame.memory();
            if (!account.hold(memory + flying)) {
                return true;
            }
        }
        return budget.fits(Budget.Holder.OUTBOXES, 0);
    }

    /** Takes no more from now on; a second reason is ignored. */
    synchronized void finish(CloseReason reason) {
        if (last == null) {
            last = reason;
            busy = true;
        }
    }

    /** The reason of {@link #finish}, when all that was queued before it has been taken. */
    synchronized @Nullable CloseReason finished() {
        return frames.isEmpty() ? last : null;
    }

    /** What is queued now goes before anything of a room. */
    synchronized void greet() {
        greeting = frames.size();
    }

    /** Whether no room may go before what is queued. */
    synchronized boolean goesFirst() {
        return last != null || greeting > 0;
    }

    /** Takes the next replies as a batch, which counts as in flight from then on; null if none are queued. */
    synchronized @Nullable Batch take() {
        if (frames.isEmpty()) {
            busy = last != null;
            return null;
        }
        List<Frame> taken = frames.size() == 1 ? List.of(frames.remove()) : several();
        Batch batch = new Batch(taken);
        long held = 0;
        for (Frame frame : taken) {
            held += frame.memory();
        }
        bytes -= batch.size();
        memory -= held;
        greeting = Math.max(0, greeting - taken.size());
        busy = last != null || !frames.isEmpty();
        fly(held + (taken.size() > 1 ? batch.size() : 0));
        return batch;
    }

    private List<Frame> several() {
        List<Frame> taken = new ArrayList<>(Math.min(frames.size(), Batch.MAX_FRAMES));
        int size = 0;
        while (!frames.isEmpty() && taken.size() < Batch.MAX_FRAMES && size < Batch.MAX_BYTES) {
            Frame frame = frames.remove();
            taken.add(frame);
            size += frame.size();
        }
        return taken;
    }

    /** Replies of so many bytes that were not queued wait in the connection. Those before have left. */
    synchronized void fly(long held) {
        flying = held;
        idle = false;
        account.hold(memory + flying);
    }

    /**
     * Gives back memory that is not needed. Called with each beat.
     *
     * @param flies whether a batch is in flight
     * @param shared that batch, if it is of a room
     * @param late whether it has been in flight for longer than a beat
     */
    synchronized void settle(boolean flies, @Nullable Batch shared, boolean late) {
        if (!flies) {
            flying = idle ? 0 : flying; // what was taken may be about to fly
            hold(null);
        } else if (shared != null) {
            flying = 0;
            hold(late ? shared : null);
        }
        idle = !flies;
        account.settle(memory + flying);
    }

    /** The members of a room may all hold the same batch: it is counted once. */
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

    /**
     * The memory of what has not left: replies, and a room's batch that does not leave.
     *
     * @param flies whether replies are in flight
     */
    synchronized long unsent(boolean flies) {
        return memory + (flies ? flying : 0) + (stuck == null ? 0 : stuck.memory());
    }

    /** Drops everything, and gives all memory back. */
    synchronized void close() {
        frames.clear();
        bytes = 0;
        memory = 0;
        flying = 0;
        hold(null);
        account.close();
    }
}
