package dev.parley.wire.undertow;

import dev.parley.wire.Fields;
import dev.parley.wire.FrameTransport;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.Loops;
import dev.parley.wire.NotTakenException;
import io.undertow.server.protocol.http.HttpServerConnection;
import io.undertow.websockets.jsr.UndertowSession;
import jakarta.websocket.CloseReason;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;

/**
 * The socket below a WebSocket of Undertow's. Undertow's session and channel stay: they send the close frame, take what the socket
 * does not, and call {@code @OnClose}. Reads go past them and past WildFly's read timeout, which would cut a connection that it
 * sees no bytes of: the heartbeat finds a dead peer. XNIO's classes are not visible to an application on WildFly, hence the
 * reflection, once for each connection; the fields were read in XNIO 3.8.16.
 */
final class UndertowTransport implements FrameTransport {

    private static final Logger LOG = System.getLogger(UndertowTransport.class.getName());

    /** The one kind of connection that is a bare socket: one with TLS is another. */
    private static final String PLAIN = "org.xnio.nio.NioSocketStreamConnection";

    private final UndertowSession session;
    private final UndertowWriter writer;
    private final HttpServerConnection http;
    private final Xnio.Source source;
    private final SocketChannel socket;
    private boolean listens;
    private boolean bare; // what came with the handshake has been read

    private UndertowTransport(
            UndertowSession session, HttpServerConnection http, Xnio.Source source, SocketChannel socket) {
        this.session = session;
        this.writer = UndertowWriter.open(session);
        this.http = http;
        this.source = source;
        this.socket = socket;
    }

    /**
     * The transport of a connection that is being upgraded.
     *
     * @throws NotTakenException if something stands between the socket and the frames
     * @throws ReflectiveOperationException if the server is not as it was
     */
    static UndertowTransport below(UndertowSession session, Object stream, HttpServerConnection http)
            throws NotTakenException, ReflectiveOperationException {
        if (!stream.getClass().getName().equals(PLAIN)) {
            throw new NotTakenException(
                    "it is no bare socket but a " + stream.getClass().getName());
        }
        if (!session.getNegotiatedExtensions().isEmpty()) {
            throw new NotTakenException("it has an extension");
        }
        if (session.getMaxIdleTimeout() > 0) {
            throw new NotTakenException("the container has an idle timeout for it");
        }
        Object conduit = Fields.follow(stream, "conduit");
        SocketChannel socket = (SocketChannel) Fields.follow(conduit, "socketChannel");
        return new UndertowTransport(session, http, Xnio.Source.of(stream, conduit), socket);
    }

    /** In {@code @OnOpen} Undertow has set its own listener, and reads nothing before the return. */
    @Override
    public void listen(Runnable readable) {
        source.listen(readable);
        listens = true;
    }

    /** At the end of the upgrade, when the container has begun to read. */
    void start() {
        if (listens) {
            source.passTimeout(http.getExtraBytes() != null);
        }
    }

    @Override
    public Executor loop() {
        return writer.loop();
    }

    @Override
    public int read(ByteBuffer in) throws IOException {
        if (bare) {
            return socket.read(in);
        }
        if (http.getExtraBytes() == null) {
            bare = true;
            return socket.read(in);
        }
        int count = source.read(in);
        source.passTimeout(true);
        return count;
    }

    @Override
    public void write(ByteBuffer out) throws IOException {
        socket.write(out);
    }

    @Override
    public void queue(ByteBuffer rest, FrameWriter.Completion completion) {
        writer.write(rest, completion);
    }

    @Override
    public void close(CloseReason reason) {
        writer.close(reason);
    }

    /** The empty write completes behind all that is queued; the close frame is written before the task that it leaves. */
    @Override
    public void closeCame(CloseReason reason) {
        try {
            writer.write(ByteBuffer.allocate(0), failure -> Loops.execute(loop(), session::forceClose));
        } catch (RuntimeException e) {
            LOG.log(Level.DEBUG, "a connection has just ended", e);
            Loops.execute(loop(), session::forceClose);
        }
        writer.close(reason);
    }

    @Override
    public void lost() {
        session.forceClose();
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
