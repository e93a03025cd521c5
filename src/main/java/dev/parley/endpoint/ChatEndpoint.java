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
import jakarta.websocket.server.PathParam;
import jakarta.websocket.server.ServerEndpoint;
import java.nio.ByteBuffer;

/** The chat in the room of the path. */
@ServerEndpoint(
        value = "/ws/chat/{room}",
        subprotocols = Subprotocol.PARLEY_V1,
        configurator = HandshakeConfigurator.class)
public class ChatEndpoint extends RoomEndpoint {

    /** For the container. */
    public ChatEndpoint() {}

    /**
     * A client has connected.
     *
     * @param session its session
     * @param room the room that the container has matched
     */
    @OnOpen
    public void onOpen(Session session, @PathParam("room") String room) {
        openRoom(session, room);
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
