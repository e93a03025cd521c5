package dev.parley.wire;

/** One connection has to go another way than the one tried. Its message says why, for the log. */
public final class NotTakenException extends Exception {

    private static final long serialVersionUID = 1L;

    /**
     * A connection that has to go another way.
     *
     * @param message why
     */
    public NotTakenException(String message) {
        super(message);
    }
}
