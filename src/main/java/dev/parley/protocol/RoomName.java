package dev.parley.protocol;

import java.util.regex.Pattern;

/** The rule for the names of rooms. */
public final class RoomName {

    /** The rule in words, for error messages. */
    public static final String RULE =
            "A room name is 1 to 64 of the characters A-Z a-z 0-9 . _ - and starts with a letter or a digit.";

    /** The room of {@code /ws/chat}. */
    public static final String MAIN = "main";

    /** The room of {@code /ws}: outside the rule, so that no chat room can be it. */
    public static final String LOBBY = "/ws";

    /** The rule, the same in Java and in ECMA-262. */
    static final String PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

    private static final Pattern VALID = Pattern.compile(PATTERN);

    private RoomName() {}

    /**
     * Whether a room may be called this.
     *
     * @param name what a client asked for
     * @return true if the name keeps the {@link #RULE}
     */
    public static boolean isValid(String name) {
        return VALID.matcher(name).matches();
    }
}
