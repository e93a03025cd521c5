package dev.parley.endpoint;

import dev.parley.api.Conversation;
import dev.parley.api.Peer;
import dev.parley.gate.Handshake;
import dev.parley.gate.HandshakeConfigurator;
import dev.parley.protocol.BadMessageException;
import dev.parley.protocol.ClientMessage;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.JsonCodec;
import dev.parley.protocol.ServerMessage;
import jakarta.inject.Inject;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.nio.ByteBuffer;

/** The typed JSON: {@code chat} is echoed, {@code ping} gets {@code pong}, {@code bye} a close, all else an error. */
@ServerEndpoint(value = "/ws/json", configurator = HandshakeConfigurator.class)
public class JsonEndpoint extends PeerEndpoint {

    /** For the container. */
    public JsonEndpoint() {}

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

    @Inject
    private JsonCodec codec;

    @Override
    protected Conversation converse(Peer peer, Handshake handshake) {
        return new Typed(codec, peer);
    }

    private record Typed(JsonCodec codec, Peer peer) implements Conversation, ClientMessage.Visitor {
        @Override
        public void text(Peer sender, String message) {
            try {
                codec.decode(message).accept(this);
            } catch (BadMessageException e) {
                answer(new ServerMessage.Problem(e.reason()));
            }
        }

        @Override
        public void chat(ClientMessage.Chat chat) {
            answer(new ServerMessage.Echo(chat.text()));
        }

        @Override
        public void ping() {
            answer(new ServerMessage.Pong());
        }

        @Override
        public void bye() {
            peer.close(CloseReasons.BYE);
        }

        private void answer(ServerMessage message) {
            peer.send(codec.encode(message));
        }
    }
}
