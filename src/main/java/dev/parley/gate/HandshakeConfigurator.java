package dev.parley.gate;

import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpointConfig;
import java.util.List;

/**
 * Hands what the gate found on to the endpoint. Name it in {@code @ServerEndpoint(configurator = …)} to use
 * {@link Handshake#of}.
 */
public class HandshakeConfigurator extends ServerEndpointConfig.Configurator {

    /** For the container. */
    public HandshakeConfigurator() {}

    /**
     * Moves the handshake into the user properties, which belong to this one connection on Undertow and Tyrus alike.
     *
     * @param config the endpoint's configuration, a copy for this connection
     * @param request not used: the filter has read it
     * @param response left as it is
     */
    @Override
    public void modifyHandshake(ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
        Handshake handshake = Handshake.CURRENT.get();
        if (handshake != null) {
            config.getUserProperties().put(Handshake.KEY, handshake);
            Handshake.CURRENT.remove();
        }
    }

    /**
     * Takes the first subprotocol that the client asks for and the endpoint speaks. What it asks for besides may be no
     * subprotocol at all: a browser's script puts its token there.
     *
     * @param supported those of the endpoint
     * @param requested those of the client, the best first
     * @return the one spoken, empty if there is none
     */
    @Override
    public String getNegotiatedSubprotocol(List<String> supported, List<String> requested) {
        return requested.stream().filter(supported::contains).findFirst().orElse("");
    }
}
