package dev.parley.wire;

import jakarta.servlet.ServletRequest;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * The connection below an HTTP request, which no standard API gives: Undertow's, found by public methods, or
 * {@link GrizzlyConnection}.
 */
public final class RequestConnection {

    private static final Logger LOG = System.getLogger(RequestConnection.class.getName());

    private RequestConnection() {}

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

    /** Has a response take no more soon after the client takes none, where the server would hold megabytes for it. */
    static void limitPending(ServletRequest request) {
        if (isUndertow(request)) {
            return; // it holds nothing
        }
        try {
            GrizzlyConnection.below(request.getInputStream()).limitPending();
        } catch (ReflectiveOperationException | IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "the server takes as much as it likes", e);
        }
    }

    private static boolean isUndertow(ServletRequest request) {
        return request.getClass().getName().startsWith("io.undertow.");
    }

    /** Ends it at once, with a reset; on a server that is not as it was, this does nothing, and TCP has to give up. */
    static void cut(ServletRequest request) {
        try {
            if (isUndertow(request)) {
                Object connection = call(call(request, "getExchange"), "getConnection");
                Xnio.resetOnClose(connection);
                call(connection, "close");
            } else {
                GrizzlyConnection.below(request.getInputStream()).abort();
            }
        } catch (ReflectiveOperationException | IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "a connection could not be cut off", e);
        }
    }

    private static Object call(Object on, String method) throws ReflectiveOperationException {
        Object result = on.getClass().getMethod(method).invoke(on);
        return result == null ? on : result;
    }
}
