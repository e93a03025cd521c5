package dev.parley.endpoint;

import dev.parley.gate.Gate;
import dev.parley.gate.Handshake;
import dev.parley.gate.HandshakeConfigurator;
import dev.parley.hub.Conversation;
import dev.parley.hub.Form;
import dev.parley.hub.Membership;
import dev.parley.hub.Peer;
import dev.parley.hub.Start;
import dev.parley.ops.Settings;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.JsonCodec;
import dev.parley.protocol.Position;
import dev.parley.protocol.Subprotocol;
import jakarta.inject.Inject;
import jakarta.websocket.server.ServerEndpoint;

/**
 * The chat in a room: in plain text everyone in it reads {@code user: text}, and who comes and goes; in the subprotocol
 * {@code parley.v1} the same as typed JSON, with offsets to resume from.
 */
@ServerEndpoint(
        value = "/ws/chat/{room}",
        subprotocols = Subprotocol.PARLEY_V1,
        configurator = HandshakeConfigurator.class)
public class ChatEndpoint extends PeerEndpoint {

    @Inject
    private JsonCodec codec;

    @Inject
    private Gate gate;

    @Inject
    private Settings settings;

    /** For the container. */
    public ChatEndpoint() {}

    @Override
    protected Conversation converse(Peer peer, Handshake handshake) {
        if (subprotocol().equals(Subprotocol.PARLEY_V1)) {
            return new RoomConversation(codec, gate, settings.limits().text(), peer, handshake, start(handshake));
        }
        if (handshake.identity().isUnknown()) {
            peer.close(CloseReasons.FORBIDDEN); // there is no message of the plain chat that could bring a token
            return new ReadOnly();
        }
        Membership room = peer.join(handshake.room(), handshake.user(), Form.PLAIN);
        return handshake.identity().mayPublish(handshake.room())
                ? (member, message) -> room.publish(message)
                : new ReadOnly();
    }

    private static Start start(Handshake handshake) {
        String since = handshake.query().get("since");
        String history = handshake.query().getOrDefault("history", "0");
        return new Start(since == null ? null : Position.parse(since), Integer.parseInt(history));
    }
}
