package dev.parley.endpoint;

import dev.parley.gate.Handshake;
import dev.parley.gate.Identity;
import dev.parley.gate.Seat;
import dev.parley.hub.Conversation;
import dev.parley.hub.Hub;
import dev.parley.hub.Peer;
import dev.parley.protocol.CloseReasons;
import jakarta.inject.Inject;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The way from a session to the hub, for every endpoint: a subclass with {@code @ServerEndpoint} says what to do with whole
 * messages and inherits the rest. The container makes one instance per connection and calls it for one message at a time;
 * {@code @OnClose} may come beside a message.
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
     * A client has connected.
     *
     * @param session its session
     */
    @OnOpen
    public final void onOpen(Session session) {
        subprotocol = Objects.requireNonNullElse(session.getNegotiatedSubprotocol(), "");
        Handshake handshake = Handshake.of(session);
        peer = hub.open(session, opened -> {
            Seat seat = handshake.seat();
            if (seat != null) {
                seat.use();
                opened.whenGone(seat::release);
            }
            Identity identity = handshake.identity();
            opened.expireAt(
                    identity.expires(), identity.isUnknown() ? CloseReasons.UNAUTHENTICATED : CloseReasons.EXPIRED);
            return converse(opened, handshake);
        });
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
     * A part of a text message came. Parts, not whole messages: only so does a limit hold on every server.
     *
     * @param part the part
     * @param last whether the message ends with it
     */
    @OnMessage
    public final void onText(String part, boolean last) {
        if (peer != null) {
            peer.text(part, last);
        }
    }

    /**
     * A part of a binary message came.
     *
     * @param part the part
     * @param last whether the message ends with it
     */
    @OnMessage
    public final void onBinary(ByteBuffer part, boolean last) {
        if (peer != null) {
            peer.binary(part, last);
        }
    }

    /**
     * A pong came.
     *
     * @param pong the answer to a ping of the heartbeat, or one that nobody asked for
     */
    @OnMessage
    public final void onPong(PongMessage pong) {
        if (peer != null) {
            peer.pong(pong.getApplicationData().remaining());
        }
    }

    /**
     * The client has gone.
     *
     * @param reason as the container gives it
     */
    @OnClose
    public final void onClose(CloseReason reason) {
        if (peer != null) {
            peer.closed(reason);
        }
    }

    /**
     * Something failed.
     *
     * @param failure what failed
     */
    @OnError
    public final void onError(Throwable failure) {
        if (peer != null) {
            peer.failed(failure);
        }
    }
}
