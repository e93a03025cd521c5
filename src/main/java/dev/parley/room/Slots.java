package dev.parley.room;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** The entries of a {@link Ring} by their positions, as many as there are slots. One thread at a time writes, any number read. */
final class Slots {

    private final AtomicReferenceArray<RingEntry> entries;

    /**
     * Empty slots.
     *
     * @param capacity how many, a power of two
     */
    Slots(int capacity) {
        entries = new AtomicReferenceArray<>(capacity);
    }

    /** A copy of another capacity with the entries from one position up to another. */
    Slots resized(int capacity, long from, long to) {
        Slots resized = new Slots(capacity);
        for (long i = from; i < to; i++) {
            resized.set(i, get(i));
        }
        return resized;
    }

    int capacity() {
        return entries.length();
    }

    void set(long position, @Nullable RingEntry entry) {
        entries.set(index(position), entry);
    }

    /** The entry at a position that the ring keeps; for the thread that writes. */
    RingEntry get(long position) {
        return entries.get(index(position));
    }

    /** The entry at a position, null if the ring has let it go. */
    @Nullable
    RingEntry find(long position) {
        RingEntry entry = entries.get(index(position));
        return entry != null && entry.position() == position ? entry : null;
    }

    private int index(long position) {
        return (int) position & (entries.length() - 1);
    }
}
