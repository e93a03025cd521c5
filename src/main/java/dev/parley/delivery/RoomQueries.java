package dev.parley.delivery;

import dev.parley.api.Page;
import dev.parley.api.RoomSummary;
import dev.parley.broker.Broker;
import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.RoomEnd;
import dev.parley.ops.Settings;
import dev.parley.protocol.RoomName;
import dev.parley.protocol.RoomNotice;
import dev.parley.room.Notices;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Reads rooms for {@link LocalHub}: those that are open here from memory, others from the broker. Safe for any thread. */
final class RoomQueries {

    private final OpenRooms rooms;
    private final Broker broker;
    private final Settings settings;
    private final Executor answers;

    /**
     * Queries of nothing yet.
     *
     * @param answers runs what follows on the broker's answers
     */
    RoomQueries(OpenRooms rooms, Broker broker, Settings settings, Executor answers) {
        this.rooms = rooms;
        this.broker = broker;
        this.settings = settings;
        this.answers = answers;
    }

    CompletionStage<Page> history(String room, long after, int limit) {
        return ask(room, after, limit).thenApply(RoomQueries::page);
    }

    CompletionStage<Long> last(String room) {
        return Answers.on(answers, broker.end(room)).thenApply(RoomEnd::last);
    }

    /** The broker is asked for a room's end, not for its history, as long as the room is open here and has come so far. */
    private CompletionStage<History> ask(String room, long after, int limit) {
        OpenRoom open = rooms.find(room);
        return open == null
                ? read(room, after, limit)
                : Answers.on(answers, broker.end(room)).thenCompose(end -> {
                    History here = open.history(after, limit, end.newest());
                    return here == null ? read(room, after, limit) : CompletableFuture.completedFuture(here);
                });
    }

    private CompletionStage<History> read(String room, long after, int limit) {
        return Answers.on(answers, broker.history(room, after, limit));
    }

    CompletionStage<Page> newest(String room, int limit) {
        return kept(room).thenApply(history -> newest(page(history), limit));
    }

    CompletionStage<RoomSummary> find(String room) {
        RoomSummary open = summary(room);
        return open != null && !open.epoch().isEmpty()
                ? CompletableFuture.completedFuture(open)
                : kept(room)
                        .thenCombine(
                                Answers.on(answers, broker.elsewhere(room)),
                                (history, members) -> new RoomSummary(room, members, history.epoch(), history.upTo()));
    }

    private CompletionStage<History> kept(String room) {
        return ask(room, 0, Math.max(1, settings.rooms().history(room).messages()));
    }

    List<RoomSummary> summaries() {
        return rooms.stream()
                .filter(room -> RoomName.isValid(room.name()))
                .map(OpenRoom::summary)
                .sorted(Comparator.comparing(RoomSummary::room))
                .toList();
    }

    /** A room that is open here, null if nobody is in it here. */
    @Nullable
    RoomSummary summary(String room) {
        OpenRoom open = rooms.find(room);
        return open == null ? null : open.summary();
    }

    private static Page page(History history) {
        List<RoomNotice.Message> messages = new ArrayList<>();
        for (Publication publication : history.publications()) {
            RoomNotice.Message message = Notices.of(publication, false);
            if (message != null) {
                messages.add(message);
            }
        }
        return new Page(history.epoch(), history.after(), history.upTo(), List.copyOf(messages));
    }

    private static Page newest(Page page, int limit) {
        List<RoomNotice.Message> messages = page.messages();
        int from = messages.size() - limit;
        return from <= 0
                ? page
                : new Page(
                        page.epoch(),
                        messages.get(from - 1).offset(),
                        page.upTo(),
                        messages.subList(from, messages.size()));
    }
}
