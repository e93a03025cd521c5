package dev.parley.api;

import jakarta.websocket.CloseReason;
import java.time.Instant;

/**
 * What the gate grants one connection: rooms, a time, a rate, and a place among the connections of this node. The hub opens no
 * session without one, so a session that no gate has checked reaches no endpoint. Safe for any thread, except
 * {@link #admits}.
 */
public interface Admission {

    /** The user property of a session under which {@link Hub#open(jakarta.websocket.Session, java.util.function.Function)} finds it. */
    String KEY = Admission.class.getName();

    /**
     * Whether the client may read a room, and so be a member of it.
     *
     * @param room the room's name
     * @return true if it may
     */
    boolean mayRead(String room);

    /**
     * Whether the client may publish to a room.
     *
     * @param room the room's name
     * @return true if it may
     */
    boolean mayPublish(String room);

    /**
     * When the connection ends.
     *
     * @return the time; {@link Instant#MAX} if there is none
     */
    Instant expires();

    /**
     * Why the connection ends then.
     *
     * @return the close reason
     */
    CloseReason expiryReason();

    /**
     * Takes a part of a message from the rate that all connections and requests of the client share. Called by one thread at a
     * time, for each part.
     *
     * @param first whether a message starts with the part
     * @param size its payload, bytes
     * @return false if that is more than the client may send
     */
    boolean admits(boolean first, int size);

    /** The hub has a peer for the connection. */
    void opened();

    /** The peer has gone; a second call does nothing. */
    void closed();
}
