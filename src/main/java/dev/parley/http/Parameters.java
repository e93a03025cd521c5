package dev.parley.http;

import dev.parley.gate.Handshake;
import dev.parley.protocol.Position;
import org.jspecify.annotations.Nullable;

/** The parameters that the resources share. */
final class Parameters {

    private Parameters() {}

    /** A whole number of the query. */
    static int count(Handshake caller, String name, String otherwise, int min, int max) throws ProblemException {
        String given = caller.query().getOrDefault(name, otherwise);
        if (given.matches("[0-9]{1,9}")) {
            int count = Integer.parseInt(given);
            if (count >= min && count <= max) {
                return count;
            }
        }
        throw new ProblemException(
                ProblemKind.BAD_REQUEST,
                "The parameter " + name + " must be a number from " + min + " to " + max + ".");
    }

    /** Parses a position from the client; null if there is none. */
    static @Nullable Position position(@Nullable String given) throws ProblemException {
        if (given == null) {
            return null;
        }
        Position position = Position.parse(given);
        if (position == null) {
            throw new ProblemException(ProblemKind.BAD_SINCE, Position.RULE);
        }
        return position;
    }
}
