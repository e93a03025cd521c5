package dev.parley.wire.tyrus;

import dev.parley.wire.Fields;
import dev.parley.wire.NotTakenException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

/**
 * Grizzly's connection below a request or a socket of GlassFish's or Payara's. Tyrus learns of its end only while somebody
 * listens for bytes, and closes it only when all that is queued was taken; the connection itself knows, and can be ended. The
 * fields on the way to it were read in GlassFish 7.0.25 and Payara 6.2025.9. Safe for any thread.
 */
public final class GrizzlyConnection {

    private static final Logger LOG = System.getLogger(GrizzlyConnection.class.getName());

    /** Bytes that wait above the kernel before a response takes no more; Grizzly's own bound is a few times the kernel's buffer. */
    private static final int MAX_PENDING = 64 * 1024;

    private final Object connection;
    private final SocketChannel channel;

    private GrizzlyConnection(Object connection, SocketChannel channel) {
        this.connection = connection;
        this.channel = channel;
    }

    /**
     * The connection that the input of a request comes from. Asked for while the request lasts, which that of a socket does as
     * long as the socket: afterwards its objects serve another connection.
     *
     * @param request the request
     * @param input the fields that lead from it to its input
     * @return the connection
     * @throws NotTakenException if it has ended
     * @throws ReflectiveOperationException if the server is not as it was
     */
    public static GrizzlyConnection below(Object request, String... input)
            throws NotTakenException, ReflectiveOperationException {
        Object connection = of(Fields.follow(request, input));
        if (connection.getClass().getMethod("getChannel").invoke(connection) instanceof SocketChannel channel) {
            return new GrizzlyConnection(connection, channel);
        }
        throw new NoSuchFieldException("the channel of " + connection);
    }

    /**
     * Grizzly's connection below the input of a request.
     *
     * @throws NotTakenException if it has ended: the request is then taken apart, even while its session opens
     */
    static Object of(Object input) throws NotTakenException, ReflectiveOperationException {
        Object buffer = Fields.read(Fields.follow(input, "ib"), "grizzlyInputBuffer");
        Object connection = buffer == null ? null : Fields.read(buffer, "connection");
        if (connection == null) {
            throw new NotTakenException("it has just ended");
        }
        return connection;
    }

    /** The server's own request behind the input of one. It is pooled. */
    static Object request(Object input) throws ReflectiveOperationException {
        return Fields.follow(input, "ib", "request");
    }

    /**
     * Has a request whose handshake is being answered forget the connection before. It is pooled, and keeps these from one that
     * ended during its handshake. With the first two a close would end the new connection while a thread is in its handshake, and
     * the client would get no answer. With the third the server would take the session for opened, and never open it: a note in
     * GlassFish (StandardPipeline, 7.0.25), a field in Payara (Request, 6.2025.9).
     *
     * @param input of the request
     * @throws ReflectiveOperationException if the server is not as it was
     */
    public static void forgetBefore(Object input) throws ReflectiveOperationException {
        Object request = request(input);
        Fields.write(request, "afterService", false);
        Fields.write(request, "resume", false);
        if (Fields.has(request.getClass(), "handlerInitialised")) {
            Fields.write(request, "handlerInitialised", false);
        } else {
            request.getClass().getMethod("removeNote", String.class).invoke(request, "afterUpgradeHandlerInitialized");
        }
    }

    SocketChannel channel() {
        return channel;
    }

    /** As {@link GrizzlyInterceptor#on}. */
    GrizzlyInterceptor interceptor() throws NotTakenException, ReflectiveOperationException {
        return GrizzlyInterceptor.on(connection);
    }

    /** Whether the socket has taken all that Grizzly had to write. */
    boolean hasWritten() {
        try {
            Object queue = connection.getClass().getMethod("getAsyncWriteQueue").invoke(connection);
            return (boolean) queue.getClass().getMethod("isEmpty").invoke(queue);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a public method of Grizzly fails", e);
        }
    }

    /**
     * Has who writes learn soon that the client takes nothing: what waits in Grizzly counts as sent.
     *
     * @return this connection
     * @throws ReflectiveOperationException if the server is not as it was
     */
    public GrizzlyConnection limitPending() throws ReflectiveOperationException {
        connection.getClass().getMethod("setMaxAsyncWriteQueueSize", int.class).invoke(connection, MAX_PENDING);
        return this;
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    /** Has it end with a reset when it is closed, or the kernel would keep what it holds for a client that is not there. */
    void resetOnClose() {
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a connection has just ended", e);
        }
    }

    /** Ends it with a reset, and without waiting for what is queued, as Grizzly's graceful close does for ever. */
    public void abort() {
        resetOnClose();
        terminate(connection);
    }

    static void terminate(Object connection) {
        try {
            connection.getClass().getMethod("terminateSilently").invoke(connection);
        } catch (ReflectiveOperationException e) {
            LOG.log(Level.DEBUG, "Grizzly is not as it was", e);
        }
    }
}
