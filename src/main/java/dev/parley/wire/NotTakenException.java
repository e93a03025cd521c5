package dev.parley.wire;

/** One connection has to go another way than the one tried. Its message says why, for the log. */
final class NotTakenException extends Exception {

    private static final long serialVersionUID = 1L;

    NotTakenException(String message) {
        super(message);
    }
}
