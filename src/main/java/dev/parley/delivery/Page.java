package dev.parley.delivery;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.protocol.RoomNotice;
import dev.parley.room.Form;
import java.util.ArrayList;
import java.util.List;

/**
 * Messages of a room without a hole: all with an offset above {@code after} and up to {@code upTo}.
 *
 * @param epoch names the history that the offsets count in
 * @param after where it starts; above what was asked for if older messages are gone
 * @param upTo the offset of the last message in it, or {@code after} if there is none
 * @param messages the messages, oldest first
 */
public record Page(String epoch, long after, long upTo, List<RoomNotice.Message> messages) {
    static Page of(History history) {
        List<RoomNotice.Message> messages = new ArrayList<>();
        for (Publication publication : history.publications()) {
            RoomNotice.Message message = Form.notice(publication, false);
            if (message != null) {
                messages.add(message);
            }
        }
        return new Page(history.epoch(), history.after(), history.upTo(), List.copyOf(messages));
    }

    Page newest(int limit) {
        int from = messages.size() - limit;
        return from <= 0
                ? this
                : new Page(epoch, messages.get(from - 1).offset(), upTo, messages.subList(from, messages.size()));
    }
}
