package dev.parley.broker;

import java.util.ArrayList;
import java.util.List;

/** A room that is open here. {@link NatsLoop}'s thread only. */
final class NatsRoom {

    private final String name;
    private final NatsStream stream;
    private final NatsSequence sequence;
    private final List<NatsLanes.Letter> early = new ArrayList<>(0); // would pass who waits for the room to open
    private String generation = ""; // of the next
    private String epoch = "";

    NatsRoom(String name, NatsStream stream, NatsSequence sequence) {
        this.name = name;
        this.stream = stream;
        this.sequence = sequence;
    }

    String name() {
        return name;
    }

    /** What it was sent, in order. */
    NatsSequence sequence() {
        return sequence;
    }

    /** Names its history; a digest, so it is kept. */
    String epoch() {
        if (!generation.equals(stream.generation())) {
            generation = stream.generation();
            epoch = stream.epoch(name);
        }
        return epoch;
    }

    /** Keeps a letter until the room has opened; false if it has. */
    boolean keeps(NatsLanes.Letter letter) {
        return !sequence.isStarted() && early.add(letter);
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
