package dev.parley.broker.nats;

import dev.parley.ops.Incidents;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.PublishException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Who waits for the stream to be ready, each until a time of its own. {@link Loop}'s thread only. */
final class Waiting {

    private final Generation generation;
    private final List<Entry> entries = new ArrayList<>();

    private record Entry(long deadline, CompletableFuture<?> result, Runnable task) {}

    Waiting(Generation generation) {
        this.generation = generation;
    }

    /**
     * Does a task for a result when the stream is ready, at once if it is.
     *
     * @param deadline of {@link System#nanoTime}; after it the result fails instead
     */
    void whenReady(long deadline, CompletableFuture<?> result, Runnable task) {
        if (System.nanoTime() - deadline > 0) {
            giveUp(result);
        } else if (generation.isReady()) {
            task.run();
        } else {
            entries.add(new Entry(deadline, result, task));
        }
    }

    /** The stream is ready. */
    void ready() {
        List<Entry> go = List.copyOf(entries);
        entries.clear();
        Incidents.each(go, each -> each.task.run(), (each, failure) -> {
            Incidents.log("a request to the broker fails", failure);
            each.result.completeExceptionally(failure);
        });
    }

    /** Gives up for whom it is too late. */
    void sweep(long now) {
        List<Entry> late =
                entries.stream().filter(each -> now - each.deadline > 0).toList();
        entries.removeAll(late);
        late.forEach(each -> giveUp(each.result));
    }

    /** Gives up for all. */
    void close() {
        List<Entry> all = List.copyOf(entries);
        entries.clear();
        all.forEach(each -> giveUp(each.result));
    }

    private static void giveUp(CompletableFuture<?> result) {
        result.completeExceptionally(
                new PublishException(ErrorCode.UNAVAILABLE, "the broker cannot be reached, try again later"));
    }
}
