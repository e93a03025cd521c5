package dev.parley.testing;

import dev.parley.api.Hub;
import dev.parley.gate.HandshakeConfigurator;
import jakarta.inject.Inject;
import jakarta.websocket.OnMessage;
import jakarta.websocket.server.ServerEndpoint;

/**
 * What the deployed hub counts, for a test that adds this class to the WAR: peers and rooms, with a space between, as the
 * answer to any text. Its own connections are none of the hub's.
 */
@ServerEndpoint(value = HubEndpoint.PATH, configurator = HandshakeConfigurator.class)
public class HubEndpoint {

    /** Where it answers. */
    public static final String PATH = "/ws/test/hub";

    /** Injected by the server. */
    @Inject
    private Hub hub;

    /** For the container. */
    public HubEndpoint() {}

    @OnMessage
    public String count(String question) {
        return hub.peers() + " " + hub.rooms();
    }
}
