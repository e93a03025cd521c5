package dev.parley.gate;

import dev.parley.protocol.RoomName;
import jakarta.websocket.Session;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client asked for when it connected and who it is, checked by the gate before the upgrade. Immutable, safe for any
 * thread.
 *
 * @param room the room of the path, empty if the path has none
 * @param query the query parameters, decoded; each at most once
 * @param identity who the client is
 * @param seat its place in the quotas, null if nothing counts it
 */
public record Handshake(
        String room,
        Map<String, String> query,
        Identity identity,
        @Nullable Seat seat) {

    static final String KEY = Handshake.class.getName();

    /** On its way from the filter to the configurator, which runs inside it on the same thread and takes it away. */
    static final ThreadLocal<@Nullable Handshake> CURRENT = new ThreadLocal<>();

    private static final Handshake NONE = new Handshake("", Map.of());

    Handshake(String room, Map<String, String> query) {
        this(room, query, Identity.ANYONE, null);
    }

    /**
     * The handshake of a session whose endpoint has the {@link HandshakeConfigurator}.
     *
     * @param session the session
     * @return what was asked for; nothing in particular if the endpoint has another configurator
     */
    public static Handshake of(Session session) {
        return session.getUserProperties().get(KEY) instanceof Handshake handshake ? handshake : NONE;
    }

    /**
     * The name the client goes by.
     *
     * @return its token's, or {@code ?user=}, which keeps the rule of {@code UserName}, or null if it has none
     */
    public @Nullable String user() {
        String known = identity.user();
        return known == null ? query.get("user") : known;
    }

    /** Whether it is for a room of the chat, where a token may come as a message. */
    boolean isForChat() {
        return RoomName.isValid(room);
    }

    /** The same for another identity, if that is who was asked for. */
    Handshake by(Identity other) throws Refusal {
        String asked = query.get("user");
        if (other.user() != null && asked != null && !asked.equals(other.user())) {
            throw Refusal.forbidden("The token is for another user.");
        }
        return new Handshake(room, query, other, seat);
    }

    /** The same for another identity, if that may have what was asked for. */
    Handshake as(Identity other) throws Refusal {
        if (!room.isEmpty() && !other.isUnknown() && !other.mayRead(room)) {
            throw Refusal.forbidden("The token is not for this room.");
        }
        return by(other);
    }

    Handshake on(Seat taken) {
        return new Handshake(room, query, identity, taken);
    }
}
