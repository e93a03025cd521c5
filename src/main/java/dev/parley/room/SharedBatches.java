package dev.parley.room;

import dev.parley.wire.Batch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The batches that were read last, of each form with all events and with messages alone. Any thread may look and share: a race
 * loses a batch, which is built again.
 */
final class SharedBatches {

    private final View.@Nullable Range[] ranges = new View.Range[2 * Form.COUNT];

    private static int index(Form form, boolean messagesOnly) {
        return 2 * form.slot() + (messagesOnly ? 1 : 0);
    }

    View.@Nullable Range find(Form form, boolean messagesOnly) {
        return ranges[index(form, messagesOnly)];
    }

    void share(Form form, boolean messagesOnly, View.Range range) {
        ranges[index(form, messagesOnly)] = range;
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
