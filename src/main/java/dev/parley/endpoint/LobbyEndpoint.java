package dev.parley.endpoint;

import dev.parley.gate.Handshake;
import dev.parley.gate.HandshakeConfigurator;
import dev.parley.hub.Conversation;
import dev.parley.hub.Form;
import dev.parley.hub.Membership;
import dev.parley.hub.Peer;
import dev.parley.protocol.RoomName;
import jakarta.websocket.server.ServerEndpoint;
import java.nio.ByteBuffer;

/** The lobby: who comes gets {@code welcome}; what one says the others get as it is, and the one as {@code echo: …}. */
@ServerEndpoint(value = "/ws", configurator = HandshakeConfigurator.class)
public class LobbyEndpoint extends PeerEndpoint {

    /** For the container. */
    public LobbyEndpoint() {}

    @Override
    protected Conversation converse(Peer peer, Handshake handshake) {
        peer.send("welcome");
        Membership lobby = peer.join(RoomName.LOBBY, handshake.user(), Form.LOBBY);
        return handshake.identity().mayPublish(RoomName.LOBBY) ? new InLobby(lobby) : new ReadOnly();
    }

    private record InLobby(Membership lobby) implements Conversation {
        @Override
        public void text(Peer peer, String message) {
            lobby.publish(message);
        }

        @Override
        public void binary(Peer peer, ByteBuffer message) {
            lobby.publish(message);
        }
    }
}
