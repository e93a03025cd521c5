package dev.parley.endpoint;

import dev.parley.gate.HandshakeConfigurator;
import dev.parley.protocol.Subprotocol;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.nio.ByteBuffer;

/** The chat at {@code /ws/chat}, which is the room {@code main}: an endpoint has one path. */
@ServerEndpoint(value = "/ws/chat", subprotocols = Subprotocol.PARLEY_V1, configurator = HandshakeConfigurator.class)
public class MainChatEndpoint extends RoomEndpoint {

    /** For the container. */
    public MainChatEndpoint() {}

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
