package dev.parley.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The two ways to reverse a text. */
public enum Reversal {
    /** By Unicode code point: surrogate pairs stay whole, combining marks move to another letter. */
    CODE_POINT("code-point") {
        @Override
        public String apply(String text) {
            return new StringBuilder(text).reverse().toString();
        }
    },

    /** By extended grapheme cluster (UAX #29), what a reader calls one character: flags and families stay whole. */
    GRAPHEME("grapheme") {
        @Override
        public String apply(String text) {
            List<String> clusters = new ArrayList<>();
            var matcher = CLUSTER.matcher(text);
            while (matcher.find()) {
                clusters.add(matcher.group());
            }
            StringBuilder reversed = new StringBuilder(text.length());
            for (int i = clusters.size() - 1; i >= 0; i--) {
                reversed.append(clusters.get(i));
            }
            return reversed.toString();
        }
    };

    private static final Pattern CLUSTER = Pattern.compile("\\X");

    private final String word;

    Reversal(String word) {
        this.word = word;
    }

    /**
     * The value of {@code ?by=} that asks for it.
     *
     * @return a word of the protocol
     */
    public String word() {
        return word;
    }

    /**
     * The way of a word.
     *
     * @param word {@link #word} of one of them, or null
     * @return that one; by code point for any other word
     */
    public static Reversal of(@Nullable String word) {
        return GRAPHEME.word.equals(word) ? GRAPHEME : CODE_POINT;
    }

    /**
     * Reverses a text.
     *
     * @param text any text
     * @return the same clusters or code points, last first
     */
    public abstract String apply(String text);
}
