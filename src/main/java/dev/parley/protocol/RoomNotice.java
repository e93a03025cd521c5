package dev.parley.protocol;

import jakarta.json.bind.annotation.JsonbPropertyOrder;
import jakarta.json.bind.annotation.JsonbSubtype;
import jakarta.json.bind.annotation.JsonbTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the server says in {@code parley.v1}: a union tagged by {@code type}. A member that is null is left out. */
@JsonbTypeInfo(
        key = "type",
        value = {
            @JsonbSubtype(alias = "welcome", type = RoomNotice.Welcome.class),
            @JsonbSubtype(alias = "message", type = RoomNotice.Message.class),
            @JsonbSubtype(alias = "joined", type = RoomNotice.Joined.class),
            @JsonbSubtype(alias = "left", type = RoomNotice.Left.class),
            @JsonbSubtype(alias = "presence", type = RoomNotice.Presence.class),
            @JsonbSubtype(alias = "typing", type = RoomNotice.Typing.class),
            @JsonbSubtype(alias = "ack", type = RoomNotice.Ack.class),
            @JsonbSubtype(alias = "gap", type = RoomNotice.Gap.class),
            @JsonbSubtype(alias = "drain", type = RoomNotice.Drain.class),
            @JsonbSubtype(alias = "error", type = RoomNotice.Problem.class),
            @JsonbSubtype(alias = "pong", type = RoomNotice.Pong.class)
        })
public sealed interface RoomNotice {

    /** How many names one message lists at most; the rest are counted. */
    int MAX_NAMES = 100;

    /**
     * The peer is in the room; also when the room's history became another one while it was.
     *
     * @param room the room
     * @param user the name the peer goes by
     * @param peer the connection, letters and digits
     * @param epoch names the room's history
     * @param offset of the newest message, 0 before the first
     * @param recovered whether all after {@code since} follows and nothing was missed
     * @param members how many connections are in the room, this one included
     * @param users names of users in the room, at most {@link #MAX_NAMES}
     * @param limits what the client may send
     */
    @JsonbPropertyOrder({"room", "user", "peer", "epoch", "offset", "recovered", "members", "users", "limits"})
    record Welcome(
            String room,
            String user,
            String peer,
            String epoch,
            long offset,
            boolean recovered,
            int members,
            List<String> users,
            Limits limits)
            implements RoomNotice {}

    /**
     * What a client may send.
     *
     * @param text the longest {@code text}, bytes of UTF-8
     * @param id the longest {@code id}, characters
     */
    @JsonbPropertyOrder({"text", "id"})
    record Limits(int text, int id) {}

    /**
     * A message of the room.
     *
     * @param offset its place
     * @param from the name of its sender
     * @param text what was said
     * @param at when the broker took it, RFC 3339 in UTC
     * @param id the sender's key for it, if the reader is the sender
     */
    @JsonbPropertyOrder({"offset", "from", "text", "at", "id"})
    record Message(
            long offset,
            String from,
            String text,
            String at,
            @Nullable String id) implements RoomNotice {}

    /**
     * A connection came.
     *
     * @param user its name
     * @param members how many connections are in the room
     * @param connections how many of them go by that name: 1 if the user was not there before
     */
    @JsonbPropertyOrder({"user", "members", "connections"})
    record Joined(String user, int members, int connections) implements RoomNotice {}

    /**
     * A connection went.
     *
     * @param user its name
     * @param members how many connections are in the room
     * @param connections how many of them go by that name: 0 if the user is gone
     */
    @JsonbPropertyOrder({"user", "members", "connections"})
    record Left(String user, int members, int connections) implements RoomNotice {}

    /**
     * Who came and went in the last second, in a room too large to tell each one.
     *
     * @param members how many connections are in the room
     * @param joined names of users who came, at most {@link #MAX_NAMES}
     * @param left names of users who went, at most {@link #MAX_NAMES}
     */
    @JsonbPropertyOrder({"members", "joined", "left"})
    record Presence(int members, List<String> joined, List<String> left) implements RoomNotice {}

    /**
     * Somebody is typing.
     *
     * @param user the name
     */
    record Typing(String user) implements RoomNotice {}

    /**
     * The broker has the message.
     *
     * @param id the client's key for it, if it gave one
     * @param offset where it stands
     */
    @JsonbPropertyOrder({"id", "offset"})
    record Ack(@Nullable String id, long offset) implements RoomNotice {}

    /**
     * Messages that this reader will not get.
     *
     * @param from the first offset
     * @param to the last offset
     */
    @JsonbPropertyOrder({"from", "to"})
    record Gap(long from, long to) implements RoomNotice {}

    /**
     * The server is about to close this connection with 1012.
     *
     * @param reconnectAfterMs when to come back, milliseconds
     */
    record Drain(long reconnectAfterMs) implements RoomNotice {}

    /**
     * Something the client sent was refused.
     *
     * @param code what it is about: {@link ErrorCode#word}
     * @param message what was wrong and where, in words a person can act on, without any of the input
     * @param id the client's key for the message, if it had a valid one
     */
    @JsonbPropertyOrder({"code", "message", "id"})
    record Problem(String code, String message, @Nullable String id) implements RoomNotice {}

    /** The answer to {@code ping}. */
    record Pong() implements RoomNotice {}
}
