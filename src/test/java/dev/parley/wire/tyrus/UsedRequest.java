package dev.parley.wire.tyrus;

import dev.parley.wire.Fields;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.io.IOException;

/** Grizzly's request of a handshake, as if a connection before had ended during its own; for one connection at a time. */
public final class UsedRequest {

    private static volatile Object request;

    private UsedRequest() {}

    /** Leaves in the request what Grizzly leaves there. */
    public static class Before extends HttpFilter {

        private static final long serialVersionUID = 1L;

        /** For the container. */
        public Before() {}

        @Override
        protected void doFilter(HttpServletRequest asked, HttpServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            try {
                request = GrizzlyConnection.request(asked.getInputStream());
                Fields.write(request, "afterService", true);
                if (Fields.has(request.getClass(), "handlerInitialised")) { // Payara's
                    Fields.write(request, "handlerInitialised", true);
                } else {
                    request.getClass()
                            .getMethod("setNote", String.class, Object.class)
                            .invoke(request, "afterUpgradeHandlerInitialized", true);
                }
            } catch (ReflectiveOperationException e) {
                throw new ServletException("the server is not as it was", e);
            }
            chain.doFilter(asked, response);
        }
    }

    /** Says whether Grizzly takes the handshake for over. */
    @ServerEndpoint(Opened.PATH)
    public static class Opened {

        /** Where it says so. */
        static final String PATH = "/ws/test/used";

        /** For the container. */
        public Opened() {}

        @OnOpen
        public void open(Session session) throws IOException, ReflectiveOperationException {
            session.getBasicRemote().sendText("over: " + Fields.read(request, "afterService"));
        }
    }
}
