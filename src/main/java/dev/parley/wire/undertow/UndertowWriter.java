package dev.parley.wire.undertow;

import dev.parley.wire.Batch;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.Sessions;
import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.protocol.framed.SendFrameHeader;
import io.undertow.websockets.core.StreamSinkFrameChannel;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSocketFrameType;
import io.undertow.websockets.jsr.UndertowSession;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Session;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.Executor;

/**
 * Writes the bytes of a whole batch as one entry of Undertow's own queue of frames, so that pongs and closes of the
 * container keep their place between batches and a partial write is Undertow's business.
 */
public final class UndertowWriter implements FrameWriter {

    private static final Logger LOG = System.getLogger(UndertowWriter.class.getName());

    private final UndertowSession session;
    private final WebSocketChannel channel;

    private UndertowWriter(UndertowSession session) {
        this.session = session;
        this.channel = session.getWebSocketChannel();
    }

    /**
     * A writer for a session.
     *
     * @param session a session of Undertow's
     * @return the writer
     */
    public static UndertowWriter open(Session session) {
        return new UndertowWriter((UndertowSession) session);
    }

    @Override
    public void write(Batch batch, Completion completion) {
        write(batch.bytes(), completion);
    }

    /** Queues bytes that are whole frames, or the rest of such. */
    void write(ByteBuffer bytes, Completion completion) {
        try {
            BatchSink sink = new BatchSink(channel, completion);
            sink.send(new SharedBytes(bytes));
            sink.shutdownWrites();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Executor loop() {
        return channel.getIoThread();
    }

    @Override
    public void close(CloseReason reason) {
        Sessions.close(session, reason);
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    @Override
    public void abort() {
        try {
            Xnio.resetOnClose(channel);
        } catch (ReflectiveOperationException e) {
            LOG.log(Level.DEBUG, "the connection has just ended", e);
        }
        session.forceClose();
    }

    /**
     * A frame to Undertow, many frames to the peer: its header is empty and its body already framed. Undertow's own sinks
     * enter a queue of strict order when they are made; this one does not, so everything but the container's control frames
     * has to go through sinks of this kind.
     */
    private static final class BatchSink extends StreamSinkFrameChannel {

        private final Completion completion;

        BatchSink(WebSocketChannel channel, Completion completion) {
            super(channel, WebSocketFrameType.BINARY);
            this.completion = completion;
        }

        @Override
        protected SendFrameHeader createFrameHeader() {
            return new SendFrameHeader(0, null);
        }

        @Override
        protected void handleFlushComplete(boolean finalFrame) {
            completion.done(null);
        }

        @Override
        public void markBroken() {
            super.markBroken();
            completion.done(new ClosedChannelException());
        }

        @Override
        protected void channelForciblyClosed() throws IOException {
            super.channelForciblyClosed();
            completion.done(new ClosedChannelException());
        }
    }

    /** Bytes that are no pool's: many sinks read the same array, each through a buffer of its own. */
    private static final class SharedBytes implements PooledByteBuffer {

        private final ByteBuffer bytes;
        private boolean open = true;

        SharedBytes(ByteBuffer bytes) {
            this.bytes = bytes;
        }

        @Override
        public ByteBuffer getBuffer() {
            return bytes;
        }

        @Override
        public void close() {
            open = false;
        }

        @Override
        public boolean isOpen() {
            return open;
        }
    }
}
