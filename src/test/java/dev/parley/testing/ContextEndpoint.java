package dev.parley.testing;

import dev.parley.delivery.Hub;
import dev.parley.delivery.Peer;
import dev.parley.gate.HandshakeConfigurator;
import jakarta.enterprise.context.ContextNotActiveException;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import javax.naming.InitialContext;
import javax.naming.NamingException;

/** An application's own endpoint, whose messages ask in which context they are handled; for a test that adds this class. */
@ServerEndpoint(value = ContextEndpoint.PATH, configurator = HandshakeConfigurator.class)
public class ContextEndpoint {

    /** Where it answers. */
    public static final String PATH = "/ws/test/context";

    /** Injected by the server. */
    @Inject
    private Hub hub;

    /** Injected by the server. */
    @Inject
    private Visit visit;

    private Peer peer;

    /** For the container. */
    public ContextEndpoint() {}

    /** Lives as long as one message is handled. */
    @RequestScoped
    public static class Visit {

        private int calls;

        /** How often it was called, with this call. */
        public int count() {
            return ++calls;
        }
    }

    @OnOpen
    public void open(Session session) {
        peer = hub.open(session, opened -> this::answer);
    }

    private void answer(Peer sender, String question) {
        sender.send(
                switch (question) {
                    case "class loader" ->
                        String.valueOf(Thread.currentThread().getContextClassLoader()
                                == getClass().getClassLoader());
                    case "naming" -> name();
                    case "request" -> visits();
                    default -> question;
                });
    }

    private static String name() {
        try {
            return new InitialContext().lookup("java:module/ModuleName").toString();
        } catch (NamingException e) {
            return "none";
        }
    }

    private String visits() {
        try {
            return visit.count() + " " + visit.count();
        } catch (ContextNotActiveException e) {
            return "none";
        }
    }

    @OnMessage
    public void text(String part, boolean last) {
        peer.text(part, last);
    }

    @OnClose
    public void close(CloseReason reason) {
        peer.closed(reason);
    }
}
