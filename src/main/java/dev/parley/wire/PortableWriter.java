package dev.parley.wire;

import jakarta.websocket.CloseReason;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Writes through {@link RemoteEndpoint.Async}, on any server. Where the container honours batching (Undertow) the frames of
 * a batch leave in one write; where it does not (Tyrus) they leave one by one.
 */
final class PortableWriter implements FrameWriter {

    private final Session session;
    private final RemoteEndpoint.Async remote;

    PortableWriter(Session session) {
        this.session = session;
        this.remote = session.getAsyncRemote();
    }

    @Override
    public void write(Batch batch, Completion completion) {
        List<Frame> frames = batch.frames();
        Countdown countdown = new Countdown(frames.size(), completion);
        try {
            if (frames.size() == 1) {
                send(frames.get(0), countdown);
                return;
            }
            // Held-back frames hold back the container's pongs and closes too, so only around these frames.
            remote.setBatchingAllowed(true);
            try {
                for (Frame frame : frames) {
                    send(frame, countdown);
                }
            } finally {
                remote.setBatchingAllowed(false);
            }
            remote.flushBatch();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void send(Frame frame, Countdown countdown) throws IOException {
        switch (frame.kind()) {
            case TEXT -> remote.sendText(frame.text(), countdown);
            case BINARY -> remote.sendBinary(frame.payload(), countdown);
            case PING -> {
                remote.sendPing(frame.payload());
                countdown.one(null);
            }
        }
    }

    @Override
    public void close(CloseReason reason) {
        Sessions.close(session, reason);
    }

    @Override
    public boolean isOpen() {
        return session.isOpen();
    }

    /** There is no portable way: the connection ends when the server's own timeouts end it. */
    @Override
    public void abort() {}

    /** Turns one result per frame into one per batch. */
    private static final class Countdown extends AtomicInteger implements SendHandler {

        private static final long serialVersionUID = 1L;

        private final transient Completion completion;

        Countdown(int frames, Completion completion) {
            super(frames);
            this.completion = completion;
        }

        @Override
        public void onResult(SendResult result) {
            one(result.isOK() ? null : failure(result));
        }

        void one(@Nullable Throwable failure) {
            if (failure != null) {
                completion.done(failure);
            } else if (decrementAndGet() == 0) {
                completion.done(null);
            }
        }

        private static Throwable failure(SendResult result) {
            @Nullable Throwable cause = result.getException();
            return cause == null ? new IOException("the container gave no reason") : cause;
        }
    }
}
