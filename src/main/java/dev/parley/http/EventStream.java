package dev.parley.http;

import dev.parley.api.Peer;
import dev.parley.api.Start;
import dev.parley.api.WireFormat;
import dev.parley.delivery.LocalHub;
import dev.parley.gate.Handshake;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.Position;
import dev.parley.wire.sse.EventStreamWriter;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A room's events as Server-Sent Events: a peer like one of a socket, only that it says nothing.
 *
 * @param start where the reader wants to start
 */
record EventStream(Start start) {

    /** So that neither a cache, nor a compressing proxy, nor nginx's buffer holds back what has come. */
    static final Map<String, String> HEADERS =
            Map.of("Cache-Control", "no-store, no-transform", "X-Accel-Buffering", "no");

    private static final int MAX_HISTORY = 1000;

    /** What a request asks for. */
    static EventStream of(Exchange exchange, Handshake caller) throws ProblemException {
        exchange.requireAccepts(MediaTypes.EVENTS);
        return new EventStream(
                new Start(since(exchange.request(), caller), Parameters.count(caller, "history", "0", 0, MAX_HISTORY)));
    }

    /**
     * The position to continue after: that of the last event, which EventSource polyfills without headers send in the query,
     * or {@code since} if that is newer.
     */
    private static @Nullable Position since(HttpServletRequest request, Handshake caller) throws ProblemException {
        Position since = Parameters.position(caller.query().get("since"));
        Position header = lastEventId(request.getHeader("Last-Event-ID"));
        Position query = lastEventId(caller.query().get("lastEventId"));
        Position last = header == null ? query : header;
        if (last == null || since == null) {
            return last == null ? since : last;
        }
        return since.epoch().equals(last.epoch()) && since.offset() > last.offset() ? since : last;
    }

    private static @Nullable Position lastEventId(@Nullable String given) throws ProblemException {
        return given == null || given.isEmpty() ? null : Parameters.position(given);
    }

    /** Makes the answer a stream, for a caller with a seat. */
    void open(Exchange exchange, Handshake caller, LocalHub hub) throws IOException {
        AsyncContext async = exchange.stream();
        HttpServletResponse response = exchange.response();
        response.setContentType(MediaTypes.EVENTS);
        response.setCharacterEncoding("UTF-8");
        HEADERS.forEach(response::setHeader);
        CompletableFuture<Peer> peer = new CompletableFuture<>();
        async.addListener(new Ending(peer));
        peer.complete(hub.open(new EventStreamWriter(exchange.request(), exchange.output()), caller, opened -> {
            opened.join(caller.room(), caller.user(), WireFormat.EVENTS, start);
            return (silent, message) -> {};
        }));
    }

    /** Tells the hub that the connection is gone, if it was not the hub that ended it. */
    private record Ending(CompletionStage<Peer> peer) implements AsyncListener {

        @Override
        public void onComplete(AsyncEvent event) {
            peer.thenAccept(gone -> gone.closed(CloseReasons.GOING_AWAY));
        }

        @Override
        public void onTimeout(AsyncEvent event) {
            peer.thenAccept(gone -> gone.closed(CloseReasons.GOING_AWAY));
        }

        @Override
        public void onError(AsyncEvent event) {
            peer.thenAccept(gone -> gone.closed(CloseReasons.GOING_AWAY));
        }

        @Override
        public void onStartAsync(AsyncEvent event) {}
    }
}
