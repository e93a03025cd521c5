package dev.parley.protocol;

import org.jspecify.annotations.Nullable;

/** Says that a message was not published, or that nobody knows whether it was, in words that may go back to its sender. */
public final class PublishException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ErrorCode code;

    /**
     * Says why.
     *
     * @param code {@link ErrorCode#DUPLICATE_ID} if the id stands for another text; {@link ErrorCode#UNAVAILABLE} if the
     *     message may appear once or never
     * @param message what was wrong, without any of the input
     */
    public PublishException(ErrorCode code, String message) {
        super(message, null, false, false); // expected in normal use: no stack trace is ever looked at
        this.code = code;
    }

    /**
     * What a failed publish means to its sender.
     *
     * @param failure as its stage gives it
     * @return the exception of this class behind it, or one that says that nobody knows
     */
    public static PublishException of(@Nullable Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof PublishException known) {
                return known;
            }
        }
        return new PublishException(ErrorCode.UNAVAILABLE, "the message may not have been stored");
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
     * What was wrong.
     *
     * @return words for the client
     */
    public String reason() {
        return String.valueOf(getMessage());
    }
}
