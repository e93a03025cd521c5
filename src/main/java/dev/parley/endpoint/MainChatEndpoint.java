package dev.parley.endpoint;

import dev.parley.gate.HandshakeConfigurator;
import dev.parley.protocol.Subprotocol;
import jakarta.websocket.server.ServerEndpoint;

/** The chat at {@code /ws/chat}, which is the room {@code main}: an endpoint has one path. */
@ServerEndpoint(value = "/ws/chat", subprotocols = Subprotocol.PARLEY_V1, configurator = HandshakeConfigurator.class)
public class MainChatEndpoint extends ChatEndpoint {

    /** For the container. */
    public MainChatEndpoint() {}
}
