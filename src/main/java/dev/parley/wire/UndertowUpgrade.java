package dev.parley.wire;

import io.undertow.server.HttpServerExchange;
import io.undertow.server.HttpUpgradeListener;
import io.undertow.server.protocol.http.HttpServerConnection;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.xnio.StreamConnection;

/**
 * Takes a connection of Undertow's over for who was to have it, and has it forget both. It remembers who took it over for as
 * long as it lives, and with that the request, its headers, the response and the security context: more than a quarter of
 * the heap that an idle peer needs.
 */
final class UndertowUpgrade implements HttpUpgradeListener {

    private final HttpServerConnection connection;
    private final Method setter;
    private final HttpUpgradeListener listener;

    private UndertowUpgrade(HttpServerConnection connection, Method setter, HttpUpgradeListener listener) {
        this.connection = connection;
        this.setter = setter;
        this.listener = listener;
    }

    /**
     * Stands between an exchange that will be upgraded, if it will, and who takes its connection over.
     *
     * @param exchange Undertow's, still open
     * @throws ReflectiveOperationException if the server is not as it was: it was read in Undertow 2.3.23
     */
    static void forgets(Object exchange) throws ReflectiveOperationException {
        if (((HttpServerExchange) exchange).getConnection() instanceof HttpServerConnection connection) {
            Method getter = HttpServerConnection.class.getDeclaredMethod("getUpgradeListener");
            Method setter =
                    HttpServerConnection.class.getDeclaredMethod("setUpgradeListener", HttpUpgradeListener.class);
            getter.setAccessible(true);
            setter.setAccessible(true);
            if (getter.invoke(connection) instanceof HttpUpgradeListener listener) {
                setter.invoke(connection, new UndertowUpgrade(connection, setter, listener));
            }
        }
    }

    @Override
    public void handleUpgrade(StreamConnection stream, HttpServerExchange exchange) {
        try {
            setter.invoke(connection, (Object) null);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("a setter that was called before fails", e);
        }
        listener.handleUpgrade(stream, exchange);
    }
}
