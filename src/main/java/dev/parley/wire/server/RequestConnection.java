package dev.parley.wire.server;

import dev.parley.wire.FrameWriter;
import dev.parley.wire.NotTakenException;
import dev.parley.wire.tyrus.GrizzlyConnection;
import dev.parley.wire.tyrus.GrizzlyInterceptor;
import dev.parley.wire.undertow.UndertowUpgrade;
import dev.parley.wire.undertow.Xnio;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The connection below an HTTP request, which no standard API gives: Undertow's, found by public methods, or
 * {@link GrizzlyConnection}. On a server that is neither, or not as it was, nothing can be done with it. Safe for any thread.
 */
public final class RequestConnection {

    private static final Logger LOG = System.getLogger(RequestConnection.class.getName());

    private final @Nullable Object undertow;
    private final @Nullable GrizzlyConnection grizzly;
    private final @Nullable Executor loop;

    private RequestConnection(@Nullable Object undertow, @Nullable GrizzlyConnection grizzly, @Nullable Executor loop) {
        this.undertow = undertow;
        this.grizzly = grizzly;
        this.loop = loop;
    }

    /**
     * The connection of a request that is still open: afterwards the request may be another client's.
     *
     * @param request a request, as the container handed it to its servlet
     * @return the connection
     */
    public static RequestConnection below(ServletRequest request) {
        try {
            if (isUndertows(request)) {
                Object exchange = call(request, "getExchange");
                return new RequestConnection(
                        call(exchange, "getConnection"), null, (Executor) call(exchange, "getIoThread"));
            }
            return new RequestConnection(null, GrizzlyConnection.below(request.getInputStream()), null);
        } catch (NotTakenException | ReflectiveOperationException | IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "the server hides its connections", e);
            return new RequestConnection(null, null, null);
        }
    }

    /**
     * Whether the server, asked for more of a body whose last bytes it has just given, reads on into the next request of the
     * connection, and may answer both with what belongs to the other: Grizzly gives the last bytes before it notes that they are
     * the last (InputBuffer.invokeHandler, 4.0.2), and tells of the end unasked.
     *
     * @param request a request, as the container handed it to its servlet
     * @return whether its stream must not be asked for more than the body has
     */
    public static boolean readsOn(ServletRequest request) {
        return request.getClass().getName().startsWith("org.apache.catalina.connector.");
    }

    /**
     * Whether a request has a body (RFC 9112 §6.3).
     *
     * @param request any request
     * @return true also if none of it has come
     */
    public static boolean hasBody(HttpServletRequest request) {
        return request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null;
    }

    /**
     * Ends the connection of a request that is answered and whose body has not come, if the server would wait for the rest of it
     * on a thread. Undertow does when it ends a request (ServletInputStreamImpl.close, 2.3), and a client that sends a byte now and
     * then, or none, holds that thread as long as it likes. What was written is sent first.
     *
     * @param request a request that is still open, as the container handed it to its servlet
     */
    public static void endUnread(ServletRequest request) {
        if (isUndertows(request)) {
            try {
                Object exchange = call(request, "getExchange");
                if (call(exchange, "isRequestComplete").equals(false)) {
                    call(call(exchange, "getConnection"), "close");
                }
            } catch (ReflectiveOperationException | RuntimeException e) {
                LOG.log(Level.DEBUG, "a connection could not be ended", e);
            }
        }
    }

    /**
     * Prepares the connection of a handshake for the socket that opens on it: Undertow lets go of the request, which it would keep
     * as long as the socket; on Grizzly, the pooled request forgets its connection before, and Parley sees what comes before the
     * server reads it.
     *
     * @param request a request, as the container handed it to a filter, after that has let it pass; perhaps no handshake
     * @param upgraded whether it was answered with 101
     * @param own whether Parley is to read the frames
     */
    public static void upgrades(ServletRequest request, boolean upgraded, boolean own) {
        try {
            if (isUndertows(request)) {
                UndertowUpgrade.forgets(call(request, "getExchange"));
            } else if (upgraded && readsOn(request)) {
                InputStream input = request.getInputStream();
                GrizzlyConnection.forgetBefore(input);
                if (own && takesWhatFollows(request)) {
                    GrizzlyInterceptor.intercept(input);
                }
            }
        } catch (NotTakenException | ReflectiveOperationException | IOException | LinkageError | RuntimeException e) {
            LOG.log(Level.DEBUG, "the server keeps its handshakes", e);
        }
    }

    /**
     * Whether bytes may follow a handshake in the same segment, if {@link #upgrades} follows and Parley is to read the frames.
     *
     * @param request the handshake, as the container handed it to a filter
     * @return true if Parley can take them from the server, which would block a thread for ever on them
     */
    public static boolean takesWhatFollows(ServletRequest request) {
        return readsOn(request) && !request.isSecure();
    }

    private static boolean isUndertows(ServletRequest request) {
        return request.getClass().getName().startsWith("io.undertow.");
    }

    /**
     * The thread that all writes of it go through; as {@link FrameWriter#loop}.
     *
     * @return the thread, null if any thread writes alike
     */
    @Nullable
    public Executor loop() {
        return loop;
    }

    /** Has a response take no more soon after the client takes none, where the server would hold megabytes for it; Undertow holds nothing. */
    public void limitPending() {
        if (grizzly != null) {
            try {
                grizzly.limitPending();
            } catch (ReflectiveOperationException e) {
                LOG.log(Level.DEBUG, "the server takes as much as it likes", e);
            }
        }
    }

    /** Ends it at once, with a reset. */
    public void cut() {
        if (grizzly != null) {
            grizzly.abort();
        } else if (undertow != null) {
            try {
                Xnio.resetOnClose(undertow);
                call(undertow, "close");
            } catch (ReflectiveOperationException | RuntimeException e) {
                LOG.log(Level.DEBUG, "a connection could not be cut off", e);
            }
        }
    }

    private static Object call(Object on, String method) throws ReflectiveOperationException {
        Object result = on.getClass().getMethod(method).invoke(on);
        return result == null ? on : result;
    }
}
