package dev.parley.room;

import dev.parley.protocol.Position;
import dev.parley.protocol.RoomNotice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a member starts to read.
 *
 * @param cursor from where
 * @param greeting what it is told first
 * @param missed whether that says that messages are missing
 */
public record ReadStart(Cursor cursor, List<Greeting> greeting, boolean missed) {

    /**
     * A notice that it is greeted with.
     *
     * @param notice the notice
     * @param at where a reader stands who has read it, null if that is where it stood
     */
    public record Greeting(RoomNotice notice, @Nullable Position at) {}
}
