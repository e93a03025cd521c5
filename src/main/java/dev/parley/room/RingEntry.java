package dev.parley.room;

import dev.parley.wire.Frame;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** An event in its place in a {@link Ring}, with the frames that it has been encoded to. Any thread may read it. */
final class RingEntry {

    /** Less than any sum of what a late reader may still add. */
    private static final int GONE = Integer.MIN_VALUE;

    /** What it takes of the heap beside its event; measured as the growth of a heap of 200,000 (JDK 17). */
    private static final int OVERHEAD = 136;

    private static final VarHandle FRAMES = MethodHandles.arrayElementVarHandle(Frame[].class);

    private final AtomicInteger memory; // counted in the ring's; GONE once the ring has let it go
    private final long position;
    private final RoomEvent event;
    private final String epoch;
    private final long before;
    private final long after;
    private final long taken;
    private final int size;
    private final @Nullable Frame[] frames = new Frame[Encoder.COUNT]; // a race encodes twice and loses nothing

    RingEntry(long position, RoomEvent event, String epoch, long before, long after, long taken) {
        this.position = position;
        this.event = event;
        this.epoch = epoch;
        this.before = before;
        this.after = after;
        this.taken = taken;
        this.size = event.size();
        this.memory = new AtomicInteger(OVERHEAD + event.memory(size));
    }

    long position() {
        return position;
    }

    /** When the broker took it, a time of the clock's {@code nanoTime}. */
    long taken() {
        return taken;
    }

    /** How much it counts against the bounds of a room, bytes. */
    int size() {
        return size;
    }

    /** What it takes of the heap now. */
    int memory() {
        return memory.get();
    }

    /** The ring lets it go: gives what it took of the heap, which does not grow any more. */
    int letGo() {
        return memory.getAndSet(GONE);
    }

    RoomEvent event() {
        return event;
    }

    /** Names the history that its offsets count in. */
    String epoch() {
        return epoch;
    }

    /** The offset of the newest message before it. */
    long before() {
        return before;
    }

    /** The offset of the newest message before the next event. */
    long after() {
        return after;
    }

    boolean isMessage() {
        return event instanceof RoomEvent.Message;
    }

    boolean follows(RingEntry other) {
        return before == other.after && epoch.equals(other.epoch);
    }

    /**
     * The event as readers of a format get it, null if they are not told of it.
     *
     * @param all the ring's memory, which the frame is added to
     */
    @Nullable
    Frame frame(Encoder encoder, AtomicLong all) {
        Frame frame = frames[encoder.slot()];
        if (frame == null) {
            frame = encoder.frame(event, epoch);
            if (frame != null && FRAMES.compareAndSet(frames, encoder.slot(), null, frame)) {
                int more = frame.memory();
                if (memory.getAndAdd(more) >= 0) {
                    all.addAndGet(more);
                }
            }
        }
        return frame;
    }
}
