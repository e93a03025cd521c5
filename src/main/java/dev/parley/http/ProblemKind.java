package dev.parley.http;

/** The kinds of problems that the API answers with. Where {@code parley.v1} has an error of the kind, the code is the same. */
enum ProblemKind {
    BAD_REQUEST("bad-request", 400, "The request breaks a rule"),
    BAD_JSON("bad-json", 400, "The body is not the JSON object that is wanted"),
    BAD_TEXT("bad-text", 400, "The text is none"),
    BAD_ID("bad-id", 400, "The idempotency key is none"),
    BAD_SINCE("bad-since", 400, "The position is none"),
    UNAUTHORIZED("unauthorized", 401, "A good token is needed"),
    FORBIDDEN("forbidden", 403, "The token does not allow this"),
    ORIGIN("origin", 403, "Pages of this origin may not do this"),
    NOT_FOUND("not-found", 404, "There is no such resource"),
    METHOD_NOT_ALLOWED("method-not-allowed", 405, "The resource has no such method"),
    NOT_ACCEPTABLE("not-acceptable", 406, "The resource has no such media type"),
    TIMEOUT("timeout", 408, "The request took too long"),
    TOO_LONG("too-long", 413, "The body or its text is too long"),
    UNSUPPORTED_MEDIA_TYPE("unsupported-media-type", 415, "The body is of another media type"),
    /** The status is that of draft-ietf-httpapi-idempotency-key-header §2.7: the key was used for another body. */
    DUPLICATE_ID("duplicate-id", 422, "The idempotency key stands for another text"),
    RATE("rate", 429, "More than the rate allows"),
    TOO_MANY("too-many", 429, "Too many connections"),
    INTERNAL("internal", 500, "A fault of this server"),
    UNAVAILABLE("unavailable", 503, "Not possible at this moment"),
    FULL("full", 503, "The server is full");

    private final String code;
    private final int status;
    private final String title;

    ProblemKind(String code, int status, String title) {
        this.code = code;
        this.status = status;
        this.title = title;
    }

    /** The kind of a code, which must be one of them. */
    static ProblemKind of(String code) {
        for (ProblemKind kind : values()) {
            if (kind.code.equals(code)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("there is no kind of problem for " + code);
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
