package dev.parley.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A reader of Server-Sent Events as WHATWG HTML §9.2.6 has it, but for {@code retry}, which it keeps. It keeps what it is sent,
 * in order, until the test takes it.
 */
public final class EventReader implements AutoCloseable {

    /** What a stream brings. */
    public sealed interface Item {}

    /** An event: its name, its id or null, its data as JSON. */
    public record Event(String name, String id, JsonObject data) implements Item {}

    /** A comment. */
    public record Comment(String text) implements Item {}

    /** The end, with the failure if the stream was cut off. */
    public record End(Throwable failure) implements Item {}

    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(OnServer.DEADLINE)
            .build();

    private final BlockingQueue<Item> items = new LinkedBlockingQueue<>();
    private final CompletableFuture<HttpResponse.ResponseInfo> head = new CompletableFuture<>();
    private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
    private final Consumer<Item> sink;
    private volatile String lastId;
    private volatile String retry;

    private EventReader(Consumer<Item> sink) {
        this.sink = sink == null ? items::add : sink;
    }

    /** Opens a stream, whatever the answer; the headers are names and values in turn. */
    public static EventReader open(URI base, String target, String... headers) {
        return open(base, target, null, headers);
    }

    /** Opens a stream whose items go elsewhere, on any thread, one after the other. */
    public static EventReader open(URI base, String target, Consumer<Item> sink, String... headers) {
        var reader = new EventReader(sink);
        var request = HttpRequest.newBuilder(base.resolve(target)).header("Accept", "text/event-stream");
        if (headers.length > 0) {
            request.headers(headers);
        }
        HTTP.sendAsync(request.build(), info -> {
                    reader.head.complete(info);
                    return BodyHandlers.fromLineSubscriber(reader.new Lines()).apply(info);
                })
                .whenComplete((response, failure) -> {
                    if (failure != null) {
                        reader.head.completeExceptionally(failure);
                    }
                });
        return reader;
    }

    /** The status and headers of the answer. */
    public HttpResponse.ResponseInfo head() {
        return head.orTimeout(OnServer.DEADLINE.toSeconds(), TimeUnit.SECONDS).join();
    }

    /** The last id it saw. */
    public String lastId() {
        return lastId;
    }

    /** The last {@code retry} it saw. */
    public String retry() {
        return retry;
    }

    /** Takes the next item. */
    public Item nextItem() {
        try {
            var item = items.poll(OnServer.DEADLINE.toSeconds(), TimeUnit.SECONDS);
            return item == null ? fail("nothing came within %s", OnServer.DEADLINE) : item;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Takes the next event, past comments. */
    public Event next() {
        Item item = nextItem();
        while (item instanceof Comment) {
            item = nextItem();
        }
        assertThat(item).isInstanceOf(Event.class);
        return (Event) item;
    }

    /** Takes the next event, which must be of this type, and is named so. */
    public Event next(String type) {
        Event event = next();
        assertThat(event.name()).as("%s", event).isEqualTo(type);
        assertThat(event.data().getString("type")).isEqualTo(type);
        return event;
    }

    /** Takes the next message, past who comes and goes; it must have this text. */
    public Event message(String text) {
        Event event = next();
        while (event.name().equals("joined") || event.name().equals("left")) {
            event = next();
        }
        assertThat(event.data().getString("text", "")).as("%s", event).isEqualTo(text);
        return event;
    }

    /** Takes all up to the end, which must come. */
    public void expectEnd() {
        Item item = nextItem();
        while (!(item instanceof End)) {
            item = nextItem();
        }
    }

    @Override
    public void close() {
        subscription.thenAccept(Flow.Subscription::cancel);
    }

    private final class Lines implements Flow.Subscriber<String> {

        private String name = "message";
        private String id;
        private final StringBuilder data = new StringBuilder();

        @Override
        public void onSubscribe(Flow.Subscription given) {
            given.request(Long.MAX_VALUE);
            subscription.complete(given);
        }

        @Override
        public void onNext(String line) {
            if (line.isEmpty()) {
                if (data.length() > 0) {
                    try (var json = Json.createReader(new StringReader(data.toString()))) {
                        sink.accept(new Event(name, id, json.readObject()));
                    }
                }
                name = "message";
                id = null;
                data.setLength(0);
                return;
            }
            int colon = line.indexOf(':');
            String field = line.substring(0, colon);
            String value = line.substring(colon + 1).replaceFirst("^ ", "");
            switch (field) {
                case "" -> sink.accept(new Comment(value));
                case "event" -> name = value;
                case "id" -> {
                    id = value;
                    lastId = value;
                }
                case "retry" -> retry = value;
                case "data" -> data.append(value);
                default -> throw new AssertionError("an unknown field: " + line);
            }
        }

        @Override
        public void onError(Throwable failure) {
            sink.accept(new End(failure));
        }

        @Override
        public void onComplete() {
            sink.accept(new End(null));
        }
    }
}
