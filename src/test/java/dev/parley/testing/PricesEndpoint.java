package dev.parley.testing;

import dev.parley.endpoint.PeerEndpoint;
import dev.parley.gate.Handshake;
import dev.parley.gate.HandshakeConfigurator;
import dev.parley.hub.Conversation;
import dev.parley.hub.Form;
import dev.parley.hub.Membership;
import dev.parley.hub.Peer;
import jakarta.websocket.server.ServerEndpoint;

/** The endpoint of another team, as the README shows it. */
@ServerEndpoint(value = "/ws/prices", configurator = HandshakeConfigurator.class)
public class PricesEndpoint extends PeerEndpoint {

    /** For the container. */
    public PricesEndpoint() {}

    @Override
    protected Conversation converse(Peer peer, Handshake handshake) {
        Membership prices = peer.join("prices", handshake.user(), Form.PLAIN);
        return (sender, message) -> prices.publish(message);
    }
}
