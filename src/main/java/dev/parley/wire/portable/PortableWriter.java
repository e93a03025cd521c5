package dev.parley.wire.portable;

import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.Sessions;
import jakarta.websocket.CloseReason;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Writes through {@link RemoteEndpoint.Async}, on any server. A frame starts when the one before it has completed: Tomcat cuts a
 * connection that gets the next one sooner, and Open Liberty loses and swaps frames. Undertow takes the frames of a batch at once and
 * sends them in one write.
 */
public final class PortableWriter implements FrameWriter {

    private final Session session;
    private final RemoteEndpoint.Async remote;
    private final boolean takesBatches;

    /**
     * A writer for a session.
     *
     * @param session the session
     * @param takesBatches whether its container takes a frame before the last has completed
     */
    public PortableWriter(Session session, boolean takesBatches) {
        this.session = session;
        this.remote = session.getAsyncRemote();
        this.takesBatches = takesBatches;
    }

    @Override
    public void write(Batch batch, Completion completion) {
        List<Frame> frames = batch.frames();
        if (takesBatches && frames.size() > 1) {
            writeAtOnce(frames, new Countdown(frames.size(), completion));
        } else {
            new InTurn(frames, completion).start();
        }
    }

    private void writeAtOnce(List<Frame> frames, Countdown countdown) {
        try {
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

    /** Starts a frame; its handler may be called inside. */
    private void send(Frame frame, SendHandler handler) throws IOException {
        switch (frame.kind()) {
            case TEXT -> remote.sendText(frame.text(), handler);
            case BINARY -> remote.sendBinary(copy(frame.payload()), handler);
            case PING -> {
                remote.sendPing(frame.payload());
                handler.onResult(new SendResult());
            }
            case PONG -> {
                remote.sendPong(frame.payload());
                handler.onResult(new SendResult());
            }
        }
    }

    /** Open Liberty loses a read-only buffer without a word. */
    private static ByteBuffer copy(ByteBuffer payload) {
        return ByteBuffer.allocate(payload.remaining()).put(payload).flip();
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

    private static @Nullable Throwable failure(SendResult result) {
        if (result.isOK()) {
            return null;
        }
        @Nullable Throwable cause = result.getException();
        return cause == null ? new IOException("the container gave no reason") : cause;
    }

    /** The frames of a batch, one after the other. Results come on any thread, perhaps inside the call that starts a frame. */
    private final class InTurn {

        private final List<Frame> frames;
        private final Completion completion;
        private final AtomicInteger completed = new AtomicInteger();
        private final AtomicInteger signals = new AtomicInteger();
        private int started;

        InTurn(List<Frame> frames, Completion completion) {
            this.frames = frames;
            this.completion = completion;
        }

        /** A loop and no recursion: containers that complete inside the call would overflow the stack. */
        void start() {
            if (signals.getAndIncrement() != 0) {
                return;
            }
            do {
                if (started == frames.size()) {
                    completion.done(null);
                    return;
                }
                int frame = started++;
                try {
                    send(frames.get(frame), result -> completed(frame, failure(result)));
                } catch (IOException | RuntimeException e) {
                    completed(frame, e);
                }
            } while (signals.decrementAndGet() != 0);
        }

        /** One result counts: Tyrus calls twice when the first call throws. */
        private void completed(int frame, @Nullable Throwable failure) {
            if (!completed.compareAndSet(frame, frame + 1)) {
                return;
            }
            if (failure == null) {
                start();
            } else {
                completion.done(failure);
            }
        }
    }

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
            Throwable failure = failure(result);
            if (failure != null) {
                completion.done(failure);
            } else if (decrementAndGet() == 0) {
                completion.done(null);
            }
        }
    }
}
