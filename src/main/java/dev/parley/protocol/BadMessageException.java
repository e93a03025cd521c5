package dev.parley.protocol;

import org.jspecify.annotations.Nullable;

/** Says that a client's message is none, in words that may go back to that client. */
public final class BadMessageException extends Exception {

    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final @Nullable String id;

    /**
     * Says what was wrong.
     *
     * @param code what it is about
     * @param message what was wrong and where, without any of the input
     */
    public BadMessageException(ErrorCode code, String message) {
        this(code, message, null);
    }

    /**
     * Says what was wrong with a message that has a key of the client's own.
     *
     * @param code what it is about
     * @param message what was wrong and where, without any of the input
     * @param id the key, valid, or null if there was none
     */
    BadMessageException(ErrorCode code, String message, @Nullable String id) {
        super(message, null, false, false); // expected in normal use: no stack trace is ever looked at
        this.code = code;
        this.id = id;
    }

    /**
     * What it is about.
     *
     * @return the code for the client
     */
    public ErrorCode code() {
        return code;
    }

    /**
     * Which message was wrong.
     *
     * @return the client's own key for it, or null if it had no valid one
     */
    public @Nullable String id() {
        return id;
    }

    /**
     * What was wrong and where.
     *
     * @return words for the client
     */
    public String reason() {
        return String.valueOf(getMessage());
    }
}
