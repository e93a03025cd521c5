package dev.parley.broker.nats;

import dev.parley.ops.Incidents;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * The rooms in which somebody is typing and whose readers do not know yet. One task wakes the readers of all of them, and the next
 * one waits for it: however much comes, it takes one thread. {@link Loop}'s thread only.
 */
final class TypingRooms {

    private final Executor wakers;
    private final Consumer<String> wake;
    private final Set<String> due = new LinkedHashSet<>();
    private CompletableFuture<Void> task = CompletableFuture.completedFuture(null);

    /**
     * No rooms.
     *
     * @param wakers runs the tasks
     * @param wake wakes the readers of a room
     */
    TypingRooms(Executor wakers, Consumer<String> wake) {
        this.wakers = wakers;
        this.wake = wake;
    }

    void add(String room) {
        due.add(room);
    }

    /** Has the readers woken, unless a task is at it: then the next call has it done. */
    void announce() {
        if (due.isEmpty() || !task.isDone()) {
            return;
        }
        List<String> rooms = List.copyOf(due);
        due.clear();
        task = CompletableFuture.runAsync(
                () -> Incidents.each(
                        rooms,
                        wake,
                        (room, failure) -> Incidents.log("the readers of a room do not learn who types", failure)),
                wakers);
    }
}
