package dev.parley.delivery;

import dev.parley.ops.Budget;
import java.util.concurrent.Executor;

/**
 * What an open room can let go when memory is short.
 *
 * @param room the room
 * @param background where its members are told: whoever needs memory does not wait for them
 */
record RoomMemory(OpenRoom room, Executor background) implements Budget.Kept, Budget.Backlog {

    @Override
    public long oldest() {
        return room.oldest();
    }

    @Override
    public int letGo(long upTo, long bytes) {
        return room.letGo(upTo, bytes);
    }

    @Override
    public long size() {
        return room.unread();
    }

    @Override
    public void cut() {
        room.overtake();
        background.execute(room::wake);
    }
}
