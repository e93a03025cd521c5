package dev.parley.protocol;

import jakarta.json.bind.annotation.JsonbPropertyOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the HTTP API answers. A member that is null is left out. */
public sealed interface ApiMessage {

    /**
     * Rooms of this node.
     *
     * @param rooms those with a member here, in the order of their names
     */
    record Rooms(List<Room> rooms) implements ApiMessage {}

    /**
     * A room.
     *
     * @param room its name
     * @param members how many connections are in it
     * @param epoch names its history
     * @param offset of the newest message, 0 before the first
     */
    @JsonbPropertyOrder({"room", "members", "epoch", "offset"})
    record Room(String room, int members, String epoch, long offset) implements ApiMessage {}

    /**
     * A stretch of a room's messages without a hole.
     *
     * @param room the room
     * @param epoch names its history
     * @param offset of the newest message there is, 0 before the first
     * @param recovered whether all after {@code since} is there and nothing was missed; false without {@code since}
     * @param gap what is missing after {@code since}, if it can be told: not from one epoch to another
     * @param messages the messages, oldest first
     * @param next the position after them: {@code since} of the next request
     */
    @JsonbPropertyOrder({"room", "epoch", "offset", "recovered", "gap", "messages", "next"})
    record History(
            String room,
            String epoch,
            long offset,
            boolean recovered,
            @Nullable Gap gap,
            List<RoomNotice.Message> messages,
            String next)
            implements ApiMessage {}

    /**
     * Messages that are gone.
     *
     * @param from the first offset
     * @param to the last offset
     */
    @JsonbPropertyOrder({"from", "to"})
    record Gap(long from, long to) {}

    /**
     * The broker has the message.
     *
     * @param epoch names the room's history
     * @param offset where the message stands in it
     * @param id the key it was published under, if there was one
     */
    @JsonbPropertyOrder({"epoch", "offset", "id"})
    record Published(String epoch, long offset, @Nullable String id) implements ApiMessage {}

    /**
     * Why a request was refused (RFC 9457).
     *
     * @param type a URI that names the kind of problem: {@code urn:parley:problem:} and the code
     * @param title the kind of problem, in words
     * @param status the status of the response
     * @param detail what is wrong with this request and what would be right, without any of the input
     * @param code the kind of problem, a stable word
     */
    @JsonbPropertyOrder({"type", "title", "status", "detail", "code"})
    record Problem(String type, String title, int status, String detail, String code) implements ApiMessage {}
}
