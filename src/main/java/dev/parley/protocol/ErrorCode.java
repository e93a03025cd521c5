package dev.parley.protocol;

/** What an {@code error} of {@code parley.v1} is about: a stable word that a client can act on. */
public enum ErrorCode {
    /** The frame is not one JSON object of the kind that the protocol speaks. */
    BAD_JSON("bad-json"),
    /** {@code type} is missing, no string, or none that a client may send. */
    UNKNOWN_TYPE("unknown-type"),
    /** {@code text} is missing, no string, or breaks the rule of {@link MessageText}. */
    BAD_TEXT("bad-text"),
    /** {@code text} is longer than the limit. */
    TOO_LONG("too-long"),
    /** {@code id} is no string of 1 to 64 characters without control characters. */
    BAD_ID("bad-id"),
    /** {@code since} names an offset that the room has not reached. */
    BAD_SINCE("bad-since"),
    /** {@code token} is missing, no string, or not accepted. */
    BAD_TOKEN("bad-token"),
    /** The same user has published another text under this {@code id}. */
    DUPLICATE_ID("duplicate-id"),
    /** The user lacks the right. */
    FORBIDDEN("forbidden"),
    /** More than the rate allows; sent again later it may be taken. */
    RATE("rate"),
    /** The message may not have been stored; sent again under the same {@code id} it is stored once. */
    UNAVAILABLE("unavailable");

    private final String word;

    ErrorCode(String word) {
        this.word = word;
    }

    /**
     * The word on the wire.
     *
     * @return lower case letters and hyphens
     */
    public String word() {
        return word;
    }
}
