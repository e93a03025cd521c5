package dev.parley.http;

/** The kinds of problems that the API answers with. Where {@code parley.v1} has an error of the kind, the code is the same. */
enum ProblemKind {
    BAD_REQUEST("bad-request", 400, "Invalid request"),
    BAD_JSON("bad-json", 400, "Invalid JSON body"),
    BAD_TEXT("bad-text", 400, "Invalid text"),
    BAD_ID("bad-id", 400, "Invalid idempotency key"),
    BAD_SINCE("bad-since", 400, "Invalid position"),
    UNAUTHORIZED("unauthorized", 401, "A valid token is required"),
    FORBIDDEN("forbidden", 403, "Not allowed"),
    ORIGIN("origin", 403, "Origin not allowed"),
    NOT_FOUND("not-found", 404, "Not found"),
    METHOD_NOT_ALLOWED("method-not-allowed", 405, "Method not allowed"),
    NOT_ACCEPTABLE("not-acceptable", 406, "Not acceptable"),
    TIMEOUT("timeout", 408, "Request timeout"),
    TOO_LONG("too-long", 413, "Body or text too long"),
    UNSUPPORTED_MEDIA_TYPE("unsupported-media-type", 415, "Unsupported media type"),
    HOST("host", 421, "Host not served"),
    /** The status is that of draft-ietf-httpapi-idempotency-key-header §2.7: the key was used for another body. */
    DUPLICATE_ID("duplicate-id", 422, "Idempotency key used for another text"),
    RATE("rate", 429, "Rate limit exceeded"),
    TOO_MANY("too-many", 429, "Too many connections"),
    INTERNAL("internal", 500, "Internal error"),
    UNAVAILABLE("unavailable", 503, "Temporarily unavailable"),
    FULL("full", 503, "The server is full");

    private final String code;
    private final int status;
    private final String title;

    ProblemKind(String code, int status, String title) {
        this.code = code;
        this.status = status;
        this.title = title;
    }

    /** The kind with a code, which must exist. */
    static ProblemKind of(String code) {
        for (ProblemKind kind : values()) {
            if (kind.code.equals(code)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("no kind of problem has the code " + code);
    }

    String code() {
        return code;
    }

    int status() {
        return status;
    }

    String title() {
        return title;
    }
}
