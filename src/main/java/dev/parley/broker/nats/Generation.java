package dev.parley.broker.nats;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which history of the stream this node takes part in, and whether it may publish there: the state machine behind
 * {@link StreamGuard}, without any I/O.
 *
 * <p>A stream that was emptied, or has lost its end with the power, gives numbers a second time; its {@code created} does not
 * tell, and may change when nothing is lost. So the subjects have a generation in them, and a node that sees numbers go back, or
 * another message under a number that it knows, has it raised: what is published for the old generation is taken by nobody, and
 * every room has a new epoch. Until the end of the stream is verified, after each reconnect and each answer that did not come,
 * nothing is published.
 *
 * <p>A leader that is cut off from the other servers does not know that they have another one, and answers questions as before
 * for ten seconds and more. Only a message that it stores, for which it needs more than half of the servers, confirms that it is
 * the leader. So the node is ready while such messages are acknowledged.
 *
 * <p>For the thread of {@link Loop} alone.
 */
final class Generation {

    private static final int MAX_LOW = 3; // answers in a row; fewer may be a new leader that has not caught up

    private final Supplier<@Nullable String> connection;
    private String name = "";
    private @Nullable String verified; // by which connection
    private boolean doubtful;
    private @Nullable String confirmed; // by which connection
    private int low;
    private long seen; // the highest number that this node knows of
    private Known known = new Known(0, Instant.EPOCH);

    /** What to do after an answer. */
    enum Next {
        /** The stream goes on where it was: have it confirmed. */
        CONFIRM,
        /** It has another generation: as {@link #CONFIRM}, and every room has another epoch. */
        RENEWED,
        /** It is far enough: look whether the {@linkplain #known newest known message} is still itself. */
        COMPARE,
        /** Numbers went back: name the next generation. */
        RAISE,
        /** It is not clear yet: ask again. */
        WAIT
    }

    /**
     * What was known when the stream was asked.
     *
     * @param connection by which
     * @param least the highest number that was known then
     */
    record Probe(String connection, long least) {}

    /**
     * A message that this node has.
     *
     * @param number its number in the stream, 0 before the first message
     * @param at when the servers stored it
     */
    record Known(long number, Instant at) {}

    /**
     * No generation.
     *
     * @param connection gives the name of the current connection, or null
     */
    Generation(Supplier<@Nullable String> connection) {
        this.connection = connection;
    }

    /** Its name, empty until the first answer. */
    String name() {
        return name;
    }

    /** Whether messages may be published. */
    boolean isReady() {
        return !doubtful && isVerified() && confirmed != null && confirmed.equals(connection.get());
    }

    /** Whether what comes belongs to the history that this node knows. */
    boolean isVerified() {
        return low == 0 && verified != null && verified.equals(connection.get());
    }

    /** Names the history of a room. */
    String epoch(String room) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest((name + "/" + room).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** This node knows of a message. */
    void saw(long number) {
        seen = Math.max(seen, number);
    }

    /** This node has a message. */
    void saw(long number, Instant at) {
        saw(number);
        if (number > known.number) {
            known = new Known(number, at);
        }
    }

    /** The newest message that this node has. */
    Known known() {
        return known;
    }

    /** Something may have happened that this node does not know of. */
    void doubt() {
        doubtful = true;
    }

    /** A message was stored that was sent after a look at the stream. */
    void confirmed(Probe probe) {
        confirmed = probe.connection;
    }

    /** A message was not stored. */
    void unconfirmed() {
        confirmed = null;
    }

    /** A look at the stream, null while there is no connection. */
    @Nullable
    Probe probe() {
        String by = connection.get();
        return by == null ? null : new Probe(by, seen);
    }

    /**
     * The stream is there.
     *
     * @param current its generation
     * @param last the number of its newest message
     */
    Next found(String current, long last, Probe probe) {
        if (!current.equals(name)) {
            name = current;
            seen = last;
            known = new Known(0, Instant.EPOCH);
            verify(probe);
            return Next.RENEWED;
        }
        if (last < probe.least) {
            low++;
            return low < MAX_LOW ? Next.WAIT : Next.RAISE;
        }
        low = 0;
        saw(last);
        if (!doubtful && isVerified()) {
            return Next.CONFIRM;
        }
        return known.number == 0 ? verify(probe) : Next.COMPARE;
    }

    /**
     * The message was looked at.
     *
     * @param was the newest that was known when the stream was asked for it
     * @param stored when the message was stored that the stream has under its number, null if it has none any more
     */
    Next compared(Known was, @Nullable Instant stored, Probe probe) {
        return stored == null || stored.equals(was.at) ? verify(probe) : Next.RAISE;
    }

    private Next verify(Probe probe) {
        low = 0;
        doubtful = false;
        verified = probe.connection;
        return isVerified() ? Next.CONFIRM : Next.WAIT;
    }
}
