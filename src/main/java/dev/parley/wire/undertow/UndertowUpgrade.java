package dev.parley.wire.undertow;

import dev.parley.wire.FrameConnection;
import dev.parley.wire.FrameLoop;
import dev.parley.wire.NotTakenException;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.HttpUpgradeListener;
import io.undertow.server.protocol.http.HttpServerConnection;
import io.undertow.websockets.jsr.UndertowSession;
import jakarta.websocket.Session;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;
import org.xnio.StreamConnection;

/**
 * Passes a connection of Undertow's on to the WebSocket that takes it over, and has it forget what it needs no more. As long as it
 * lives it remembers who took it over, and with that the request, the response and the security context, and who read its HTTP,
 * with the headers of the request: more than a third of the heap that an idle peer needs. The connection itself is known only
 * here, so frames of our own begin here too.
 */
public final class UndertowUpgrade implements HttpUpgradeListener {

    /** What is being upgraded on this thread: Undertow calls {@code @OnOpen} within it, unless it dispatches to a worker. */
    private static final ThreadLocal<UndertowUpgrade> CURRENT = new ThreadLocal<>();

    private final HttpServerConnection connection;
    private final Method[] setters;
    private final HttpUpgradeListener listener;
    private @Nullable Object stream;
    private @Nullable UndertowTransport transport;

    private UndertowUpgrade(HttpServerConnection connection, HttpUpgradeListener listener, Method... setters) {
        this.connection = connection;
        this.setters = setters;
        this.listener = listener;
    }

    /**
     * Stands between an exchange that will be upgraded, if it will, and who takes its connection over.
     *
     * @param exchange Undertow's, still open
     * @throws ReflectiveOperationException if the server is not as it was: it was read in Undertow 2.3.23
     */
    public static void forgets(Object exchange) throws ReflectiveOperationException {
        if (((HttpServerExchange) exchange).getConnection() instanceof HttpServerConnection connection) {
            Method getter = method("getUpgradeListener");
            Method upgrade = method("setUpgradeListener", HttpUpgradeListener.class);
            Method reader = method("setReadListener", method("getReadListener").getReturnType());
            if (getter.invoke(connection) instanceof HttpUpgradeListener listener) {
                upgrade.invoke(connection, new UndertowUpgrade(connection, listener, upgrade, reader));
            }
        }
    }

    private static Method method(String name, Class<?>... parameters) throws NoSuchMethodException {
        Method method = HttpServerConnection.class.getDeclaredMethod(name, parameters);
        method.setAccessible(true);
        return method;
    }

    @Override
    public void handleUpgrade(StreamConnection stream, HttpServerExchange exchange) {
        try {
            for (Method setter : setters) {
                setter.invoke(connection, (Object) null);
            }
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("a setter that was called before fails", e);
        }
        this.stream = stream;
        CURRENT.set(this);
        try {
            listener.handleUpgrade(stream, exchange);
        } finally {
            CURRENT.remove();
        }
        if (transport != null) {
            transport.start();
        }
    }

    /**
     * Takes the connection below the session that is being opened on this thread.
     *
     * @param session the session, Undertow's
     * @param loops the buffers of the event loops
     * @return the connection, which Parley reads and writes from now on
     * @throws NotTakenException if the connection has to stay the container's
     * @throws ReflectiveOperationException if the server is not as it was
     */
    public static FrameConnection take(Session session, FrameLoop.All loops)
            throws NotTakenException, ReflectiveOperationException {
        UndertowUpgrade upgrade = CURRENT.get();
        if (upgrade == null || upgrade.stream == null) {
            throw new NotTakenException("@OnOpen is not called within the upgrade");
        }
        UndertowTransport transport =
                UndertowTransport.below((UndertowSession) session, upgrade.stream, upgrade.connection);
        upgrade.transport = transport;
        return new FrameConnection(transport, loops.of(transport.loop()));
    }
}
