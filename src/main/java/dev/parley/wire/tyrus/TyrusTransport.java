package dev.parley.wire.tyrus;

import dev.parley.wire.EventLoop;
import dev.parley.wire.EventLoops;
import dev.parley.wire.FrameTransport;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.Loops;
import dev.parley.wire.NotTakenException;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Session;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The socket below a WebSocket of Tyrus's (GlassFish, Payara), which an {@link EventLoop} of ours reads. Tyrus's session stays: it
 * sends the close frame, writes what the socket does not take, and calls {@code @OnClose}; it gets the client's close frame as the
 * bytes that came, and the connection itself when that ends in any other way. The fields were read in Tyrus 2.1.5.
 */
public final class TyrusTransport implements FrameTransport, GrizzlyInterceptor.Owner, EventLoop.Socket {

    private static final Logger LOG = System.getLogger(TyrusTransport.class.getName());

    /** How much is read and dropped before a close: bytes left in the socket would turn it into a reset. */
    private static final int MAX_DROPPED = 1024 * 1024;

    private final Below below;
    private final SocketChannel socket;
    private final ByteBuffer early;
    private final EventLoop loop;
    private Runnable readable = () -> {};
    private @Nullable SelectionKey key;
    private boolean left; // the socket is no longer ours
    private boolean behind = true; // the server may have bytes that the socket has not taken, the 101 for one

    TyrusTransport(Below below, SocketChannel socket, byte[] early, EventLoop loop) {
        this.below = below;
        this.socket = socket;
        this.early = ByteBuffer.wrap(early);
        this.loop = loop;
    }

    /**
     * The transport of a session that is being opened.
     *
     * @param session a session of Tyrus
     * @param loops one of these will read it
     * @return the transport
     * @throws NotTakenException if something stands between the socket and the frames
     * @throws ReflectiveOperationException if the server is not as it was
     */
    public static TyrusTransport below(Session session, EventLoops loops)
            throws NotTakenException, ReflectiveOperationException {
        if (session.isSecure()) {
            throw new NotTakenException("it has TLS");
        }
        if (!session.getNegotiatedExtensions().isEmpty()) {
            throw new NotTakenException("it has an extension");
        }
        if (session.getMaxIdleTimeout() > 0) {
            throw new NotTakenException("the container has an idle timeout for it");
        }
        TyrusWriter writer = TyrusWriter.open(session);
        GrizzlyInterceptor interceptor = writer.connection().interceptor();
        TyrusTransport transport = new TyrusTransport(
                new Server(writer, interceptor), writer.connection().channel(), interceptor.early(), loops.next());
        interceptor.take(transport);
        return transport;
    }

    @Override
    public Executor loop() {
        return loop;
    }

    @Override
    public void listen(Runnable reads) {
        readable = reads;
    }

    @Override
    public void firstBytes() {
        try {
            loop.execute(this::register);
        } catch (RejectedExecutionException e) {
            below.readAgain();
        }
    }

    private void register() {
        while (!left && early.hasRemaining()) {
            readable.run();
        }
        if (!left) { // again is the same key
            try {
                key = loop.register(socket, this);
            } catch (ClosedChannelException e) {
                leave();
            }
        }
    }

    @Override
    public void closed() {
        Loops.execute(loop, this::leave);
    }

    @Override
    public void ready() {
        readable.run();
    }

    @Override
    public void dropped() {
        lost();
    }

    /**
     * Reads no more. A closed descriptor is freed only when each selector has dropped its key, which ours does at its next
     * selection.
     */
    private void leave() {
        if (!left) {
            left = true;
            if (key != null) {
                key.cancel();
            }
            Loops.execute(loop, readable); // which finds the end
        }
    }

    @Override
    public int read(ByteBuffer in) throws IOException {
        if (left) {
            return -1;
        }
        if (early.hasRemaining()) {
            int count = Math.min(early.remaining(), in.remaining());
            in.put(early.slice().limit(count));
            early.position(early.position() + count);
            return count;
        }
        return socket.read(in);
    }

    @Override
    public void write(ByteBuffer out) throws IOException {
        if (left || (behind && !below.hasWritten())) {
            return;
        }
        behind = false;
        socket.write(out);
    }

    @Override
    public void queue(ByteBuffer rest, FrameWriter.Completion completion) {
        behind = true;
        below.write(rest, completion);
    }

    /** Tyrus ends the connection right behind its close frame, and waits for no answer. */
    @Override
    public void close(CloseReason reason) {
        if (!below.isOver()) {
            below.afterHandshake(() -> Loops.execute(loop, () -> close(reason)));
            return;
        }
        if (!left) {
            dropUnread();
            leave();
        }
        below.close(reason);
    }

    private void dropUnread() {
        ByteBuffer dropped = ByteBuffer.allocate(16 * 1024);
        try {
            for (int n = 0; n < MAX_DROPPED && socket.read(dropped.clear()) > 0; ) {
                n += dropped.position();
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a connection has just ended", e);
        }
    }

    /** On a worker: Tyrus calls {@code @OnClose}, which is the application's. */
    @Override
    public void closeCame(CloseReason reason) {
        leave();
        below.handOn(closeFrame(reason));
    }

    /** The client's close frame, as it may have come: with a mask of zeros. */
    private static ByteBuffer closeFrame(CloseReason reason) {
        int code = reason.getCloseCode().getCode();
        byte[] phrase = reason.getReasonPhrase().getBytes(StandardCharsets.UTF_8);
        boolean empty = code == CloseReason.CloseCodes.NO_STATUS_CODE.getCode();
        ByteBuffer frame = ByteBuffer.allocate(2 + 4 + (empty ? 0 : 2 + phrase.length));
        frame.put((byte) 0x88).put((byte) (0x80 | (frame.capacity() - 6))).putInt(0);
        if (!empty) {
            frame.putShort((short) code).put(phrase);
        }
        return frame.flip();
    }

    @Override
    public void lost() {
        if (!left) {
            leave();
            below.readAgain();
        }
    }

    @Override
    public boolean isOpen() {
        return below.isOpen();
    }

    @Override
    public void abort() {
        below.abort();
    }

    /** The server's side of the connection. For any thread. */
    interface Below {

        /** As {@link GrizzlyInterceptor#isOver}. */
        boolean isOver();

        /** As {@link GrizzlyInterceptor#execute}. */
        void afterHandshake(Runnable task);

        /** Whether the socket has taken all that the server had to write. */
        boolean hasWritten();

        /** Queues bytes behind those that the server has. */
        void write(ByteBuffer bytes, FrameWriter.Completion completion);

        /** Has the server handle bytes of the client, on a thread of its own. */
        void handOn(ByteBuffer bytes);

        /** Has the server read the socket again. */
        void readAgain();

        /** Sends the close frame and ends the connection. */
        void close(CloseReason reason);

        boolean isOpen();

        void abort();
    }

    private record Server(TyrusWriter writer, GrizzlyInterceptor interceptor) implements Below {

        @Override
        public boolean isOver() {
            return interceptor.isOver();
        }

        @Override
        public void afterHandshake(Runnable task) {
            interceptor.execute(task);
        }

        @Override
        public boolean hasWritten() {
            return writer.connection().hasWritten();
        }

        @Override
        public void write(ByteBuffer bytes, FrameWriter.Completion completion) {
            writer.write(bytes, completion);
        }

        @Override
        public void handOn(ByteBuffer bytes) {
            interceptor.execute(() -> {
                try {
                    writer.readHandler().handle(bytes);
                } catch (ReflectiveOperationException | RuntimeException e) {
                    LOG.log(Level.WARNING, "Tyrus is not as it was: a connection is cut", e);
                    writer.abort();
                }
            });
        }

        @Override
        public void readAgain() {
            interceptor.release();
        }

        @Override
        public void close(CloseReason reason) {
            writer.close(reason);
        }

        @Override
        public boolean isOpen() {
            return writer.isOpen();
        }

        @Override
        public void abort() {
            writer.abort();
        }
    }
}
