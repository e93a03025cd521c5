package dev.parley.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A WebSocket client that keeps what it is sent, in order, until the test takes it. Used by one thread, the test's.
 *
 * <p>It never asks that nothing comes within some time: {@link #expectText} and {@link #expectPong} take the very next
 * event, so that whatever a test sends afterwards and gets back proves that nothing came before it.
 */
public final class Client implements AutoCloseable {

    /** What a server does to a client. */
    public sealed interface Event {}

    /** A whole text message. */
    public record Text(String text) implements Event {}

    /** A whole binary message; equal when the bytes are. */
    public record Binary(ByteBuffer bytes) implements Event {}

    /** The answer to a ping. */
    public record Pong(ByteBuffer bytes) implements Event {}

    /** The server's close frame. */
    public record Close(int code, String reason) implements Event {}

    /** The connection ended without a close frame, or broke the protocol. */
    public record Failed(String cause) implements Event {}

    /** One for all: each has threads of its own. */
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(OnServer.DEADLINE).build();

    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final String name;
    private WebSocket socket;

    private Client(String name) {
        this.name = name;
    }

    /** Opens a connection; the headers are names and values in turn, of which the subprotocol may be one. */
    public static Client connect(URI base, String target, String... headers) {
        var client = new Client(target);
        var builder = HTTP.newWebSocketBuilder();
        for (int i = 0; i < headers.length; i += 2) {
            if (headers[i].equalsIgnoreCase("Sec-WebSocket-Protocol")) {
                builder.subprotocols(headers[i + 1]);
            } else {
                builder.header(headers[i], headers[i + 1]);
            }
        }
        var uri = URI.create("ws://" + base.getAuthority() + target);
        client.socket = get(builder.buildAsync(uri, client.new Listener()));
        return client;
    }

    /** Sends one text message in one frame. */
    public Client text(String message) {
        get(socket.sendText(message, true));
        return this;
    }

    /** Sends one text message in as many frames as there are parts. */
    public Client fragments(String... parts) {
        for (int i = 0; i < parts.length; i++) {
            get(socket.sendText(parts[i], i == parts.length - 1));
        }
        return this;
    }

    /** Sends one binary message in one frame. */
    public Client binary(byte... message) {
        get(socket.sendBinary(ByteBuffer.wrap(message), true));
        return this;
    }

    /** Sends a ping. */
    public Client ping(byte... message) {
        get(socket.sendPing(ByteBuffer.wrap(message)));
        return this;
    }

    /** Sends a close. */
    public Client close(int code, String reason) {
        get(socket.sendClose(code, reason));
        return this;
    }

    /** Takes the next event, which must come before the deadline. */
    public Event next() {
        try {
            var event = events.poll(OnServer.DEADLINE.toSeconds(), TimeUnit.SECONDS);
            return event == null ? fail("%s was sent nothing within %s", name, OnServer.DEADLINE) : event;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Takes the next event, which must be this text. */
    public Client expectText(String message) {
        assertThat(next()).as(name).isEqualTo(new Text(message));
        return this;
    }

    /** Takes the next event, which must be these bytes. */
    public Client expectBinary(byte... message) {
        assertThat(next()).as(name).isEqualTo(new Binary(ByteBuffer.wrap(message)));
        return this;
    }

    /** Takes the next event, which must be a pong with these bytes. */
    public Client expectPong(byte... message) {
        assertThat(next()).as(name).isEqualTo(new Pong(ByteBuffer.wrap(message)));
        return this;
    }

    /** Takes the next event, which must be a close with this code; gives its reason. */
    public String expectClose(int code) {
        var event = next();
        assertThat(event).as(name).isInstanceOf(Close.class);
        assertThat(((Close) event).code()).as("%s: %s", name, event).isEqualTo(code);
        return ((Close) event).reason();
    }

    /** Takes the next event, which must be a text; gives it. */
    public String nextText() {
        var event = next();
        assertThat(event).as(name).isInstanceOf(Text.class);
        return ((Text) event).text();
    }

    /** Takes that many texts. */
    public List<String> texts(int count) {
        var texts = new ArrayList<String>();
        for (int i = 0; i < count; i++) {
            texts.add(nextText());
        }
        return texts;
    }

    /** Proves that nothing was due: the pong to a ping is the next event. */
    public Client expectNothing() {
        return ping((byte) 7).expectPong((byte) 7);
    }

    /** The subprotocol that the server chose, or an empty text. */
    public String subprotocol() {
        return socket.getSubprotocol();
    }

    @Override
    public void close() {
        // Fails where the server's close has just been answered; then there is nothing left to do.
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "")
                .exceptionally(failure -> socket)
                .join();
    }

    private static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(OnServer.DEADLINE.toSeconds(), TimeUnit.SECONDS).join();
    }

    private final class Listener implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();
        private ByteBuffer binary = ByteBuffer.allocate(0);

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                events.add(new Text(text.toString()));
                text.setLength(0);
            }
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket from, ByteBuffer part, boolean last) {
            binary = ByteBuffer.allocate(binary.remaining() + part.remaining())
                    .put(binary)
                    .put(part)
                    .flip();
            if (last) {
                events.add(new Binary(binary));
                binary = ByteBuffer.allocate(0);
            }
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onPong(WebSocket from, ByteBuffer message) {
            events.add(new Pong(
                    ByteBuffer.allocate(message.remaining()).put(message).flip()));
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            events.add(new Close(code, reason));
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            events.add(new Failed(error.toString()));
        }
    }
}
