package dev.parley.endpoint;

import dev.parley.api.Admission;
import dev.parley.api.Conversation;
import dev.parley.api.Hub;
import dev.parley.api.Peer;
import dev.parley.gate.Handshake;
import jakarta.inject.Inject;
import jakarta.websocket.CloseReason;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The way from a session to the hub, for every endpoint. A subclass with {@code @ServerEndpoint} says in {@link #converse} what to
 * do with whole messages, and overrides the six public methods with their annotations and a call of {@code super}: annotations of
 * methods are not inherited (Jakarta WebSocket 2.1 §4.8), and Open Liberty keeps to that. The container makes one instance
 * per connection and calls it for one message at a time; {@code @OnClose} may come beside a message.
 */
public abstract class PeerEndpoint {

    @Inject
    private Hub hub;

    private @Nullable Peer peer;
    private String subprotocol = "";

    /** For the container. */
    protected PeerEndpoint() {}

    /**
     * A client has connected: greet it, let it join rooms, and say what to do with its messages.
     *
     * @param peer the client
     * @param handshake what it asked for
     * @return what to do with its messages
     */
    protected abstract Conversation converse(Peer peer, Handshake handshake);

    /**
     * For {@code @OnOpen}: opens a peer. A session that the gate has not checked is closed with 1008, and
     * {@link #converse} is not called.
     *
     * @param session the session
     */
    public void onOpen(Session session) {
        subprotocol = Objects.requireNonNullElse(session.getNegotiatedSubprotocol(), "");
        peer = hub.open(session, opened -> converse(opened, Handshake.of(session)));
    }

    /**
     * For {@code @OnOpen} of an endpoint whose path has a room: as {@link #onOpen}, if the container has matched the
     * room that the gate has checked. Otherwise nobody has checked that room, and the session is closed with 1008.
     *
     * @param session the session
     * @param room the room as the container gives it, a {@code @PathParam}
     */
    protected final void openRoom(Session session, String room) {
        if (session.getUserProperties().get(Admission.KEY) instanceof Handshake handshake
                && !handshake.room().equals(room)) {
            session.getUserProperties().remove(Admission.KEY);
            handshake.closed();
        }
        onOpen(session);
    }

    /**
     * What was agreed upon in the handshake.
     *
     * @return one of the endpoint's subprotocols, or empty
     */
    protected final String subprotocol() {
        return subprotocol;
    }

    /**
     * For {@code @OnMessage}: a part of a text message came. Parts, not whole messages: only so does a limit hold on every server.
     *
     * @param part the part
     * @param last whether the message ends with it
     */
    public void onText(String part, boolean last) {
        if (peer != null) {
            peer.text(part, last);
        }
    }

    /**
     * For {@code @OnMessage}: a part of a binary message came.
     *
     * @param part the part
     * @param last whether the message ends with it
     */
    public void onBinary(ByteBuffer part, boolean last) {
        if (peer != null) {
            peer.binary(part, last);
        }
    }

    /**
     * For {@code @OnMessage}: a pong came.
     *
     * @param pong the answer to a ping of the heartbeat, or one that nobody asked for
     */
    public void onPong(PongMessage pong) {
        if (peer != null) {
            peer.pong(pong.getApplicationData().remaining());
        }
    }

    /**
     * For {@code @OnClose}: the client has gone.
     *
     * @param reason as the container gives it
     */
    public void onClose(CloseReason reason) {
        if (peer != null) {
            peer.closed(reason);
        }
    }

    /**
     * For {@code @OnError}: something failed.
     *
     * @param failure what failed
     */
    public void onError(Throwable failure) {
        if (peer != null) {
            peer.failed(failure);
        }
    }
}
