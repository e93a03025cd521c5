package dev.parley.endpoint;

import dev.parley.api.Conversation;
import dev.parley.api.Membership;
import dev.parley.api.Peer;
import dev.parley.api.WireFormat;
import dev.parley.gate.Handshake;
import dev.parley.gate.HandshakeConfigurator;
import dev.parley.protocol.RoomName;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.nio.ByteBuffer;

/** The lobby: who comes gets {@code welcome}; what one says the others get as it is, and the one as {@code echo: …}. */
@ServerEndpoint(value = "/ws", configurator = HandshakeConfigurator.class)
public class LobbyEndpoint extends PeerEndpoint {

    /** For the container. */
    public LobbyEndpoint() {}

    @Override
    @OnOpen
    public void onOpen(Session session) {
        super.onOpen(session);
    }

    @Override
    @OnMessage
    public void onText(String part, boolean last) {
        super.onText(part, last);
    }

    @Override
    @OnMessage
    public void onBinary(ByteBuffer part, boolean last) {
        super.onBinary(part, last);
    }

    @Override
    @OnMessage
    public void onPong(PongMessage pong) {
        super.onPong(pong);
    }

    @Override
    @OnClose
    public void onClose(CloseReason reason) {
        super.onClose(reason);
    }

    @Override
    @OnError
    public void onError(Throwable failure) {
        super.onError(failure);
    }

    @Override
    protected Conversation converse(Peer peer, Handshake handshake) {
        peer.send("welcome");
        Membership lobby = peer.join(RoomName.LOBBY, handshake.user(), WireFormat.LOBBY);
        return new InLobby(lobby);
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
