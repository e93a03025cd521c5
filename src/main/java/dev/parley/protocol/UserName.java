package dev.parley.protocol;

import java.text.Normalizer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The rule for the names of users. No name that keeps it can forge a line of the plain chat: it holds no control character, no
 * line break, no {@code :} (which ends the name in {@code alice: hi}) and no {@code *} (which starts
 * {@code * alice joined}). Names that only look alike are different names.
 */
public final class UserName {

    /** The rule in words, for error messages. */
    public static final String RULE =
            "A user name is 1 to 64 letters, combining marks, digits, symbols (except < and >) or . _ ' ’ @ + - · ・ with"
                    + " single spaces between words. No word starts with a combining mark. Invisible and blank characters"
                    + " are refused, except inside emoji and where a script needs them.";

    /** The name that others read for a client without one: {@code user: hi}. */
    public static final String ANONYMOUS = "user";

    /** The name in announcements of a client without one: {@code * a user joined}. */
    public static final String SOMEBODY = "a user";

    /** The longest name, code points. */
    static final int MAX_LENGTH = 64;

    /** Markup, and what Unicode counts as letters, marks and symbols although nothing of it is seen. */
    private static final String EXCLUDED =
            "(?![<>\\u034F\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F\\u2800\\u303F\\u3164"
                    + "\\uFE00-\\uFE0F\\uFFA0\\uFFFC\\uFFFD\\x{13441}\\x{13442}\\x{16FE4}\\x{1D159}\\x{E0100}-\\x{E01EF}])";

    /** From Arabic to Myanmar, Khmer and Mongolian: scripts that need joiners. */
    private static final String JOINING = "[\\u0600-\\u109F\\u1780-\\u18AF]";

    /** The range is that of the emoji, later ones included: a Java runtime knows only those of its own Unicode version. */
    private static final String SYMBOL = "[\\p{gc=S}\\x{1F000}-\\x{1FAFF}]";

    /**
     * The rule but for its length, the same in Java and in ECMA-262 with the flag {@code u}, but for the {@code x} of an escape in
     * braces, which is a {@code u} there. A test
     * compares it with the page's and the contract's. A space is followed by neither a space nor a mark; a symbol by what makes it an emoji
     * (U+FE0F) or joins it to the next; U+20E3 is the frame of a keycap.
     */
    static final String PATTERN = "^(?![ \\p{gc=M}])(?:" + EXCLUDED + "(?:"
            + "[\\p{gc=L}\\p{gc=M}\\p{gc=N}](?:(?<=" + JOINING + ")[\\u200C\\u200D](?=" + JOINING + "))?"
            + "|" + SYMBOL + "(?:(?<![\\u0000-\\u007F])(?:\\uFE0F?\\u200D(?=" + SYMBOL + ")|\\uFE0F))?)"
            + "|[._'’@·・-]|\\uFE0F(?=\\u20E3)| (?![ \\p{gc=M}]|$))+$";

    private static final Pattern VALID = Pattern.compile(PATTERN);

    private UserName() {}

    /**
     * Gives a name the one form in which it is compared, stored and shown: Unicode's NFC. All names that come in go through
     * here, so that {@code José} is one user however a client encodes the accent.
     *
     * @param name what a client, a token or the application gave
     * @return the name in NFC, or null if that breaks the {@link #RULE}
     */
    public static @Nullable String normalize(String name) {
        String normal = Normalizer.normalize(name, Normalizer.Form.NFC);
        return normal.codePointCount(0, normal.length()) <= MAX_LENGTH
                        && VALID.matcher(normal).matches()
                ? normal
                : null;
    }

    /**
     * Normalizes a name that the application gives.
     *
     * @param name the name, or null for a user without one
     * @return the name in NFC, or null if it was null
     * @throws IllegalArgumentException if the name breaks the {@link #RULE}
     */
    public static @Nullable String require(@Nullable String name) {
        if (name == null) {
            return null;
        }
        String normal = normalize(name);
        if (normal == null) {
            throw new IllegalArgumentException(RULE);
        }
        return normal;
    }

    /**
     * Whether a name keeps the rule and is in its normal form.
     *
     * @param name a name
     * @return true if {@link #normalize} changes nothing
     */
    public static boolean isValid(String name) {
        return name.equals(normalize(name));
    }
}
