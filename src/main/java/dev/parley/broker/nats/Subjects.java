package dev.parley.broker.nats;

import io.nats.client.Message;
import io.nats.client.api.StreamConfiguration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The subjects under which nodes and servers tell each other things; all begin with the name of the stream. Immutable.
 *
 * <p>What is published has the generation of the stream in its subject ({@link Generation}).
 */
final class Subjects {

    // No rooms: "~" is always encoded in those.
    private static final String SUCCESSOR = "~next";
    private static final String CONFIRMATION = "~confirm";

    private final String prefix;

    Subjects(String stream) {
        this.prefix = stream.toLowerCase(Locale.ROOT);
    }

    /** Where nodes tell of their members. */
    String presence(String name) {
        return prefix + ".presence." + name;
    }

    /** Where nodes tell who is typing. */
    String typing(String room) {
        return prefix + ".typing." + Codec.token(room);
    }

    /** Where messages of a room are published. */
    String in(String generation, String room) {
        return start(generation) + Codec.token(room);
    }

    /** Where those of all rooms are. */
    String all(String generation) {
        return start(generation) + "*";
    }

    /** Where the first to name the generation after this one names it. */
    String successor(String generation) {
        return start(generation) + SUCCESSOR;
    }

    /** Where nodes publish what is read by nobody, to see whether it is stored. */
    String confirmation(String generation) {
        return start(generation) + CONFIRMATION;
    }

    /** Where the messages of all generations are. */
    String allGenerations() {
        return start("*") + "*";
    }

    private String start(String generation) {
        return prefix + ".in." + generation + ".";
    }

    /** Where the servers republish what they have stored. */
    String out(String room) {
        return prefix + ".out." + Codec.token(room);
    }

    /** Where they do, written for the servers, who put a room in place of the second star of {@link #allGenerations}. */
    String allOut() {
        return prefix + ".out.{{wildcard(2)}}";
    }

    /** Whether a message was stored in a generation. */
    boolean isIn(String generation, Message message) {
        String subject = Codec.stored(message);
        return subject != null && subject.startsWith(start(generation));
    }

    /** The generation of a stream, null if the stream does not belong to Parley. */
    @Nullable
    String generation(StreamConfiguration stream) {
        return stream.getSubjects().stream()
                .filter(subject -> subject.startsWith(prefix + ".in.") && subject.endsWith(".*"))
                .map(subject -> subject.substring(prefix.length() + 4, subject.length() - 2))
                .findFirst()
                .orElse(null);
    }
}
