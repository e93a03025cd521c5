package dev.parley.api;

import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import jakarta.websocket.Session;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The hub of this node, a CDI bean: opens a {@link Peer} for each session, publishes, and reads rooms. Safe for any thread; nothing
 * in it blocks.
 */
public interface Hub {

    /**
     * Opens a peer for a session just opened; its endpoint hands the session's callbacks on to it. The session needs the
     * {@link Admission} that the gate leaves in its user properties. Without one the session is closed with 1008, and the opening
     * does not run. Where Parley reads the connection itself (parley.writer), the container calls no {@code @OnMessage} of it, and the
     * conversation is called in the context of this thread: class loader, names, caller, and a request scope for each message.
     *
     * @param session the session, in {@code @OnOpen}
     * @param opening greets the peer, lets it join rooms, and says what to do with its messages
     * @return the peer
     */
    Peer open(Session session, Function<Peer, Conversation> opening);

    /**
     * Publishes a text to a room, whether it is open here or not.
     *
     * @param room the room's name
     * @param user the name of the user who publishes, null if it has none
     * @param id the user's own key for it, or null; the same again is the same message
     * @param text the text
     * @return where it stands once the broker has it; fails with {@link PublishException}
     * @throws IllegalArgumentException if the user's name breaks its rule
     */
    CompletionStage<Position> publish(String room, @Nullable String user, @Nullable String id, String text);

    /**
     * Reads messages that are kept of a room, open here or not.
     *
     * @param room the room's name
     * @param after the offset after which to start, 0 for the oldest kept
     * @param limit how many at most, at least 1
     * @return the messages; fails with {@link PublishException} if the broker is away
     */
    CompletionStage<Page> history(String room, long after, int limit);

    /**
     * Reads the newest messages that are kept of a room, open here or not.
     *
     * @param room the room's name
     * @param limit how many at most, at least 1
     * @return the messages; fails with {@link PublishException} if the broker is away
     */
    CompletionStage<Page> newest(String room, int limit);

    /**
     * How far the broker has counted. Any thread.
     *
     * @param room the room
     * @return the highest offset there is in it, or in all rooms where they share their numbers: a higher one was never given out.
     *     Fails with {@link PublishException} if the broker is away
     */
    CompletionStage<Long> last(String room);

    /**
     * A room in short, open here or not.
     *
     * @param room the room's name
     * @return the room, with no members if nobody is in it on any node; fails with {@link PublishException} if
     *     the broker is away
     */
    CompletionStage<RoomSummary> find(String room);

    /**
     * The rooms that are open here, the lobby not.
     *
     * @return a room for each, in the order of their names
     */
    List<RoomSummary> summaries();

    /**
     * How many peers this node has.
     *
     * @return peers that are open or closing
     */
    int peers();

    /**
     * How many rooms this node has open.
     *
     * @return rooms with at least one member here
     */
    int rooms();

    /**
     * Whether the broker can be reached. While it cannot, nothing is published or delivered.
     *
     * @return true unless it is away
     */
    boolean isBrokerThere();
}
