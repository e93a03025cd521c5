package dev.parley.wire.tyrus;

import dev.parley.protocol.CloseReasons;
import dev.parley.wire.Batch;
import dev.parley.wire.Fields;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.NotTakenException;
import dev.parley.wire.Sessions;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Session;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.concurrent.CancellationException;
import org.glassfish.tyrus.spi.CompletionHandler;
import org.glassfish.tyrus.spi.Connection;
import org.glassfish.tyrus.spi.ReadHandler;
import org.glassfish.tyrus.spi.Writer;

/**
 * Writes the bytes of a whole batch through the writer below Tyrus's remote endpoint (GlassFish, Payara). It takes them in one
 * piece, in order with Tyrus's own pongs and closes, and so skips, for each message, an encoder, a flush and a task on the
 * timer of the server. There is no public way to that writer; the fields on the way were read in Tyrus 2.1.5, as GlassFish
 * 7.0.25 and Payara 6.2025.9 have it.
 */
public final class TyrusWriter implements FrameWriter {

    /** How many frames may wait in Tyrus. Parley writes one batch at a time, so most of them are pongs. */
    private static final int MAX_QUEUED = 1024;

    private final Session session;
    private final Writer writer;
    private final Collection<?> queued;
    private final GrizzlyConnection connection;

    private TyrusWriter(Session session, Writer writer, Collection<?> queued, GrizzlyConnection connection) {
        this.session = session;
        this.writer = writer;
        this.queued = queued;
        this.connection = connection;
    }

    /**
     * A writer for a session.
     *
     * @param session a session of Tyrus
     * @return the writer
     * @throws NotTakenException if the connection has ended
     * @throws ReflectiveOperationException if this is not Tyrus, or not as it was
     */
    public static TyrusWriter open(Session session) throws NotTakenException, ReflectiveOperationException {
        Object writer = Fields.follow(session.getAsyncRemote(), "webSocket", "protocolHandler", "writer");
        if (writer instanceof Writer known && Fields.follow(known, "queue") instanceof Collection<?> queued) {
            GrizzlyConnection connection = GrizzlyConnection.below(known, "tyrusHttpUpgradeHandler", "handler", "is");
            return new TyrusWriter(session, known, queued, connection.limitPending());
        }
        throw new NoSuchFieldException("writer");
    }

    @Override
    public void write(Batch batch, Completion completion) {
        write(batch.bytes(), completion);
    }

    /** Queues bytes that are whole frames, or the rest of such. */
    void write(ByteBuffer bytes, Completion completion) {
        writer.write(bytes, new Handler(completion));
    }

    GrizzlyConnection connection() {
        return connection;
    }

    /** What takes the bytes that a client has sent; there is one once {@code @OnOpen} has returned. */
    ReadHandler readHandler() throws ReflectiveOperationException {
        Object tyrus = Fields.follow(writer, "tyrusHttpUpgradeHandler", "handler", "connection");
        return ((Connection) tyrus).getReadHandler();
    }

    /** Tyrus ends the connection right behind the close frame, and nobody is left who could cut it if that is not taken. */
    @Override
    public void close(CloseReason reason) {
        if (reason.equals(CloseReasons.UNRESPONSIVE)) {
            connection.resetOnClose();
        }
        Sessions.close(session, reason);
    }

    @Override
    public boolean isOpen() {
        return connection.isOpen();
    }

    /** The size is read beside Tyrus's own changes: a moment old is good enough. */
    @Override
    public boolean isFlooded() {
        return queued.size() > MAX_QUEUED;
    }

    @Override
    public void abort() {
        connection.abort();
    }

    private static final class Handler extends CompletionHandler<ByteBuffer> {

        private final Completion completion;

        Handler(Completion completion) {
            this.completion = completion;
        }

        @Override
        public void completed(ByteBuffer bytes) {
            completion.done(null);
        }

        @Override
        public void failed(Throwable failure) {
            completion.done(failure);
        }

        @Override
        public void cancelled() {
            completion.done(new CancellationException());
        }
    }
}
