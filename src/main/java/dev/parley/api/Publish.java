package dev.parley.api;

import dev.parley.protocol.MessageText;
import dev.parley.protocol.RoomName;
import dev.parley.protocol.RoomRequest;
import dev.parley.protocol.UserName;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a text to be published. A CDI event for any bean or EJB of the application, on any thread:
 * {@code event.fire(new Publish("orders", "shop", "order 7 is paid"))}. Fired in a transaction, it is published when that has
 * committed, and never if it rolls back; without one, at once. In which order several of one
 * transaction come is the server's choice (WildFly calls the last first). What the broker does not take is logged; who has to know calls {@link Hub#publish} instead.
 *
 * @param room the room's name, open here or not
 * @param user the name that readers see, null if there is none
 * @param id the user's own key for it, or null; the same again is the same message
 * @param text the text, of any length
 */
public record Publish(
        String room, @Nullable String user, @Nullable String id, String text) {

    /**
     * Refuses what a client could not have said either.
     *
     * @param room the room's name, open here or not
     * @param user the name that readers see, null if there is none
     * @param id the user's own key for it, or null
     * @param text the text
     * @throws IllegalArgumentException if the room, the user, the id or the text breaks its rule
     */
    public Publish {
        if (!RoomName.isValid(room)) {
            throw new IllegalArgumentException(RoomName.RULE);
        }
        user = UserName.require(user);
        String problem = MessageText.problem(text);
        if (problem != null) {
            throw new IllegalArgumentException("The text " + problem + ".");
        }
        if (id != null && (id.isEmpty() || id.length() > RoomRequest.MAX_ID)) {
            throw new IllegalArgumentException("An id has 1 to " + RoomRequest.MAX_ID + " characters.");
        }
    }

    /**
     * Asks for a text to be published without a key.
     *
     * @param room the room's name, open here or not
     * @param user the name that readers see, null if there is none
     * @param text the text
     */
    public Publish(String room, @Nullable String user, String text) {
        this(room, user, null, text);
    }
}
