package dev.parley.ops;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** A setting that nobody reads in a log: it prints as stars. Immutable, safe for any thread. */
public final class Secret {

    static final String MASK = "****";

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

    /** Stars, always as many. */
    @Override
    public String toString() {
        return MASK;
    }
}
