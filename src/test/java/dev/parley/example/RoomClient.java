package dev.parley.example;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonStructure;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A client of one room that comes back, resumes, and publishes each message once. Safe for any thread. */
public final class RoomClient implements AutoCloseable {

    private static final Set<Integer> STAY_AWAY = Set.of(1000, 1003, 1007, 1008, 1009);
    private static final int LOST = 1006;
    private static final long BACKOFF_MILLIS = 500;
    private static final int DOUBLINGS = 6;

    private final HttpClient http = HttpClient.newHttpClient();
    private final String address;
    private final Consumer<JsonObject> reader;
    private final Map<String, Publication> outbox = new LinkedHashMap<>(); // by id: what is not acknowledged
    private WebSocket socket;
    private CompletableFuture<?> sending; // one send at a time: WebSocket takes no second one
    private boolean welcomed;
    private boolean closed;
    private String epoch;
    private long offset;
    private long drainMillis = -1;
    private int failures;

    private record Publication(String text, CompletableFuture<Long> offset) {}

    /**
     * Joins a room.
     *
     * @param room such as {@code wss://example.org/ws/chat/main?user=ada}
     * @param reader is given each message of the server once, in order
     */
    public RoomClient(String room, Consumer<JsonObject> reader) {
        this.address = room;
        this.reader = reader;
        connect();
    }

    /** Publishes a text, now or when the connection is back; gives the offset once the server has it. */
    public synchronized CompletableFuture<Long> publish(String text) {
        var id = UUID.randomUUID().toString();
        var publication = new Publication(text, new CompletableFuture<>());
        outbox.put(id, publication);
        if (welcomed) {
            send(id, publication);
        }
        return publication.offset();
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (welcomed) {
            say(Json.createObjectBuilder().add("type", "bye").build());
        }
    }

    private synchronized void connect() {
        if (closed) {
            return;
        }
        var since = epoch == null ? "" : "&since=" + epoch + ":" + offset;
        http.newWebSocketBuilder()
                .subprotocols("parley.v1")
                .buildAsync(URI.create(address + since), new Listener())
                .exceptionally(failure -> {
                    ended(LOST);
                    return null;
                });
    }

    private synchronized void ended(int code) {
        welcomed = false;
        if (closed || STAY_AWAY.contains(code)) {
            closed = true;
            outbox.values().forEach(each -> each.offset()
                    .completeExceptionally(new IllegalStateException("the room was closed with " + code)));
            outbox.clear();
            return;
        }
        // Full jitter: those who were cut off together do not come back together.
        long bound = BACKOFF_MILLIS << Math.min(failures++, DOUBLINGS);
        long wait = drainMillis >= 0 ? drainMillis : ThreadLocalRandom.current().nextLong(bound);
        drainMillis = -1;
        Executor later = CompletableFuture.delayedExecutor(wait, TimeUnit.MILLISECONDS);
        later.execute(this::connect);
    }

    private synchronized void read(JsonObject message) {
        switch (message.getString("type")) {
            case "welcome" -> {
                if (!message.getString("epoch").equals(epoch)) {
                    epoch = message.getString("epoch"); // another history: nothing before is comparable
                    offset = message.getJsonNumber("offset").longValue();
                }
                failures = 0;
                welcomed = true;
                outbox.forEach(this::send); // the same ids: what has arrived is not stored again
            }
            case "message" -> {
                long at = message.getJsonNumber("offset").longValue();
                if (at <= offset) {
                    return; // known
                }
                offset = at;
            }
            case "gap" -> offset = message.getJsonNumber("to").longValue();
            case "drain" ->
                drainMillis = message.getJsonNumber("reconnectAfterMs").longValue();
            case "ack" ->
                settle(message).complete(message.getJsonNumber("offset").longValue());
            case "error" ->
                settle(message).completeExceptionally(new IllegalArgumentException(message.getString("message")));
            default -> {}
        }
        reader.accept(message);
    }

    private CompletableFuture<Long> settle(JsonObject message) {
        var publication = outbox.remove(message.getString("id", ""));
        return publication == null ? new CompletableFuture<>() : publication.offset();
    }

    private void send(String id, Publication publication) {
        say(Json.createObjectBuilder()
                .add("type", "chat")
                .add("id", id)
                .add("text", publication.text())
                .build());
    }

    private void say(JsonObject message) {
        var to = socket;
        // What fails to go out is sent again after the next welcome.
        sending = sending.handle((sent, failure) -> to.sendText(message.toString(), true))
                .thenCompose(sent -> sent);
    }

    private static List<? extends JsonValue> messages(String frame) {
        JsonStructure value = Json.createReader(new StringReader(frame)).read();
        return value instanceof JsonArray array ? array : List.of(value);
    }

    private final class Listener implements WebSocket.Listener {
        private final StringBuilder frame = new StringBuilder();

        @Override
        public void onOpen(WebSocket opened) {
            synchronized (RoomClient.this) {
                socket = opened;
                sending = CompletableFuture.completedFuture(null);
            }
            opened.request(1);
        }

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            frame.append(part);
            if (last) {
                messages(frame.toString()).forEach(message -> read(message.asJsonObject()));
                frame.setLength(0);
            }
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            ended(code);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            ended(LOST);
        }
    }
}
