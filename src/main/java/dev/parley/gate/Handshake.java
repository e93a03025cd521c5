package dev.parley.gate;

import dev.parley.api.Admission;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.RoomName;
import dev.parley.protocol.UserName;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Session;
import java.time.Instant;
import java.util.HashMap;
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
 * @param rate its share of the rate of its client, null if nothing is to come from it
 */
public record Handshake(
        String room,
        Map<String, String> query,
        Identity identity,
        @Nullable Seat seat,
        @Nullable RateShare rate) implements Admission {

    private static final String UNCHECKED =
            "The gate has not checked this session: its endpoint needs configurator = HandshakeConfigurator.class";

    /** What a request asks for, before anybody has asked who makes it: nobody, who may do nothing. */
    Handshake(String room, Map<String, String> query) {
        this(room, query, Identity.NOBODY, null, null);
    }

    /**
     * The handshake of a session whose endpoint has the {@link HandshakeConfigurator}.
     *
     * @param session the session
     * @return what the client asked for
     * @throws IllegalStateException if the gate has not checked the session
     */
    public static Handshake of(Session session) {
        if (session.getUserProperties().get(KEY) instanceof Handshake handshake) {
            return handshake;
        }
        throw new IllegalStateException(UNCHECKED);
    }

    /**
     * The name the client goes by.
     *
     * @return its token's, or {@code ?user=} if it has none; both normal by {@code UserName}. Null if there is neither
     */
    public @Nullable String user() {
        String known = identity.user();
        return known == null ? query.get("user") : known;
    }

    @Override
    public boolean mayRead(String name) {
        return identity.mayRead(name);
    }

    @Override
    public boolean mayPublish(String name) {
        return identity.mayPublish(name);
    }

    @Override
    public Instant expires() {
        return identity.expires();
    }

    @Override
    public CloseReason expiryReason() {
        return identity.isUnknown() ? CloseReasons.UNAUTHENTICATED : CloseReasons.EXPIRED;
    }

    @Override
    public boolean admits(boolean first, int size) {
        return rate == null || rate.admits(first, size);
    }

    @Override
    public void opened() {
        if (seat != null) {
            seat.use();
        }
    }

    @Override
    public void closed() {
        if (seat != null) {
            seat.release();
        }
    }

    /** Whether it is for a room of the chat, where a token may come as a message. */
    boolean isForChat() {
        return RoomName.isValid(room);
    }

    /** The same for another identity, if that is who was asked for. */
    Handshake by(Identity other) throws Refusal {
        String asked = query.get("user");
        if (asked == null || other.isUnknown() || asked.equals(other.subject())) {
            return new Handshake(room, query, other, seat, rate);
        }
        String name = UserName.normalize(asked);
        if (other.subject() == null && name == null) {
            throw Refusal.badRequest(UserName.RULE);
        }
        if (name == null || !(other.subject() == null || name.equals(other.user()))) {
            throw Refusal.forbidden("The token is for another user.");
        }
        Map<String, String> normal = new HashMap<>(query);
        normal.put("user", name);
        return new Handshake(room, Map.copyOf(normal), other, seat, rate);
    }

    /** The same for another identity, if that may have what was asked for. */
    Handshake as(Identity other) throws Refusal {
        if (!room.isEmpty() && !other.isUnknown() && !other.mayRead(room)) {
            throw Refusal.forbidden("The token is not for this room.");
        }
        return by(other);
    }

    /** The same without {@code ?token=}, which nobody needs any more. */
    Handshake withoutToken() {
        if (!query.containsKey("token")) {
            return this;
        }
        Map<String, String> rest = new HashMap<>(query);
        rest.remove("token");
        return new Handshake(room, Map.copyOf(rest), identity, seat, rate);
    }

    Handshake on(Seat taken, RateShare share) {
        return new Handshake(room, query, identity, taken, share);
    }
}
