package dev.parley.broker;

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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The rooms that are open here, and how far each has been delivered. What the servers republish may be lost on the way: that
 * shows in the next message of the room, or in a look at the newest of each. {@link NatsLoop}'s thread only; the readers of a
 * room are woken on another.
 */
final class NatsRooms {

    private static final int MAX_ROOMS = 200; // in one look, which brings a message of each

    private final NatsStream stream;
    private final NatsLink link;
    private final Executor wakers;
    private final Supplier<Broker.Listener> listener;
    private final Map<String, Room> rooms = new HashMap<>();
    private final Set<String> unannounced = new HashSet<>();
    private final TypingRooms typing;
    private boolean behind = true; // something may not have been delivered

    /** A room that is open here. */
    static final class Room {
        private final String name;
        private long last; // the newest message that was delivered, or given with the history
        private final List<NatsLanes.Letter> early = new ArrayList<>(0); // would pass who waits for the room to open
        private boolean opened;

        private Room(String name) {
            this.name = name;
        }

        String name() {
            return name;
        }

        /** Keeps a letter until the room has opened; false if it has. */
        boolean keeps(NatsLanes.Letter letter) {
            return !opened && early.add(letter);
        }

        /** Gives the letters that were kept until their deadline, once. */
        List<NatsLanes.Letter> takeLate() {
            List<NatsLanes.Letter> late = new ArrayList<>(0);
            early.removeIf(letter -> letter.isLate() && late.add(letter));
            return late;
        }

        /** Gives the letters that were kept, once. */
        List<NatsLanes.Letter> takeEarly() {
            List<NatsLanes.Letter> letters = List.copyOf(early);
            early.clear();
            return letters;
        }
    }

    /**
     * No rooms.
     *
     * @param wakers wake the readers
     * @param listener who takes what is delivered
     */
    NatsRooms(NatsStream stream, NatsLink link, Executor wakers, Supplier<Broker.Listener> listener) {
        this.stream = stream;
        this.link = link;
        this.wakers = wakers;
        this.listener = listener;
        this.typing = new TypingRooms(wakers, name -> listener.get().delivered(name));
    }

    /** A room that is open here, or null. */
    @Nullable
    Room find(String name) {
        return rooms.get(name);
    }

    /** Takes what comes of a room from now on. */
    Room listen(String name) {
        return rooms.computeIfAbsent(name, added -> {
            link.listen(stream.out(added), this::deliver);
            link.listen(stream.typing(added), this::typing);
            return new Room(added);
        });
    }

    /** A room has its history; what is newer is delivered. */
    void opened(Room room, History kept) {
        room.last = Math.max(room.last, kept.upTo());
        room.opened = true;
        behind = true; // the way from the stream's leader to here may not have been open yet
    }

    /** Takes no more of a room; gives it if it was open. */
    @Nullable
    Room drop(String name) {
        Room room = rooms.remove(name);
        if (room != null) {
            link.unlisten(stream.out(name));
            link.unlisten(stream.typing(name));
        }
        return room;
    }

    Collection<Room> all() {
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
        for (Room room : rooms.values()) {
            room.last = 0;
            if (room.opened) {
                listener.get().renewed(room.name, stream.epoch(room.name), 0);
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
            NatsLoop.then(
                    stream.newest(names.subList(i, Math.min(i + MAX_ROOMS, names.size()))),
                    this::found,
                    failure -> behind = true);
        }
    }

    private void found(NatsLink.@Nullable Batch newest) {
        if (newest == null) {
            behind = true;
            return;
        }
        newest.messages().stream()
                .filter(stream::isCurrent)
                .map(NatsForm::publication)
                .filter(Objects::nonNull)
                .sorted(Comparator.comparingLong(Publication::offset))
                // The predecessor is unknown; with this one, whoever misses a message asks for the history.
                .forEach(each -> deliver(each.follows(each.offset() - 1)));
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
        Publication publication = NatsForm.publication(message);
        if (publication != null && stream.isVerified() && stream.isCurrent(message)) {
            deliver(publication);
        } else {
            behind = true; // it is found when it is clear to which history it belongs
        }
    }

    private void deliver(Publication publication) {
        stream.saw(publication.offset(), publication.at());
        Room room = rooms.get(publication.room());
        if (room != null && publication.offset() > room.last) {
            room.last = publication.offset();
            listener.get().deliver(publication);
            unannounced.add(room.name);
        }
    }

    private void typing(Message message) {
        String name = NatsForm.text(message.getSubject());
        Sender sender = NatsForm.typing(message.getHeaders());
        if (rooms.containsKey(name) && sender != null) {
            listener.get().typing(name, sender);
            typing.add(name);
        }
    }
}
