package dev.parley.endpoint;

import dev.parley.api.Conversation;
import dev.parley.api.Membership;
import dev.parley.api.Peer;
import dev.parley.api.Start;
import dev.parley.api.WireFormat;
import dev.parley.gate.Gate;
import dev.parley.gate.Handshake;
import dev.parley.ops.Settings;
import dev.parley.protocol.JsonCodec;
import dev.parley.protocol.Position;
import dev.parley.protocol.Subprotocol;
import jakarta.inject.Inject;

/**
 * The chat in a room: in plain text everyone in it reads {@code user: text}, and who comes and goes; in the subprotocol
 * {@code parley.v1} the same as typed JSON, with offsets to resume from.
 */
abstract class RoomEndpoint extends PeerEndpoint {

    @Inject
    private JsonCodec codec;

    @Inject
    private Gate gate;

    @Inject
    private Settings settings;

    RoomEndpoint() {}

    @Override
    protected Conversation converse(Peer peer, Handshake handshake) {
        if (subprotocol().equals(Subprotocol.PARLEY_V1)) {
            return new RoomConversation(codec, gate, settings.limits().text(), peer, handshake, start(handshake));
        }
        Membership room = peer.join(handshake.room(), handshake.user(), WireFormat.PLAIN);
        return (member, message) -> room.publish(message);
    }

    private static Start start(Handshake handshake) {
        String since = handshake.query().get("since");
        String history = handshake.query().getOrDefault("history", "0");
        return new Start(since == null ? null : Position.parse(since), Integer.parseInt(history));
    }
}
