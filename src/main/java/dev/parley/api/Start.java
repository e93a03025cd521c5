package dev.parley.api;

import dev.parley.protocol.Position;
import org.jspecify.annotations.Nullable;

/**
 * Where a reader wants to start in a room.
 *
 * @param since what it has read, null if nothing; what came after follows, as far as it is kept
 * @param history how many of the newest messages it wants if there is nothing to go on from
 */
public record Start(@Nullable Position since, int history) {

    /** With what comes from now on. */
    public static final Start NOW = new Start(null, 0);
}
