package dev.parley.api;

import dev.parley.protocol.CloseReasons;
import java.nio.ByteBuffer;

/**
 * What an endpoint does with the whole messages of one peer. Called for one message at a time, in order, on a thread of the
 * container, so it returns soon and never blocks. An exception closes the peer with 1011 and is logged under an incident id;
 * nobody else notices.
 */
@FunctionalInterface
public interface Conversation {

    /**
     * A text message came, within the limit.
     *
     * @param peer who sent it
     * @param message the whole message
     */
    void text(Peer peer, String message);

    /**
     * How long a text message may be as it comes. A longer one closes with 1009.
     *
     * @param limit {@code parley.limits.text}
     * @return bytes of UTF-8; the limit unless it is overridden
     */
    default int maxText(int limit) {
        return limit;
    }

    /**
     * A text message came, within the limit but beyond the rate: it is not taken. Closes with 1008 unless it is overridden.
     * Who sends as much again in such messages as the rate allows of others is closed with 1008 in any case.
     *
     * @param peer who sent it
     * @param message the whole message
     */
    default void tooFast(Peer peer, String message) {
        peer.close(CloseReasons.TOO_FAST);
    }

    /**
     * A binary message came, within the limit. Closes with 1003 unless it is overridden.
     *
     * @param peer who sent it
     * @param message the whole message, the callee's to keep
     */
    default void binary(Peer peer, ByteBuffer message) {
        peer.close(CloseReasons.TEXT_ONLY);
    }
}
