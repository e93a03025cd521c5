package dev.parley.wire;

import jakarta.servlet.AsyncContext;
import jakarta.websocket.CloseReason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Writes to one reader of Server-Sent Events: a frame's payload is an event, a ping a comment. A stream has no close codes:
 * it ends, and its reader comes back with the last {@code id} it saw.
 */
public final class EventStreamWriter implements FrameWriter {

    /** A comment longer than what a proxy in between may want before it passes anything on. */
    private static final String PADDING = ":" + " ".repeat(2048) + "\n\n";

    private final ResponseOutput output;
    private volatile boolean writes;

    /**
     * Starts a stream.
     *
     * @param async the request, whose headers of the response are set
     * @throws IOException if the container has no stream for it
     */
    public EventStreamWriter(AsyncContext async) throws IOException {
        RequestConnection.limitPending(async.getRequest());
        this.output = ResponseOutput.open(async, PADDING.getBytes(StandardCharsets.UTF_8));
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
            output.abort();
        } else {
            output.end();
        }
    }

    @Override
    public boolean isOpen() {
        return output.isOpen();
    }

    @Override
    public void abort() {
        output.abort();
    }

    /** It only reads: that it is gone shows when it takes nothing any more. */
    @Override
    public boolean answersPings() {
        return false;
    }
}
