package dev.parley.delivery;

import dev.parley.ops.BatchTally;
import dev.parley.ops.Metrics;
import dev.parley.room.Cursor;
import dev.parley.room.Typing;
import dev.parley.room.View;
import dev.parley.wire.Loops;
import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The readers of one room that one event loop writes to; those that any thread may write to are one branch too. A walk lets each
 * reader take what it is due, up to the horizon at the start of the walk. Walks of one branch never overlap, and no branch waits
 * for another: what one turn of one loop published leaves as one batch there, whatever the other loops do.
 *
 * <p>What is said to be the room's is guarded by the room's lock; {@link #wake} is for any thread.
 */
final class Branch {

    /**
     * A walk over so many readers takes longer than the way through another thread. In a saturated room of 5,000 on two cores that way
     * brought 3.0 instead of 2.1 million deliveries a second, in one of 500 5.0 instead of 4.5, in one of 100 3.4 instead of 4.9.
     */
    static final int MANY = 128;

    private final OpenRoom room;
    private final @Nullable Executor loop;
    private final View view;
    private final Pump pump;
    private final Metrics metrics;
    private final BatchTally tally = new BatchTally(); // the walk's
    private volatile LocalMembership[] readers = {}; // a new array for each change; changed under the room's lock
    private long behind = Long.MAX_VALUE; // no reader is further back than this; the room's
    private long joined = Long.MAX_VALUE; // nor is one that came since the walk under way began; the room's
    private long typed; // the newest of those typing whom the readers were told of; the room's

    /**
     * A branch without readers. The room's.
     *
     * @param view what its readers may read
     * @param loop the loop that writes to its readers; null if any thread may
     * @param metrics counts what a walk has written
     * @param failed gets what leaves the branch in no known state
     * @param background takes over from a thread that has walked enough
     * @param pool other threads than the loop's
     */
    Branch(
            OpenRoom room,
            View view,
            @Nullable Executor loop,
            Metrics metrics,
            Consumer<Throwable> failed,
            Executor background,
            Executor pool) {
        this.room = room;
        this.loop = loop;
        this.metrics = metrics;
        this.view = view;
        this.typed = room.typing().newest();
        // Between two walks a loop does what else it has to: what it reads meanwhile is part of the next.
        this.pump = loop == null
                ? new Pump(this::walk, failed, background)
                : new Pump(this::walk, 1, failed, task -> walkAgain(loop, pool, task));
    }

    private void walkAgain(Executor owner, Executor pool, Runnable task) {
        if (readers.length < MANY) {
            Loops.execute(owner, task);
        } else {
            Loops.executeAfterReads(owner, pool, task);
        }
    }

    @Nullable
    Executor loop() {
        return loop;
    }

    View view() {
        return view;
    }

    LocalMembership[] readers() {
        return readers;
    }

    boolean isEmpty() {
        return readers.length == 0;
    }

    /** Adds a reader, which has no cursor yet. The room's. */
    void add(LocalMembership reader) {
        LocalMembership[] more = Arrays.copyOf(readers, readers.length + 1);
        more[more.length - 1] = reader;
        readers = more;
    }

    /** A reader that has just been added starts at a position. The room's. */
    void readsFrom(long position) {
        joined = Math.min(joined, position);
        behind = Math.min(behind, position);
    }

    /** Removes a reader; false if it was none. The room's. */
    boolean remove(LocalMembership reader) {
        LocalMembership[] all = readers;
        int i = 0;
        while (i < all.length && all[i] != reader) {
            i++;
        }
        if (i == all.length) {
            return false;
        }
        LocalMembership[] fewer = Arrays.copyOf(all, all.length - 1);
        System.arraycopy(all, i + 1, fewer, i, fewer.length - i);
        readers = fewer;
        return true;
    }

    /** Every reader has read what is before this position. The room's. */
    long behind() {
        return behind;
    }

    /** Looks where the readers are: those that had a batch in flight when they were walked have read on since. The room's. */
    void look() {
        long hindmost = Long.MAX_VALUE;
        for (LocalMembership reader : readers) {
            hindmost = Math.min(hindmost, position(reader));
        }
        settle(hindmost);
    }

    private void settle(long position) {
        behind = position;
        if (position >= view.horizon()) {
            view.forget();
        }
    }

    private static long position(LocalMembership reader) {
        Cursor cursor = reader.cursor();
        return cursor == null ? Long.MAX_VALUE : cursor.position();
    }

    /**
     * Asks for a walk that starts after now: on the loop, after the turn that it is in.
     *
     * @param anywhere runs it where there is no loop
     */
    void wake(Executor anywhere) {
        Executor owner = loop;
        pump.signal(owner == null ? anywhere : task -> Loops.execute(owner, task));
    }

    private void walk() {
        LocalMembership[] walked;
        Typing.Notice typing;
        synchronized (room) {
            walked = readers;
            view.reveal();
            joined = Long.MAX_VALUE;
            typing = room.typing().since(typed);
            typed = room.typing().newest();
        }
        long horizon = view.horizon();
        long hindmost = Long.MAX_VALUE;
        BatchTally here = loop != null && Loops.isHere(loop) ? tally : null;
        for (LocalMembership reader : walked) {
            Cursor cursor = reader.cursor();
            if (cursor == null) {
                continue;
            }
            reader.peer().wake(cursor, here);
            long position = cursor.position();
            if (typing != null && position >= horizon) {
                reader.peer().tell(typing, reader, here);
            }
            hindmost = Math.min(hindmost, position);
        }
        tally.flush(metrics);
        synchronized (room) {
            settle(Math.min(hindmost, joined));
            room.settle();
        }
    }
}
