package dev.parley.endpoint;

import dev.parley.api.Conversation;
import dev.parley.api.Peer;
import dev.parley.gate.Handshake;
import dev.parley.gate.HandshakeConfigurator;
import dev.parley.protocol.Reversal;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.nio.ByteBuffer;

/** The reverse: a text comes back last character first, by code point or {@code ?by=grapheme}; bytes as they are. */
@ServerEndpoint(value = "/ws/reverse", configurator = HandshakeConfigurator.class)
public class ReverseEndpoint extends PeerEndpoint {

    /** For the container. */
    public ReverseEndpoint() {}

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
        return new Reverse(Reversal.of(handshake.query().get("by")));
    }

    private record Reverse(Reversal reversal) implements Conversation {
        @Override
        public void text(Peer peer, String message) {
            peer.send(reversal.apply(message));
        }

        @Override
        public void binary(Peer peer, ByteBuffer message) {
            peer.send(message);
        }
    }
}
