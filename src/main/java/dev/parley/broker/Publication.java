package dev.parley.broker;

import dev.parley.protocol.Content;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One message of a room, in its place.
 *
 * @param room the room
 * @param epoch names the history that the offset counts in
 * @param offset its place: positive, below 2^53, grows within a room and epoch, not always by one
 * @param previous the offset of the room's message before it, 0 for the first: one who holds a lower one has missed some
 * @param sender who sent it
 * @param id the sender's own key for it, null if it gave none
 * @param at when the broker took it
 * @param content what was sent
 */
public record Publication(
        String room,
        String epoch,
        long offset,
        long previous,
        Sender sender,
        @Nullable String id,
        Instant at,
        Content content) {

    /** What it takes of the heap beside its content, name and id; measured as the growth of a heap of 200,000 (JDK 17). */
    private static final int OVERHEAD = 224;

    private static final int ID_OVERHEAD = 48;

    /**
     * How much it counts against the bounds of a history.
     *
     * @return its content, bytes
     */
    public int size() {
        return content.size();
    }

    /**
     * About how much it takes of the heap.
     *
     * @param size its {@link #size}
     * @return bytes
     */
    public int memory(int size) {
        return OVERHEAD + content.memory(size) + sender.name().length() + (id == null ? 0 : ID_OVERHEAD + id.length());
    }

    /**
     * The same, as the one after another.
     *
     * @param before the offset of that, 0 for none
     * @return a publication with this {@link #previous}
     */
    public Publication follows(long before) {
        return new Publication(room, epoch, offset, before, sender, id, at, content);
    }
}
