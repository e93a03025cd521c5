package dev.parley.http;

import dev.parley.api.Hub;
import dev.parley.api.Page;
import dev.parley.api.RoomSummary;
import dev.parley.gate.Handshake;
import dev.parley.protocol.ApiMessage;
import dev.parley.protocol.Position;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What can be read: rooms, and what was said in them.
 *
 * @param hub has both
 */
record Reading(Hub hub) {

    private static final int MAX_MESSAGES = 1000;
    private static final int MAX_ROOMS = 1000;
    private static final String PAGE = "100";

    void rooms(Exchange exchange, Handshake caller) throws ProblemException {
        exchange.requireAccepts(MediaTypes.JSON);
        int limit = Parameters.count(caller, "limit", PAGE, 1, MAX_ROOMS);
        String after = caller.query().getOrDefault("after", "");
        List<ApiMessage.Room> rooms = hub.summaries().stream()
                .filter(room ->
                        room.room().compareTo(after) > 0 && caller.identity().mayRead(room.room()))
                .limit(limit)
                .map(Reading::room)
                .toList();
        exchange.answer(HttpServletResponse.SC_OK, Map.of(), new ApiMessage.Rooms(rooms));
    }

    void room(Exchange exchange, Handshake caller) throws ProblemException {
        exchange.requireAccepts(MediaTypes.JSON);
        exchange.answer(hub.find(caller.room()).thenApply(Reading::room));
    }

    private static ApiMessage.Room room(RoomSummary room) {
        return new ApiMessage.Room(room.room(), room.members(), room.epoch(), room.offset());
    }

    void history(Exchange exchange, Handshake caller) throws ProblemException {
        exchange.requireAccepts(MediaTypes.JSON);
        int limit = Parameters.count(caller, "limit", PAGE, 1, MAX_MESSAGES);
        Position since = Parameters.position(caller.query().get("since"));
        exchange.answer(hub.find(caller.room()).thenCompose(room -> history(room, since, limit)));
    }

    private CompletionStage<ApiMessage> history(RoomSummary room, @Nullable Position since, int limit) {
        if (since == null) {
            return hub.newest(room.room(), limit).thenApply(page -> history(room, null, page));
        }
        if (!since.epoch().equals(room.epoch())) {
            return hub.history(room.room(), 0, limit).thenApply(page -> history(room, null, page));
        }
        return since.offset() <= room.offset()
                ? history(room, limit, since)
                : hub.last(room.room())
                        .thenCompose(last -> since.offset() <= last
                                ? history(room, limit, since)
                                : CompletableFuture.failedFuture(new ProblemException(
                                        ProblemKind.BAD_SINCE,
                                        "The position is beyond the newest message of this room.")));
    }

    private CompletionStage<ApiMessage> history(RoomSummary room, int limit, Position since) {
        return hub.history(room.room(), since.offset(), limit).thenApply(page -> history(room, since, page));
    }

    private static ApiMessage history(RoomSummary room, @Nullable Position since, Page page) {
        boolean recovered = since != null && page.epoch().equals(since.epoch()) && page.after() == since.offset();
        ApiMessage.Gap gap = since != null && page.epoch().equals(since.epoch()) && page.after() > since.offset()
                ? new ApiMessage.Gap(since.offset() + 1, page.after())
                : null;
        return new ApiMessage.History(
                room.room(),
                page.epoch(),
                Math.max(room.offset(), page.upTo()),
                recovered,
                gap,
                page.messages(),
                new Position(page.epoch(), page.upTo()).toString());
    }
}
