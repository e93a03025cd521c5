package dev.parley.api;

import jakarta.websocket.CloseReason;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One connected client. An endpoint gets it from {@link Hub#open} and hands every callback of its session on to it: parts of
 * messages, the close, errors. What is sent goes through a bounded queue, and one that falls behind is closed with 1013. Safe for
 * any thread, but for {@link #text} and {@link #binary}, which the container calls one after the other.
 */
public interface Peer {

    /**
     * Sends a text to this peer alone. It takes turns with what the peer's rooms have for it. If the outbox is full the peer is
     * closed with 1013; if the peer is gone nothing happens.
     *
     * @param text the text
     */
    void send(String text);

    /**
     * Sends bytes to this peer alone, as {@link #send(String)} does.
     *
     * @param bytes the payload, copied
     */
    void send(ByteBuffer bytes);

    /**
     * Makes this peer a member of a room of this application, from now on. A peer that may not read the room is closed with
     * 1008.
     *
     * @param room the room's name; opened if this is its first member here
     * @param user the name it goes by there, within the rule for names; null if it has none
     * @param format how it reads the room's events
     * @return the membership; one that has already ended if the peer is gone
     */
    Membership join(String room, @Nullable String user, WireFormat format);

    /**
     * Makes this peer a member of a room of this application. In a format that greets, the greeting says where it starts. If the
     * room cannot be opened the peer is closed with 1013; if the peer may not read the room it is closed with 1008.
     *
     * @param room the room's name; opened if this is its first member here
     * @param user the name it goes by there, within the rule for names; null if it has none
     * @param format how it reads the room's events
     * @param start where it starts to read; only now in a format that does not greet
     * @return the membership; one that has already ended if the peer is gone
     */
    Membership join(String room, @Nullable String user, WireFormat format, Start start);

    /**
     * Replaces what the gate granted this peer, for instance when a message has brought a new token. From its expiry on, within
     * a second, nothing is delivered to the peer or taken from it.
     *
     * @param renewed what it may do from now on, with the same place as before
     */
    void renew(Admission renewed);

    /**
     * Closes this peer once what was sent to it before has left. A second call does nothing.
     *
     * @param reason why
     */
    void close(CloseReason reason);

    /**
     * For {@code @OnMessage}: a part of a text message came. Whole messages within the limits go to the conversation; a longer
     * one closes with 1009, one beyond the rate goes to {@link Conversation#tooFast}.
     *
     * @param part the part, perhaps the whole
     * @param last whether the message ends with it
     */
    void text(String part, boolean last);

    /**
     * For {@code @OnMessage}: a part of a binary message came; as {@link #text}, but one beyond the rate closes
     * with 1008.
     *
     * @param part the part, perhaps the whole; copied
     * @param last whether the message ends with it
     */
    void binary(ByteBuffer part, boolean last);

    /**
     * For {@code @OnMessage}: a pong came. A peer that is not heard after a ping is given up, so hand every pong on. It counts
     * as a message of its length: one beyond the rate closes with 1008.
     *
     * @param size its payload, bytes
     */
    void pong(int size);

    /**
     * For {@code @OnClose}: the session is closed. It leaves its rooms and the hub.
     *
     * @param reason as the container gives it
     */
    void closed(CloseReason reason);

    /**
     * For {@code @OnError}: something failed in the session. A failed connection only ends it; anything else is an internal
     * error, logged under an incident ID that the close 1011 carries.
     *
     * @param failure what failed
     */
    void failed(Throwable failure);
}
