package dev.parley.testing;

import dev.parley.api.Hub;
import jakarta.inject.Inject;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;

/** Has every session closed with 1008 while it opens: without a configurator of ours none is checked. */
@ServerEndpoint(ClosingEndpoint.PATH)
public class ClosingEndpoint {

    /** Where it closes. */
    public static final String PATH = "/ws/test/closing";

    /** Injected by the server. */
    @Inject
    private Hub hub;

    /** For the container. */
    public ClosingEndpoint() {}

    @OnOpen
    public void open(Session session) {
        hub.open(session, peer -> (sender, message) -> {});
    }
}
