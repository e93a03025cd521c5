package dev.parley.broker.memory;

import dev.parley.ops.Budget;
import dev.parley.ops.Settings;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The rooms of the {@link MemoryBroker}: those that are open, and those of which something is left. For any thread. */
final class Topics {

    private final Settings settings;
    private final Budget budget;
    private final SecureRandom random = new SecureRandom();
    private final ConcurrentMap<String, Topic> topics = new ConcurrentHashMap<>();
    private final AtomicInteger open = new AtomicInteger(); // topics that are
    private final AtomicBoolean forgetting = new AtomicBoolean();

    /**
     * No rooms.
     *
     * @param settings say what they keep
     * @param budget that is taken from there
     */
    Topics(Settings settings, Budget budget) {
        this.settings = settings;
        this.budget = budget;
    }

    int size() {
        return topics.size();
    }

    Set<String> names() {
        return topics.keySet();
    }

    Stream<Map.Entry<String, Topic>> stream() {
        return topics.entrySet().stream();
    }

    /** A room, null if nothing is left of it. */
    @Nullable
    Topic find(String room) {
        return topics.get(room);
    }

    /** Does something with a room under its lock, which makes the order. */
    <T> T with(String room, Function<Topic, T> action) {
        while (true) {
            Topic topic = topics.computeIfAbsent(
                    room,
                    name -> new Topic(
                            HexFormat.of().toHexDigits(random.nextLong()),
                            settings.rooms().history(name),
                            settings.ids(),
                            budget.account(Budget.Holder.HISTORY)));
            synchronized (topic) {
                if (!topic.discarded) {
                    return action.apply(topic);
                }
            }
        }
    }

    /** A room opens. Called under its lock. */
    void open(Topic topic) {
        if (!topic.open) {
            topic.open = true;
            open.incrementAndGet();
        }
    }

    /** A room is left. Called under its lock. */
    void close(Topic topic) {
        if (topic.open) {
            topic.open = false;
            open.decrementAndGet();
        }
    }

    /** Lets a room go if nothing of it is left. */
    void discard(String room) {
        Topic topic = topics.get(room);
        if (topic != null) {
            synchronized (topic) {
                if (topic.isEmpty()) {
                    forget(room, topic);
                }
            }
        }
    }

    /** Keeps the bound on rooms without members: those go whose newest message is oldest, some more at a time than need to. */
    void forgetEmptyRooms() {
        int most = settings.rooms().empty();
        if (topics.size() - open.get() <= most || !forgetting.compareAndSet(false, true)) {
            return;
        }
        try {
            List<Empty> empty = new ArrayList<>();
            topics.forEach((room, topic) -> {
                synchronized (topic) {
                    if (!topic.open) {
                        empty.add(new Empty(topic.last(), room, topic));
                    }
                }
            });
            empty.sort(Comparator.comparingLong(Empty::last));
            int stay = most - most / 16;
            empty.subList(0, Math.max(0, empty.size() - stay)).forEach(each -> {
                synchronized (each.topic) {
                    forget(each.room, each.topic);
                }
            });
        } finally {
            forgetting.set(false);
        }
    }

    private record Empty(long last, String room, Topic topic) {}

    /** Lets a room go unless it is open. Called under its lock. */
    private void forget(String room, Topic topic) {
        if (!topic.open && !topic.discarded) {
            topic.discard();
            topics.remove(room, topic);
        }
    }
}
