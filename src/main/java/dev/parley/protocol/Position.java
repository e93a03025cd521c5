package dev.parley.protocol;

import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A place in the history of a room; on the wire {@code <epoch>:<offset>}. Immutable.
 *
 * @param epoch names the history that the offset counts in: another epoch, another history; 1 to 64 of {@code A-Z a-z 0-9 . _ -}
 * @param offset the place, 0 before the first message, below 9 * 10^15, hence below 2^53; grows within an epoch, not always by one
 */
public record Position(String epoch, long offset) {

    /** The rule of the wire form in words, for the one who broke it. */
    public static final String RULE = "A position is <epoch>:<offset> as the server gave it.";

    /** The wire form, as the contracts give it. */
    static final String PATTERN = "^[A-Za-z0-9._-]{1,64}:(0|[1-9][0-9]{0,14}|[1-8][0-9]{15})$";

    private static final Predicate<String> WIRE = Pattern.compile(PATTERN).asMatchPredicate();

    /**
     * Reads the wire form.
     *
     * @param text what a client gave
     * @return the position, or null if the text is none
     */
    public static @Nullable Position parse(String text) {
        int colon = text.lastIndexOf(':');
        return WIRE.test(text)
                ? new Position(text.substring(0, colon), Long.parseLong(text, colon + 1, text.length(), 10))
                : null;
    }

    /** The wire form. */
    @Override
    public String toString() {
        return epoch + ":" + offset;
    }
}
