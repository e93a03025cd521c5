package dev.parley.broker.nats;

import java.util.ArrayList;
import java.util.List;

/** A room that is open here. {@link Loop}'s thread only. */
final class Subscription {

    private final String name;
    private final Generation generation;
    private final Sequence sequence;
    private final List<Letter> early = new ArrayList<>(0); // would pass who waits for the room to open
    private String named = ""; // the generation of the next
    private String epoch = "";

    Subscription(String name, Generation generation, Sequence sequence) {
        this.name = name;
        this.generation = generation;
        this.sequence = sequence;
    }

    String name() {
        return name;
    }

    /** What it was sent, in order. */
    Sequence sequence() {
        return sequence;
    }

    /** Names its history; a digest, so it is kept. */
    String epoch() {
        if (!named.equals(generation.name())) {
            named = generation.name();
            epoch = generation.epoch(name);
        }
        return epoch;
    }

    /** Keeps a letter until the room has opened; false if it has. */
    boolean keeps(Letter letter) {
        return !sequence.isStarted() && early.add(letter);
    }

    /** Gives the letters that were kept until their deadline, once. */
    List<Letter> takeLate() {
        List<Letter> late = new ArrayList<>(0);
        early.removeIf(letter -> letter.isLate() && late.add(letter));
        return late;
    }

    /** Gives the letters that were kept, once. */
    List<Letter> takeEarly() {
        List<Letter> letters = List.copyOf(early);
        early.clear();
        return letters;
    }
}
