package dev.parley.protocol;

import java.util.regex.Pattern;

/**
 * The rule for the names of users. It keeps out whatever could forge a line of the plain chat: control characters, line
 * breaks, bidirectional overrides, {@code :} (which ends the name in {@code alice: hi}) and {@code *} (which starts
 * {@code * alice joined}).
 */
public final class UserName {

    /** The rule in words, for the one who broke it. */
    public static final String RULE =
            "A user name is 1 to 64 letters, digits, symbols or . _ ' @ + - with single spaces between them.";

    /** Who says what a client without a name says: {@code user: hi}. */
    public static final String ANONYMOUS = "user";

    /** Who came when a client without a name came: {@code * a user joined}. */
    public static final String SOMEBODY = "a user";

    private static final int MAX_LENGTH = 64;
    // U+FFFD is a symbol to Unicode, but here the trace of bytes that were not UTF-8.
    private static final String CHARACTER = "[\\p{L}\\p{M}\\p{N}\\p{So}._'@+\\-&&[^\\uFFFD]]";
    private static final Pattern VALID = Pattern.compile(CHARACTER + "+( " + CHARACTER + "+)*+");

    private UserName() {}

    /**
     * Whether a user may be called this.
     *
     * @param name what a client gave
     * @return true if the name keeps the {@link #RULE}
     */
    public static boolean isValid(String name) {
        return name.length() <= MAX_LENGTH && VALID.matcher(name).matches();
    }
}
