package dev.parley.hub;

import dev.parley.wire.Loops;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The members of a room by the loop that writes to them. A container that has loops queues what comes from another thread
 * and wakes the loop for each frame of it; so a walk gives each loop one task for all its members. Immutable.
 */
final class Readers {

    private final List<Group> groups;

    Readers(List<Group> groups) {
        this.groups = groups;
    }

    static Readers of(Collection<Membership> members) {
        Map<@Nullable Executor, List<Membership>> byLoop = new LinkedHashMap<>(4);
        for (Membership member : members) {
            byLoop.computeIfAbsent(member.peer().loop(), loop -> new ArrayList<>())
                    .add(member);
        }
        List<Group> groups = new ArrayList<>(byLoop.size());
        byLoop.forEach((loop, those) -> groups.add(new Group(loop, List.copyOf(those))));
        return new Readers(List.copyOf(groups));
    }

    List<Group> groups() {
        return groups;
    }

    /**
     * Runs a task when each loop has ended the turn that it is in, on this thread's loop if it is one of them. After a walk all
     * loops have messages to read: those of every sender then share the next walk, not only those of the loop that was
     * first.
     */
    void gather(Runnable task) {
        Group last = groups.get(0);
        for (Group group : groups) {
            last = group.isHere() ? group : last;
        }
        Group home = last;
        AtomicInteger turns = new AtomicInteger(groups.size());
        Runnable ended = () -> {
            if (turns.decrementAndGet() == 0) {
                home.execute(task);
            }
        };
        for (Group group : groups) {
            if (group.equals(home)) {
                ended.run();
            } else {
                group.execute(ended);
            }
        }
    }

    /**
     * Members that one loop writes to.
     *
     * @param loop the loop; null for members that any thread may write to
     */
    record Group(@Nullable Executor loop, List<Membership> members) {

        /** Whether this thread is as good as any to write to them. */
        boolean isHere() {
            return Loops.isHere(loop);
        }

        /** Runs a task on the loop, or here if that takes no tasks any more. */
        void execute(Runnable task) {
            Loops.execute(loop, task);
        }
    }
}
