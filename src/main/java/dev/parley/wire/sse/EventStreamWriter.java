package dev.parley.wire.sse;

import dev.parley.wire.Batch;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.server.RequestConnection;
import jakarta.servlet.ServletRequest;
import jakarta.websocket.CloseReason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Writes to one reader of Server-Sent Events: a frame's payload is an event, a ping a comment. A stream has no close codes:
 * it ends, and its reader comes back with the last {@code id} it saw.
 */
public final class EventStreamWriter implements FrameWriter {

    /** A comment longer than what a proxy in between may want before it passes anything on. */
    private static final String PADDING = ":" + " ".repeat(2048) + "\n\n";

    private final ResponseOutput output;
    private final RequestConnection connection;
    private volatile boolean writes;

    /**
     * Starts a stream.
     *
     * @param request the request, as the container handed it to its servlet
     * @param output its output, whose headers are set
     * @throws IOException if the container has no stream for it
     */
    public EventStreamWriter(ServletRequest request, ResponseOutput output) throws IOException {
        this.output = output;
        this.connection = RequestConnection.below(request);
        connection.limitPending();
        output.on(connection.loop());
        output.start(PADDING.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void write(Batch batch, Completion completion) {
        writes = true;
        output.write(batch.events(), failure -> {
            writes = false;
            completion.done(failure);
        });
    }

    /** Ends the stream, or cuts it off if its reader has not taken what was written: then it is one that falls behind. */
    @Override
    public void close(CloseReason reason) {
        if (writes) {
            abort();
        } else {
            output.end();
        }
    }

    @Override
    public @Nullable Executor loop() {
        return connection.loop();
    }

    @Override
    public boolean isOpen() {
        return output.isOpen();
    }

    /** The connection too: a graceful end would wait for a client that reads nothing. After the end it may serve the next request. */
    @Override
    public void abort() {
        output.cancel(connection::cut);
    }

    /** It only reads: that it is gone shows when it takes nothing any more. */
    @Override
    public boolean answersPings() {
        return false;
    }
}
