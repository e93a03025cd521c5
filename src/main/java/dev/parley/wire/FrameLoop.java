package dev.parley.wire;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of one event loop, shared by its connections, so that an idle connection holds none. Confined to the loop's
 * thread.
 */
public final class FrameLoop {

    /** How much one read takes, and how much of replies one write has: a few socket buffers' worth would only cost fairness. */
    static final int SIZE = 64 * 1024;

    /** What was read, unmasked in place. */
    final byte[] bytes = new byte[SIZE];

    /** The same bytes, to read into. */
    final ByteBuffer in = ByteBuffer.wrap(bytes);

    /** The replies to what is being read. */
    final ByteBuffer replies = ByteBuffer.allocateDirect(SIZE);

    /** The connection that is being read. */
    @Nullable
    FrameConnection reading;

    private final ByteBuffer batchBytes = ByteBuffer.allocateDirect(Batch.MAX_BYTES);
    private @Nullable Batch batch;

    /** The bytes of a batch from its start, direct if it fits, so that a batch for many readers is copied once; valid until the next call. */
    ByteBuffer bytes(Batch wanted) {
        if (wanted.size() > batchBytes.capacity()) {
            return wanted.bytes();
        }
        if (batch != wanted) {
            batchBytes.clear().put(wanted.bytes()).flip();
            batch = wanted;
        }
        return batchBytes.position(0);
    }

    /** The loops of one application: they end with it, though the server's threads go on. */
    public static final class All {

        private final ConcurrentMap<Executor, FrameLoop> loops = new ConcurrentHashMap<>();

        /** No loops yet. */
        public All() {}

        /**
         * The buffers of a loop.
         *
         * @param thread the loop
         * @return the same each time
         */
        public FrameLoop of(Executor thread) {
            return loops.computeIfAbsent(thread, any -> new FrameLoop());
        }
    }
}
