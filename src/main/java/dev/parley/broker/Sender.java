package dev.parley.broker;

import dev.parley.protocol.UserName;
import org.jspecify.annotations.Nullable;

/**
 * Who sends a message.
 *
 * @param user the name of the user, null if it has none
 * @param peer the connection, unique over all nodes; 0 if there is none
 */
public record Sender(@Nullable String user, long peer) {

    /**
     * The name that others read.
     *
     * @return the user's, or the one that all have who gave none
     */
    public String name() {
        return user == null ? UserName.ANONYMOUS : user;
    }

    /**
     * Within what an id names one message: the user, whatever connection it sends by; without a name the connection, since
     * two strangers are not one user.
     *
     * @return a key, equal for the same user; no name of a user can be a connection's key
     */
    public String scope() {
        return user == null ? "#" + Long.toHexString(peer) : user;
    }

    /**
     * Whether a scope is that of somebody without a name.
     *
     * @param scope a key of {@link #scope}
     * @return true if it is no user's name
     */
    public static boolean isNameless(String scope) {
        return scope.startsWith("#");
    }

    /**
     * Whether this is the same user as another.
     *
     * @param other somebody who reads
     * @return true if the scopes are equal
     */
    public boolean is(Sender other) {
        return user == null ? other.user == null && peer == other.peer : user.equals(other.user);
    }
}
