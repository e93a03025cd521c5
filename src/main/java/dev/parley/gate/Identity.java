package dev.parley.gate;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who a client is and what it may do, as its token says. Immutable, safe for any thread.
 *
 * @param subject what identifies the user, any text; null without a token. Users may share a name, but never this
 * @param user the name of the user that others see, null without a token
 * @param rooms the rooms it may enter: names, or beginnings of names with a {@code *} behind
 * @param rights what it may do there
 * @param expires when all this ends; {@link Instant#MAX} if it does not
 */
public record Identity(
        @Nullable String subject, @Nullable String user, List<String> rooms, Set<Right> rights, Instant expires) {

    /** What can be done in a room. */
    public enum Right {
        /** Read what is published, and so be a member. */
        READ,
        /** Publish. */
        PUBLISH
    }

    /** Every room. */
    static final List<String> EVERYWHERE = List.of("*");

    /** A client without a token where none is needed: it may do anything, under any name. */
    static final Identity ANYONE = new Identity(null, null, EVERYWHERE, Set.of(Right.values()), Instant.MAX);

    /** A client that nobody has asked yet who it is: it may do nothing. */
    static final Identity NOBODY = unknown(Instant.EPOCH);

    /**
     * A client that may do nothing until a message of its brings a token.
     *
     * @param until when the token must have come
     * @return an identity with no rooms and no rights
     */
    static Identity unknown(Instant until) {
        return new Identity(null, null, List.of(), Set.of(), until);
    }

    /**
     * Whether the client has yet to say who it is.
     *
     * @return true if nothing may be sent to it or taken from it but its token
     */
    public boolean isUnknown() {
        return subject == null && rights.isEmpty();
    }

    /**
     * Whether it may read a room.
     *
     * @param room the room's name
     * @return true if it may
     */
    public boolean mayRead(String room) {
        return may(Right.READ, room);
    }

    /**
     * Whether it may publish to a room.
     *
     * @param room the room's name
     * @return true if it may
     */
    public boolean mayPublish(String room) {
        return may(Right.PUBLISH, room);
    }

    private boolean may(Right right, String room) {
        if (!rights.contains(right)) {
            return false;
        }
        for (String pattern : rooms) {
            if (pattern.endsWith("*")
                    ? room.regionMatches(0, pattern, 0, pattern.length() - 1)
                    : room.equals(pattern)) {
                return true;
            }
        }
        return false;
    }
}
