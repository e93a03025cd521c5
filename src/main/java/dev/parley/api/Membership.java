package dev.parley.api;

import dev.parley.protocol.Position;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A peer in a room, under a user's name. It ends with {@link #leave} or with the peer. Safe for any thread. */
public interface Membership {

    /**
     * Publishes a text to the room, the peer itself included. If it cannot be published the peer is closed: with 1013 if the
     * broker does not take it, with 1008 if the peer may not publish in this room, with 1007 if the text breaks the rule of
     * {@code MessageText}.
     *
     * @param text the text
     */
    void publish(String text);

    /**
     * Publishes bytes to the room, the peer itself included; as {@link #publish(String)}.
     *
     * @param bytes the payload, which nobody writes to any more
     */
    void publish(ByteBuffer bytes);

    /**
     * Publishes a text to the room, the peer itself included, and says what became of it.
     *
     * @param text the text
     * @param id the user's own key for it, or null; the same again is the same message
     * @return where it stands once the broker has it; fails with {@link dev.parley.protocol.PublishException}
     */
    CompletionStage<Position> publish(String text, @Nullable String id);

    /**
     * Tells the others in the room that the user is typing, at most once a second and once after each message; what is more is
     * dropped. Does nothing for a peer that may not publish in this room.
     */
    void typing();

    /** Greets the peer again, in a format that greets: it has missed nothing, and may have other rights. */
    void greet();

    /** Leaves the room; does nothing if the peer has left it. */
    void leave();
}
