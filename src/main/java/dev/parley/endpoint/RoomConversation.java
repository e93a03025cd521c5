package dev.parley.endpoint;

import dev.parley.api.Conversation;
import dev.parley.api.Membership;
import dev.parley.api.Peer;
import dev.parley.api.Start;
import dev.parley.api.WireFormat;
import dev.parley.gate.Gate;
import dev.parley.gate.Handshake;
import dev.parley.gate.Refusal;
import dev.parley.ops.Incidents;
import dev.parley.protocol.BadMessageException;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.JsonCodec;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import dev.parley.protocol.RoomNotice;
import dev.parley.protocol.RoomRequest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * {@code parley.v1} with one peer in one room: requests are published or answered, all else is an error. A peer that has yet
 * to say who it is enters the room with its token.
 */
final class RoomConversation implements Conversation, RoomRequest.Visitor {

    private static final String FORBIDDEN = "The client may not publish in this room.";

    /** A check costs up to some hundred microseconds, on a thread that other clients share. */
    private static final int MAX_BAD_TOKENS = 2;

    private final JsonCodec codec;
    private final Gate gate;
    private final int maxText;
    private final Peer peer;
    private final Start start;
    private Handshake handshake;
    private @Nullable Membership room;
    private int badTokens;

    RoomConversation(JsonCodec codec, Gate gate, int maxText, Peer peer, Handshake handshake, Start start) {
        this.codec = codec;
        this.gate = gate;
        this.maxText = maxText;
        this.peer = peer;
        this.start = start;
        this.handshake = handshake;
        if (!handshake.identity().isUnknown()) {
            room = enter();
        }
    }

    private Membership enter() {
        return peer.join(handshake.room(), handshake.user(), WireFormat.PARLEY_V1, start);
    }

    /** The limit is the text's, whatever its JSON adds. */
    @Override
    public int maxText(int limit) {
        return JsonCodec.maxMessage(limit);
    }

    @Override
    public void text(Peer sender, String message) {
        try {
            codec.decodeRequest(message, maxText).accept(this);
        } catch (BadMessageException e) {
            problem(e.code(), e.reason(), e.id());
        }
    }

    /** Read all the same: its sender has to know which message it was. */
    @Override
    public void tooFast(Peer sender, String message) {
        String id;
        try {
            id = codec.decodeRequest(message, maxText) instanceof RoomRequest.Chat chat ? chat.id() : null;
        } catch (BadMessageException e) {
            id = e.id();
        }
        problem(ErrorCode.RATE, "that is more than the rate allows; wait a second", id);
    }

    @Override
    public void chat(RoomRequest.Chat chat) {
        if (room != null) {
            room.publish(chat.text(), chat.id())
                    .whenComplete((position, failure) ->
                            Incidents.guard(() -> answer(chat.id(), position, failure), peer::failed));
        } else {
            problem(ErrorCode.FORBIDDEN, FORBIDDEN, chat.id());
        }
    }

    private void answer(@Nullable String id, @Nullable Position position, @Nullable Throwable failure) {
        if (position != null) {
            say(new RoomNotice.Ack(id, position.offset()));
        } else {
            PublishException refusal = PublishException.of(failure);
            problem(refusal.code(), refusal.reason(), id);
        }
    }

    @Override
    public void typing() {
        if (room != null && handshake.identity().mayPublish(handshake.room())) {
            room.typing();
        } else {
            problem(ErrorCode.FORBIDDEN, FORBIDDEN, null);
        }
    }

    @Override
    public void auth(RoomRequest.Auth auth) {
        try {
            Handshake renewed = gate.authenticate(handshake, auth.token());
            if (room != null && !isSameUser(renewed)) {
                problem(ErrorCode.FORBIDDEN, "the token is for another user", null);
                return;
            }
            handshake = renewed;
            peer.renew(renewed);
            if (room == null) {
                room = enter();
            } else {
                room.greet();
            }
        } catch (Refusal refusal) {
            ErrorCode code = code(refusal);
            problem(code, refusal.reason(), null);
            if (code == ErrorCode.BAD_TOKEN && ++badTokens == MAX_BAD_TOKENS) {
                peer.close(CloseReasons.TOO_MANY_BAD_TOKENS);
            }
        }
    }

    /** Users may share a name, and may change theirs: the member keeps the one that it came with. */
    private boolean isSameUser(Handshake renewed) {
        String subject = handshake.identity().subject();
        return subject == null
                ? Objects.equals(renewed.user(), handshake.user())
                : subject.equals(renewed.identity().subject());
    }

    private static ErrorCode code(Refusal refusal) {
        return switch (refusal.word()) {
            case "unauthorized" -> ErrorCode.BAD_TOKEN;
            case "unavailable" -> ErrorCode.UNAVAILABLE;
            case "too-many" -> ErrorCode.RATE;
            default -> ErrorCode.FORBIDDEN;
        };
    }

    @Override
    public void ping() {
        say(new RoomNotice.Pong());
    }

    @Override
    public void bye() {
        peer.close(CloseReasons.BYE);
    }

    private void problem(ErrorCode code, String reason, @Nullable String id) {
        say(new RoomNotice.Problem(code.word(), reason, id));
    }

    private void say(RoomNotice notice) {
        peer.send(codec.encode(notice));
    }
}
