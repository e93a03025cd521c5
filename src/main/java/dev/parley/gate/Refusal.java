package dev.parley.gate;

import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Says that a request is refused: with a status, a word for programs, words for people and the headers that go with it. None
 * of them holds input.
 */
public final class Refusal extends Exception {

    private static final long serialVersionUID = 1L;

    private static final int MISDIRECTED_REQUEST = 421; // RFC 9110 §15.5.20
    private static final int TOO_MANY_REQUESTS = 429; // RFC 6585 §4

    private final int status;
    private final String word;
    private final transient Map<String, String> headers;

    private Refusal(int status, String word, String message, Map<String, String> headers) {
        super(message, null, false, false); // expected in normal use: no stack trace is ever looked at
        this.status = status;
        this.word = word;
        this.headers = headers;
    }

    /** 400: what is wrong and what would be right. */
    static Refusal badRequest(String message) {
        return new Refusal(HttpServletResponse.SC_BAD_REQUEST, "bad-request", message, Map.of());
    }

    /** Insists on a rule, with 400 for what breaks it. */
    static void require(boolean kept, String rule) throws Refusal {
        if (!kept) {
            throw badRequest(rule);
        }
    }

    /** 421: the request is for a host that this server is not (RFC 9110 §15.5.20). */
    static Refusal foreignHost() {
        return new Refusal(MISDIRECTED_REQUEST, "host", "This server does not answer to this host name.", Map.of());
    }

    /** 403: the page that asks is of a foreign origin. */
    static Refusal foreignOrigin() {
        return new Refusal(
                HttpServletResponse.SC_FORBIDDEN, "origin", "Pages of this origin may not connect here.", Map.of());
    }

    /** 401: a token is needed and there is none (RFC 6750 §3). */
    static Refusal noToken() {
        return new Refusal(
                HttpServletResponse.SC_UNAUTHORIZED,
                "unauthorized",
                "A token is required.",
                Map.of("WWW-Authenticate", "Bearer"));
    }

    /** 401: there is a token, and it is not good (RFC 6750 §3.1). */
    static Refusal badToken(String message) {
        return new Refusal(
                HttpServletResponse.SC_UNAUTHORIZED,
                "unauthorized",
                message,
                Map.of("WWW-Authenticate", "Bearer error=\"invalid_token\", error_description=\"" + message + '"'));
    }

    /** 403: the token is good, but not for this. */
    static Refusal forbidden(String message) {
        return new Refusal(HttpServletResponse.SC_FORBIDDEN, "forbidden", message, Map.of());
    }

    /** 404: nothing is served at this path. */
    static Refusal notFound() {
        return new Refusal(HttpServletResponse.SC_NOT_FOUND, "not-found", "There is nothing at this path.", Map.of());
    }

    /** 429: too many from this client. */
    static Refusal tooMany(String message) {
        return new Refusal(TOO_MANY_REQUESTS, "too-many", message, retryAfter());
    }

    /** 503: no room for one more peer. */
    static Refusal full() {
        return new Refusal(
                HttpServletResponse.SC_SERVICE_UNAVAILABLE, "full", "The server is full, try again.", retryAfter());
    }

    /** 503: not at this moment. */
    static Refusal unavailable(String message) {
        return new Refusal(HttpServletResponse.SC_SERVICE_UNAVAILABLE, "unavailable", message, retryAfter());
    }

    /** 503: not for so long; a second more, and up to two to spread those who are refused together. */
    static Refusal unavailable(String message, Duration wait) {
        long seconds = wait.toSeconds() + 2 + ThreadLocalRandom.current().nextInt(3);
        return new Refusal(
                HttpServletResponse.SC_SERVICE_UNAVAILABLE,
                "unavailable",
                message,
                Map.of("Retry-After", String.valueOf(seconds)));
    }

    /** Seconds (RFC 9110 §10.2.3), spread, so that not all who are refused together come back together. */
    private static Map<String, String> retryAfter() {
        return Map.of("Retry-After", String.valueOf(ThreadLocalRandom.current().nextInt(2, 11)));
    }

    /**
     * The status of the response.
     *
     * @return 400, 401, 403, 421, 429 or 503
     */
    public int status() {
        return status;
    }

    /**
     * The kind of refusal, for programs: a protocol's error code, a metric's label.
     *
     * @return one of a fixed few
     */
    public String word() {
        return word;
    }

    /**
     * What is wrong and what would be right, for people.
     *
     * @return a sentence
     */
    public String reason() {
        return String.valueOf(getMessage());
    }

    /**
     * The headers of the response.
     *
     * @return {@code Retry-After}, {@code WWW-Authenticate}, or none
     */
    public Map<String, String> headers() {
        return headers;
    }
}
