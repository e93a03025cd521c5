package dev.parley.room;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the history of an open room from its log, as the broker would. Guarded by the room's lock. */
final class LogReader {

    private LogReader() {}

    /**
     * Reads messages, oldest first.
     *
     * @param after the offset after which to start
     * @param limit how many at most
     * @param newest the offset up to which the log has to have come
     * @return the messages; null if it has not, or if the broker may have some that the log has let go
     */
    static @Nullable History read(Ring ring, long after, int limit, long newest) {
        long position = ring.positionAfter(after);
        long from = Math.max(after, ring.offsetBefore(position));
        if (ring.offset() < newest || (from > after && !ring.isWhole())) {
            return null;
        }
        List<Publication> messages = new ArrayList<>();
        for (long i = position; i < ring.tail() && messages.size() < limit; i++) {
            if (ring.slots().get(i).event() instanceof RoomEvent.Message message) {
                messages.add(message.publication());
            }
        }
        long upTo =
                messages.isEmpty() ? from : messages.get(messages.size() - 1).offset();
        return new History(ring.epoch(), from, upTo, List.copyOf(messages));
    }
}
