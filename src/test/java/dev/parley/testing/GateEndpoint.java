package dev.parley.testing;

import dev.parley.gate.Gate;
import jakarta.inject.Inject;
import jakarta.websocket.OnMessage;
import jakarta.websocket.server.ServerEndpoint;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the deployed gate counts, for a test that adds this class to the WAR: seats, and instances of this endpoint that there
 * ever were, with a space between, as the answer to any text. It has no configurator of ours, so it keeps no seat.
 */
@ServerEndpoint(GateEndpoint.PATH)
public class GateEndpoint {

    /** Where it answers. */
    public static final String PATH = "/ws/test/gate";

    private static final AtomicInteger INSTANCES = new AtomicInteger();

    /** Injected by the server. */
    @Inject
    private Gate gate;

    /** For the container. */
    public GateEndpoint() {
        INSTANCES.incrementAndGet();
    }

    @OnMessage
    public String count(String question) {
        return gate.seats() + " " + INSTANCES;
    }
}
