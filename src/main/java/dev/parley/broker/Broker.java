package dev.parley.broker;

import dev.parley.protocol.Content;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import java.util.Collection;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts the publications of a room in one order, for every node that has it open, and hands them back to each node's hub,
 * the publisher's own included. It delivers each publication once and skips none, or says which are lost. Its methods are for
 * any thread and never block; a stage may complete inside the call, or
 * later on a thread of the broker's, which all rooms wait for: what follows there only takes note.
 */
public interface Broker extends AutoCloseable {

    /**
     * Says who gets the publications. Called once, before anything else.
     *
     * @param listener this node's hub
     */
    void attach(Listener listener);

    /**
     * From now on this node gets what is published in the room. Called when the first local peer comes.
     *
     * @param room the room
     * @param limit how many messages of its history are wanted
     * @param opened takes the newest messages kept, up to the newest of all; what follows is delivered to the listener, after it.
     *     It only takes note: the broker may hold the lock it orders with. Not called if the stage fails
     * @return completes behind that. Fails with {@link PublishException} if the broker is away; then the room is not open
     */
    CompletionStage<@Nullable Void> open(String room, int limit, Consumer<History> opened);

    /**
     * From now on this node no longer gets what is published in the room. Called when the last local peer goes; a publication
     * under way may still be delivered.
     *
     * @param room the room
     */
    void release(String room);

    /**
     * Publishes a message. The delivery to this node may come before or after the stage completes.
     *
     * @param room the room, open here or not
     * @param sender who sends it
     * @param id its key, or null: the same again in this room, in the same {@linkplain Sender#scope scope}, within the window
     *     gives the first position and stores nothing
     * @param content what is sent
     * @return where it stands, once the broker has it for good. Fails with {@link PublishException}: the id stands for another
     *     content, or it may appear once or never; published again under its id it appears once
     */
    CompletionStage<Position> publish(String room, Sender sender, @Nullable String id, Content content);

    /**
     * Reads messages that are kept, oldest first.
     *
     * @param room the room, open here or not
     * @param after the offset after which to start, 0 for the oldest kept
     * @param limit how many at most, at least 1
     * @return the messages; perhaps a moment behind what was delivered or acknowledged, so one who waits for an offset asks
     *     again. Fails with {@link PublishException} if the broker is away
     */
    CompletionStage<History> history(String room, long after, int limit);

    /**
     * Asks how far a room has come. A node may not have been told yet what its readers had from another one.
     *
     * @param room the room, open here or not
     * @return where it ends: at or after any message delivered anywhere before the call. Fails with {@link PublishException} if the
     *     broker is away
     */
    CompletionStage<RoomEnd> end(String room);

    /**
     * Tells the nodes that have the room open that somebody is typing there; may be lost.
     *
     * @param room the room
     * @param sender who is
     */
    void typing(String room, Sender sender);

    /**
     * Tells the other nodes that a member came to a room that is open here. Calls for one member never overlap, and a coming is
     * before its going.
     *
     * @param room the room
     * @param member who
     */
    void joined(String room, Sender member);

    /**
     * Tells the other nodes that a member left a room that is open here; as {@link #joined}.
     *
     * @param room the room
     * @param member who had come
     */
    void left(String room, Sender member);

    /**
     * Counts the members that a room has on other nodes, as far as this one knows.
     *
     * @param room the room, open here or not
     * @return how many connections
     */
    CompletionStage<Integer> elsewhere(String room);

    /** Lets old history and ids go. Called about once a second, never twice at a time. */
    void sweep();

    /** Ends deliveries and lets connections and threads go; what is under way fails. Called once, when the application goes. */
    @Override
    void close();

    /** The hub, as the broker sees it. */
    interface Listener {

        /**
         * The next publication of a room: none between it and the one before, or {@link #lost} has said so. This and
         * {@link #lost}, {@link #renewed} and the opening of one room never overlap. The listener only takes note: the broker may
         * hold the lock it orders with.
         *
         * @param publication what was published, its epoch that of the history or of the last {@link #renewed}
         */
        void deliver(Publication publication);

        /**
         * Publications of a room may be missing here, and none of these offsets will be delivered any more. As {@link #deliver}.
         *
         * @param room the room
         * @param from the first offset, above what was delivered
         * @param to the last one
         */
        void lost(String room, long from, long to);

        /**
         * What was delivered or lost may now go to the peers. Follows one or several {@link #deliver} or {@link #lost} for the room,
         * on any thread, and the broker holds no lock.
         *
         * @param room the room
         */
        void delivered(String room);

        /**
         * Somebody is typing in a room that is open here. {@link #delivered} follows, and the listener only takes note.
         *
         * @param room the room
         * @param sender who is
         */
        void typing(String room, Sender sender);

        /**
         * Members of a room that is open here came and went on other nodes: those who are there when it is opened before the stage
         * completes, and all of them leave when it is released. Calls never overlap, {@link #delivered} follows, and the listener only
         * takes note.
         *
         * @param room the room
         * @param joined who came
         * @param left who went; none of them is among those who came
         */
        void present(String room, Collection<Sender> joined, Collection<Sender> left);

        /**
         * The history of a room was lost that has opened here. What is delivered from now on counts in another epoch. As
         * {@link #deliver}, but the broker holds no lock.
         *
         * @param room the room
         * @param epoch names the new history
         * @param offset of the newest message in it, 0 if there is none; what follows is delivered
         */
        void renewed(String room, String epoch, long offset);

        /** The broker cannot be reached: nothing is published or delivered until it is back. */
        void away();

        /** The broker can be reached again; what was published meanwhile is delivered. */
        void back();
    }
}
