package dev.parley.delivery;

import dev.parley.wire.Batch;
import dev.parley.wire.FrameWriter;
import jakarta.websocket.CloseReason;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A connection that completes inside the write, later on another thread, or twice, as chance has it. */
final class RandomWriter implements FrameWriter {

    /** What was written. */
    final Queue<String> texts = new ConcurrentLinkedQueue<>();

    /** How often a write began before the last had completed. */
    final AtomicInteger overlaps = new AtomicInteger();

    private final AtomicInteger inFlight = new AtomicInteger();
    private final @Nullable Executor loop;
    private final Executor pool;
    private final Random random;
    private final int faults;

    /** One that throws from one write in so many, of none if that is 0. */
    RandomWriter(@Nullable Executor loop, Executor pool, long seed, int faults) {
        this.loop = loop;
        this.pool = pool;
        this.random = new Random(seed);
        this.faults = faults;
    }

    @Override
    public void write(Batch batch, Completion completion) {
        if (faults > 0 && random.nextInt(faults) == 0) {
            throw new LinkageError("of the test");
        }
        if (inFlight.incrementAndGet() > 1) {
            overlaps.incrementAndGet();
        }
        batch.frames().forEach(frame -> texts.add(frame.text()));
        switch (random.nextInt(3)) {
            case 0 -> land(completion);
            case 1 -> pool.execute(() -> land(completion));
            default -> {
                land(completion);
                completion.done(null);
            }
        }
    }

    private void land(Completion completion) {
        inFlight.decrementAndGet();
        completion.done(null);
    }

    @Override
    public @Nullable Executor loop() {
        return loop;
    }

    @Override
    public void close(CloseReason reason) {}

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void abort() {}
}
