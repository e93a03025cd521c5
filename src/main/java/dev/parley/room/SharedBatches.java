package dev.parley.room;

import dev.parley.wire.Batch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The batches that were read last, of each format with all events and with messages alone. Any thread may look and share: a race
 * loses a batch, which is built again.
 */
final class SharedBatches {

    private final View.@Nullable Range[] ranges = new View.Range[2 * Encoder.COUNT];

    private static int index(Encoder encoder, boolean messagesOnly) {
        return 2 * encoder.slot() + (messagesOnly ? 1 : 0);
    }

    View.@Nullable Range find(Encoder encoder, boolean messagesOnly) {
        return ranges[index(encoder, messagesOnly)];
    }

    void share(Encoder encoder, boolean messagesOnly, View.Range range) {
        ranges[index(encoder, messagesOnly)] = range;
    }

    void clear() {
        Arrays.fill(ranges, null);
    }

    /** The heap that they take, bytes. */
    long memory() {
        long memory = 0;
        for (View.Range range : ranges) {
            Batch batch = range == null ? null : range.batch();
            memory += batch == null ? 0 : batch.memory();
        }
        return memory;
    }
}
