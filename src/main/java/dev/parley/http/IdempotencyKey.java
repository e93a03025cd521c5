package dev.parley.http;

import dev.parley.protocol.RoomRequest;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The header {@code Idempotency-Key} (draft-ietf-httpapi-idempotency-key-header §2): the publisher's own key for a message, as
 * {@code id} is in {@code parley.v1}. The draft wants a string of RFC 8941 §3.3.3, in quotes; a bare one is taken as well, since
 * most clients send that.
 */
final class IdempotencyKey {

    private static final String NAME = "Idempotency-Key";
    private static final Pattern QUOTED = Pattern.compile("\"((?:[ !#-\\[\\]-~]|\\\\[\"\\\\])*)\"");
    private static final Pattern BARE = Pattern.compile("[!#-~]*");

    private IdempotencyKey() {}

    /** The key of a request, null if it has none. */
    static @Nullable String of(HttpServletRequest request) throws ProblemException {
        List<String> given = Collections.list(request.getHeaders(NAME));
        if (given.isEmpty()) {
            return null;
        }
        String key = given.size() == 1 ? read(given.get(0).strip()) : null;
        if (key == null || key.isEmpty() || key.length() > RoomRequest.MAX_ID) {
            throw new ProblemException(
                    ProblemKind.BAD_ID,
                    NAME + " must be one string of 1 to " + RoomRequest.MAX_ID + " printable ASCII characters.");
        }
        return key;
    }

    private static @Nullable String read(String value) {
        Matcher quoted = QUOTED.matcher(value);
        if (quoted.matches()) {
            return quoted.group(1).replaceAll("\\\\(.)", "$1");
        }
        return BARE.matcher(value).matches() ? value : null;
    }
}
