package dev.parley.testing;

import dev.parley.api.Conversation;
import dev.parley.api.Membership;
import dev.parley.api.Peer;
import dev.parley.api.WireFormat;
import dev.parley.endpoint.PeerEndpoint;
import dev.parley.gate.Handshake;
import dev.parley.gate.HandshakeConfigurator;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.nio.ByteBuffer;

/** The endpoint of another team, as the README shows it. */
@ServerEndpoint(value = "/ws/prices", configurator = HandshakeConfigurator.class)
public class PricesEndpoint extends PeerEndpoint {

    @Override
    protected Conversation converse(Peer peer, Handshake handshake) {
        Membership prices = peer.join("prices", handshake.user(), WireFormat.PLAIN);
        return (sender, message) -> prices.publish(message);
    }

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
}
