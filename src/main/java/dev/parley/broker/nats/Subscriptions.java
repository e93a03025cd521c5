package dev.parley.broker.nats;

import dev.parley.broker.Broker;
import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.ops.Budget;
import dev.parley.ops.Incidents;
import dev.parley.ops.Settings;
import io.nats.client.Message;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The rooms that are open here, and how far each has been delivered. What the servers republish may be lost on the way: that
 * shows in the next message of the room, or in a look at the newest of each. {@link Loop}'s thread only; the readers of a
 * room are woken on another.
 */
final class Subscriptions {

    private static final int MAX_ROOMS = 200; // in one look, which brings a message of each

    private final Settings.Room bounds;
    private final Budget budget;
    private final NatsConnection connection;
    private final Subjects subjects;
    private final StreamApi api;
    private final Generation generation;
    private final Reads reads;
    private final Executor wakers;
    private final Supplier<Broker.Listener> listener;
    private final Map<String, Subscription> rooms = new HashMap<>();
    private final Set<String> unannounced = new HashSet<>();
    private final TypingRooms typing;
    private boolean behind = true; // something may not have been delivered

    /**
     * No rooms.
     *
     * @param bounds of what waits in a room for a message that is missing
     * @param budget the memory of that is taken from there
     * @param reads read what is missing
     * @param wakers wake the readers
     * @param listener who takes what is delivered
     */
    Subscriptions(
            Settings.Room bounds,
            Budget budget,
            NatsConnection connection,
            Subjects subjects,
            StreamApi api,
            Generation generation,
            Reads reads,
            Executor wakers,
            Supplier<Broker.Listener> listener) {
        this.bounds = bounds;
        this.budget = budget;
        this.connection = connection;
        this.subjects = subjects;
        this.api = api;
        this.generation = generation;
        this.reads = reads;
        this.wakers = wakers;
        this.listener = listener;
        this.typing = new TypingRooms(wakers, name -> listener.get().delivered(name));
    }

    /** A room that is open here, or null. */
    @Nullable
    Subscription find(String name) {
        return rooms.get(name);
    }

    /** Takes what comes of a room from now on. */
    Subscription listen(String name) {
        return rooms.computeIfAbsent(name, added -> {
            connection.listen(subjects.out(added), this::deliver);
            connection.listen(subjects.typing(added), this::typing);
            Budget.Account account = budget.account(Budget.Holder.ROOMS);
            return new Subscription(added, generation, new Sequence(added, bounds, account, listener));
        });
    }

    /** Gives a room its history, unless it was left meanwhile; what is newer is delivered. */
    void opened(Subscription room, History kept, Consumer<History> opened) {
        if (rooms.get(room.name()) == room) {
            opened.accept(kept);
            room.sequence().start(kept);
            unannounced.add(room.name());
            repair(room);
            behind = true; // the way from the stream's leader to here may not have been open yet
        }
    }

    /** Takes no more of a room; gives it if it was open. */
    @Nullable
    Subscription drop(String name) {
        Subscription room = rooms.remove(name);
        if (room != null) {
            room.sequence().close();
            connection.unlisten(subjects.out(name));
            connection.unlisten(subjects.typing(name));
        }
        return room;
    }

    Collection<Subscription> all() {
        return rooms.values();
    }

    /** Members came and went on other nodes. */
    void present(String name, Collection<Sender> joined, Collection<Sender> left) {
        if (rooms.containsKey(name)) {
            listener.get().present(name, joined, left);
            unannounced.add(name);
        }
    }

    /** Every room has another history. */
    void renewed() {
        for (Subscription room : rooms.values()) {
            room.sequence().renew();
            if (room.sequence().isStarted()) {
                listener.get().renewed(room.name(), room.epoch(), 0);
            }
        }
    }

    /** Something may have been missed. */
    void doubt() {
        behind = true;
    }

    /** If something may have been missed, looks at the newest message of each room. */
    void catchUp() {
        if (!behind) {
            return;
        }
        behind = false;
        List<String> names = new ArrayList<>(rooms.keySet());
        for (int i = 0; i < names.size(); i += MAX_ROOMS) {
            Loop.then(
                    api.newest(names.subList(i, Math.min(i + MAX_ROOMS, names.size()))),
                    this::found,
                    failure -> behind = true);
        }
    }

    private void found(Requests.@Nullable Batch newest) {
        if (newest == null) {
            behind = true;
            return;
        }
        newest.messages().stream()
                .filter(api::isCurrent)
                .map(this::publication)
                .filter(Objects::nonNull)
                .sorted(Comparator.comparingLong(Publication::offset))
                // The predecessor is unknown. This one makes the sequence read the stream if it is behind.
                .forEach(each -> deliver(each.follows(each.offset() - 1)));
    }

    private @Nullable Publication publication(Message message) {
        return Codec.publication(message, name -> {
            Subscription room = rooms.get(name);
            return room == null ? "" : room.epoch();
        });
    }

    /** Asks again for what is still missing. */
    void repair() {
        Incidents.each(
                List.copyOf(rooms.values()),
                this::repair,
                (room, failure) -> Incidents.log("a room is asked for in the next round", failure));
    }

    /** Reads what a room misses; the answer may show that more is missing. */
    private void repair(Subscription room) {
        Sequence sequence = room.sequence();
        if (generation.isReady() && sequence.asks()) {
            long deadline = System.nanoTime() + Queries.PATIENCE.toNanos();
            Loop.then(
                    reads.rest(room.name(), sequence.last(), sequence.wanted(), deadline),
                    kept -> repaired(room, kept),
                    failure -> repaired(room, null));
        }
    }

    private void repaired(Subscription room, @Nullable History kept) {
        if (rooms.get(room.name()) == room) {
            boolean helped = room.sequence().repair(kept);
            unannounced.add(room.name());
            if (helped) {
                repair(room);
            }
        }
    }

    /** Wakes the readers of what has been delivered since the last time. */
    void announce() {
        for (String name : unannounced) {
            wakers.execute(() -> listener.get().delivered(name));
        }
        unannounced.clear();
        typing.announce();
    }

    /** What was stored, as the servers republish it. */
    private void deliver(Message message) {
        Publication publication = publication(message);
        if (publication != null && generation.isVerified() && api.isCurrent(message)) {
            deliver(publication);
        } else {
            behind = true; // it is found when it is clear to which history it belongs
        }
    }

    private void deliver(Publication publication) {
        generation.saw(publication.offset(), publication.at());
        Subscription room = rooms.get(publication.room());
        if (room != null) {
            room.sequence().take(publication);
            unannounced.add(room.name());
            repair(room);
        }
    }

    private void typing(Message message) {
        String name = Codec.text(message.getSubject());
        Sender sender = Codec.typing(message.getHeaders());
        if (rooms.containsKey(name) && sender != null) {
            listener.get().typing(name, sender);
            typing.add(name);
        }
    }
}
