package dev.parley.wire;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * Frames that go to a peer together, in order. One batch may be shared by all peers that are due the same frames: its bytes
 * are joined at most once. Immutable, safe for any thread.
 */
public final class Batch {

    /** How many frames a batch holds at most: enough to make the cost of a write vanish, few enough to stay fair. */
    public static final int MAX_FRAMES = 64;

    /** How many bytes a batch holds at most, unless a single frame is longer: about what a socket buffer takes. */
    public static final int MAX_BYTES = 64 * 1024;

    /** What a reader of a stream of events skips (WHATWG HTML §9.2.6). */
    private static final byte[] COMMENT = {':', '\n', '\n'};

    private static final AtomicIntegerFieldUpdater<Batch> STUCK =
            AtomicIntegerFieldUpdater.newUpdater(Batch.class, "stuck");

    private final List<Frame> frames;
    private final int size;

    @SuppressWarnings("UnusedVariable") // STUCK's
    private volatile int stuck; // peers that it does not leave for

    // Volatile: an event loop that sees the array of another loop also sees its contents (JLS 17.4.5), on AArch64 too.
    // Two loops that join at once get equal bytes.
    private volatile byte @Nullable [] joined;
    private volatile byte @Nullable [] events;

    /**
     * A batch of these frames.
     *
     * @param frames at least one frame, in order
     */
    public Batch(List<Frame> frames) {
        this.frames = List.copyOf(frames);
        int sum = 0;
        for (Frame frame : this.frames) {
            sum += frame.size();
        }
        this.size = sum;
    }

    /**
     * The frames, in order.
     *
     * @return an immutable list
     */
    public List<Frame> frames() {
        return frames;
    }

    /**
     * How much it takes on the wire.
     *
     * @return all frames, bytes
     */
    public int size() {
        return size;
    }

    /**
     * About how much it takes of the heap, once it has been written.
     *
     * @return bytes
     */
    public long memory() {
        long memory = frames.size() == 1 ? 0 : size;
        for (Frame frame : frames) {
            memory += frame.memory();
        }
        return memory;
    }

    /**
     * It does not leave for one more peer, which holds it.
     *
     * @return whether that is the first
     */
    public boolean stick() {
        return STUCK.getAndIncrement(this) == 0;
    }

    /**
     * A peer that held it holds it no more.
     *
     * @return whether that was the last
     */
    public boolean unstick() {
        return STUCK.decrementAndGet(this) == 0;
    }

    /**
     * All frames as they go over the wire.
     *
     * @return a buffer of the caller's own over shared bytes; never written to
     */
    public ByteBuffer bytes() {
        byte[] bytes = joined;
        if (bytes == null) {
            bytes = frames.size() == 1 ? frames.get(0).wire() : join();
            joined = bytes;
        }
        return ByteBuffer.wrap(bytes);
    }

    private byte[] join() {
        ByteBuffer out = ByteBuffer.allocate(size);
        for (Frame frame : frames) {
            out.put(frame.wire());
        }
        return out.array();
    }

    /**
     * The payloads alone, which are events of a stream, and a comment for a ping.
     *
     * @return the bytes, which nobody writes to
     */
    public byte[] events() {
        byte[] bytes = events;
        if (bytes == null) {
            ByteArrayOutputStream out = new ByteArrayOutputStream(size);
            for (Frame frame : frames) {
                if (frame.kind() == Frame.Kind.PING) {
                    out.writeBytes(COMMENT);
                } else {
                    out.write(frame.wire(), frame.header(), frame.wire().length - frame.header());
                }
            }
            bytes = out.toByteArray();
            events = bytes;
        }
        return bytes;
    }
}
