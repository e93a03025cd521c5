package dev.parley.room;

import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import java.util.List;

/** What a room's ring holds: everything that its members are told, in order. Immutable. */
sealed interface RoomEvent {

    /** How much it counts against the bounds of a room, bytes. */
    int size();

    /** About how much it takes of the heap, bytes, if this is its size. */
    default int memory(int size) {
        return SMALL + 2 * size;
    }

    /** More than what an event without content takes beside the names in it. */
    int SMALL = 128;

    /**
     * A message of the room.
     *
     * @param publication as the broker ordered it
     */
    record Message(Publication publication) implements RoomEvent {
        @Override
        public int size() {
            return publication.size();
        }

        @Override
        public int memory(int size) {
            return publication.memory(size);
        }
    }

    /**
     * A member came.
     *
     * @param member who
     * @param members how many there are with it
     * @param connections how many of them go by its name
     * @param single whether readers of presence are told of it by itself
     */
    record Joined(Sender member, int members, int connections, boolean single) implements RoomEvent {
        @Override
        public int size() {
            return member.name().length();
        }
    }

    /**
     * A member went.
     *
     * @param member who
     * @param members how many there are without it
     * @param connections how many of them go by its name
     * @param single whether readers of presence are told of it by itself
     */
    record Left(Sender member, int members, int connections, boolean single) implements RoomEvent {
        @Override
        public int size() {
            return member.name().length();
        }
    }

    /**
     * Who came and went for a while, in a room too large to tell each by itself.
     *
     * @param members how many there are
     * @param joined names of some who came
     * @param left names of some who went
     */
    record Changed(int members, List<String> joined, List<String> left) implements RoomEvent {
        @Override
        public int size() {
            return joined.stream().mapToInt(String::length).sum()
                    + left.stream().mapToInt(String::length).sum();
        }
    }

    /** The room's history is another one from here on. Each reader is told when it comes here. */
    record Renewed() implements RoomEvent {
        @Override
        public int size() {
            return 0;
        }
    }
}
