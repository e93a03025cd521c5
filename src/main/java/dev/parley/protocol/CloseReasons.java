package dev.parley.protocol;

import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;

/**
 * Every close that the server starts, by name; no other file holds a close code. RFC 6455 §5.5: a close reason is at most
 * 123 bytes.
 */
public final class CloseReasons {

    /** 1000: the client said {@code bye}; it stays away. */
    public static final CloseReason BYE = new CloseReason(CloseCodes.NORMAL_CLOSURE, "bye");

    /** 1001: the application is being undeployed; the client reconnects, jittered. */
    public static final CloseReason GOING_AWAY = new CloseReason(CloseCodes.GOING_AWAY, "the server is going away");

    /** 1002: frames that break RFC 6455, a fault of the client's library or of a proxy; the client reconnects, jittered. */
    public static final CloseReason INVALID_FRAME =
            new CloseReason(CloseCodes.PROTOCOL_ERROR, "invalid WebSocket frame");

    /** 1003: a binary frame where only text is spoken; the client stays away. */
    public static final CloseReason TEXT_ONLY = new CloseReason(CloseCodes.CANNOT_ACCEPT, "only text is spoken here");

    /** 1006: the connection is gone and nobody has said so; never sent (RFC 6455 §7.4.1). */
    public static final CloseReason LOST = new CloseReason(CloseCodes.CLOSED_ABNORMALLY, "the connection is gone");

    /** 1007: a text message or a close reason that is not UTF-8; the client stays away. */
    public static final CloseReason INVALID_UTF8 = new CloseReason(CloseCodes.NOT_CONSISTENT, "invalid UTF-8");

    /** 1007: a text that no room takes, from a client that no error message can reach; the client stays away. */
    public static final CloseReason BAD_TEXT = new CloseReason(
            CloseCodes.NOT_CONSISTENT, "Invalid text: no control characters except tab and line breaks.");

    /** 1008: the client's token has expired; it comes back with another. */
    public static final CloseReason EXPIRED =
            new CloseReason(CloseCodes.VIOLATED_POLICY, "the token has expired, connect with another");

    /** 1008: no token came in time from a client that needs one; it comes back with one. */
    public static final CloseReason UNAUTHENTICATED =
            new CloseReason(CloseCodes.VIOLATED_POLICY, "no token came in time");

    /** 1008: no gate has checked the session, which is a fault of the application's set-up; the client stays away. */
    public static final CloseReason UNCHECKED =
            new CloseReason(CloseCodes.VIOLATED_POLICY, "the server has not checked this connection");

    /** 1008: the second invalid token; the client stays away. */
    public static final CloseReason TOO_MANY_BAD_TOKENS =
            new CloseReason(CloseCodes.VIOLATED_POLICY, "too many invalid tokens");

    /** 1008: the client did what its token does not allow; it stays away. */
    public static final CloseReason FORBIDDEN =
            new CloseReason(CloseCodes.VIOLATED_POLICY, "the token does not allow this");

    /** 1008: more messages or bytes in a second than the limit; the client stays away. */
    public static final CloseReason TOO_FAST = new CloseReason(CloseCodes.VIOLATED_POLICY, "too many messages");

    /** 1009: a message longer than the limit; the client stays away. */
    public static final CloseReason TOO_LONG = new CloseReason(CloseCodes.TOO_BIG, "the message is too long");

    /** 1009: a message in more fragments than the limit; the client stays away. */
    public static final CloseReason TOO_MANY_FRAGMENTS =
            new CloseReason(CloseCodes.TOO_BIG, "the message has too many fragments");

    /** 1011: what was sent could not be written; the client, if it ever reads this, reconnects, jittered. */
    public static final CloseReason BROKEN = new CloseReason(CloseCodes.UNEXPECTED_CONDITION, "the connection failed");

    /** 1012: this node drains; the client reconnects, when it was told to or jittered. */
    public static final CloseReason DRAINING = new CloseReason(CloseCodes.SERVICE_RESTART, "draining, connect again");

    /** 1013: the peer gave no sign of life after a ping; the client, if it ever reads this, reconnects, jittered. */
    public static final CloseReason UNRESPONSIVE =
            new CloseReason(CloseCodes.TRY_AGAIN_LATER, "no sign of life, try again later");

    /** 1013: the peer fell behind what is kept for it; the client reconnects, jittered. */
    public static final CloseReason TOO_SLOW = new CloseReason(CloseCodes.TRY_AGAIN_LATER, "too slow, try again later");

    /** 1013: the room cannot be opened, or a message could not be published; the client reconnects, jittered. */
    public static final CloseReason UNAVAILABLE =
            new CloseReason(CloseCodes.TRY_AGAIN_LATER, "rooms are not available, try again later");

    /**
     * 1013: the broker has lost messages, and the client's protocol has no words for a gap; the client reconnects, jittered.
     */
    public static final CloseReason MESSAGES_LOST =
            new CloseReason(CloseCodes.TRY_AGAIN_LATER, "messages were lost, connect again");

    /** 1013: this node has no memory for what the client sends; the client reconnects, jittered. */
    public static final CloseReason NO_MEMORY =
            new CloseReason(CloseCodes.TRY_AGAIN_LATER, "the server is short of memory, try again later");

    /** 1013: the client began a message and did not end it in time; it reconnects, jittered. */
    public static final CloseReason UNFINISHED =
            new CloseReason(CloseCodes.TRY_AGAIN_LATER, "the message was not finished in time, try again later");

    private CloseReasons() {}

    /**
     * Whether a client may send a close code: RFC 6455 §7.4 and IANA's registry of WebSocket close codes.
     *
     * @param code any number
     * @return whether it may stand in a close frame
     */
    public static boolean isSendable(int code) {
        return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    }

    /**
     * 1011: a bug of ours; the client reconnects, jittered.
     *
     * @param incident what the log has it under, letters and digits
     * @return the reason, which names the incident and nothing else
     */
    public static CloseReason internalError(String incident) {
        return new CloseReason(CloseCodes.UNEXPECTED_CONDITION, "internal error, incident " + incident);
    }
}
