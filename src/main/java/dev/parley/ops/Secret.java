package dev.parley.ops;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.regex.Pattern;

/** A setting that nobody reads in a log: it prints as stars. Immutable, safe for any thread. */
public final class Secret {

    static final String MASK = "****";

    private static final Pattern USER_INFO = Pattern.compile("(://[^\\s,/@:]*:)[^\\s,]*@");
    private static final Pattern QUERY = Pattern.compile("(://[^\\s?#]*[?#])\\S+");

    private final byte[] value;

    /**
     * A secret.
     *
     * @param value what is secret
     */
    public Secret(String value) {
        this.value = value.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Whether a guess is right; takes as long for a near one as for a far one.
     *
     * @param guess what somebody says it is
     * @return true if it is
     */
    public boolean matches(String guess) {
        return MessageDigest.isEqual(value, guess.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The secret itself, for a library that signs or connects with it.
     *
     * @return UTF-8, a copy
     */
    public byte[] bytes() {
        return value.clone();
    }

    /**
     * Masks what may be secret in the addresses of a text: passwords, queries and fragments.
     *
     * @param text a text with addresses in it, for a log or an error
     * @return the same with stars in place of them
     */
    public static String maskedIn(String text) {
        String withoutPasswords = USER_INFO.matcher(text).replaceAll("$1" + Secret.MASK + "@");
        return QUERY.matcher(withoutPasswords).replaceAll("$1" + Secret.MASK);
    }

    /** Stars, always as many. */
    @Override
    public String toString() {
        return MASK;
    }
}
