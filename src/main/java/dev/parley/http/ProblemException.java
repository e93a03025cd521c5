package dev.parley.http;

import dev.parley.protocol.ApiMessage;
import dev.parley.protocol.PublishException;
import java.util.Map;

/** Says that a request is refused, in words for the client. */
final class ProblemException extends Exception {

    private static final long serialVersionUID = 1L;

    private static final String RETRY_SECONDS = "1";

    private final ProblemKind kind;
    private final transient Map<String, String> headers;

    /**
     * A refusal.
     *
     * @param kind what it is about
     * @param detail what is wrong and what would be right, without any of the input
     */
    ProblemException(ProblemKind kind, String detail) {
        this(kind, detail, Map.of());
    }

    /**
     * A refusal with headers.
     *
     * @param kind what it is about
     * @param detail what is wrong and what would be right, without any of the input
     * @param headers of the response, by name
     */
    ProblemException(ProblemKind kind, String detail, Map<String, String> headers) {
        super(detail, null, false, false); // expected in normal use: no stack trace is ever looked at
        this.kind = kind;
        this.headers = headers;
    }

    /** What a failed stage means to the client: a refusal of ours or of the broker's, or that nobody knows. */
    static ProblemException of(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ProblemException known) {
                return known;
            } else if (cause instanceof PublishException refused) {
                return of(ProblemKind.of(refused.code().word()), refused.reason());
            }
        }
        return of(ProblemKind.UNAVAILABLE, "The request failed. Try again.");
    }

    /** The server has no memory for it now. */
    static ProblemException noMemory() {
        return of(ProblemKind.UNAVAILABLE, "The server is short of memory. Try again.");
    }

    private static ProblemException of(ProblemKind kind, String detail) {
        return new ProblemException(
                kind, detail, kind == ProblemKind.UNAVAILABLE ? Map.of("Retry-After", RETRY_SECONDS) : Map.of());
    }

    /** The method is not among those that the resource allows (RFC 9110 §15.5.6). */
    static ProblemException methodNotAllowed(String allow) {
        return new ProblemException(
                ProblemKind.METHOD_NOT_ALLOWED, "Allowed methods: " + allow + ".", Map.of("Allow", allow));
    }

    int status() {
        return kind.status();
    }

    Map<String, String> headers() {
        return headers;
    }

    /** The body of the response. */
    ApiMessage.Problem body() {
        return new ApiMessage.Problem(
                "urn:parley:problem:" + kind.code(),
                kind.title(),
                kind.status(),
                String.valueOf(getMessage()),
                kind.code());
    }
}
