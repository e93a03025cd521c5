package dev.parley.delivery;

import dev.parley.api.Start;
import dev.parley.api.WireFormat;
import dev.parley.ops.Incidents;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.Content;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import dev.parley.protocol.RoomNotice;
import dev.parley.room.Cursor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The rooms of one peer: it joins and leaves them, and publishes there as far as it may. Safe for any thread. */
final class Memberships {

    private static final Logger LOG = System.getLogger(Memberships.class.getName());

    private final LocalPeer peer;
    private final LocalHub hub;
    private final Outbox outbox;
    private final List<LocalMembership> joined = new ArrayList<>(1); // guarded by itself
    private volatile boolean ended; // changed under joined

    Memberships(LocalPeer peer, LocalHub hub, Outbox outbox) {
        this.peer = peer;
        this.hub = hub;
        this.outbox = outbox;
    }

    LocalMembership join(String room, @Nullable String user, WireFormat format, Start start) {
        if (!peer.admission().mayRead(room)) {
            peer.close(CloseReasons.FORBIDDEN);
            return hub.refuse(peer, room, user, format);
        }
        LocalMembership membership = hub.join(peer, room, user, format, start);
        boolean stays;
        synchronized (joined) {
            stays = !ended;
            if (stays) {
                joined.add(membership);
            }
        }
        if (stays) {
            membership.enter();
        } else {
            hub.leave(membership);
        }
        return membership;
    }

    void leave(LocalMembership membership) {
        synchronized (joined) {
            joined.remove(membership);
        }
        part(membership);
    }

    /** Leaves all rooms, and joins none any more. */
    void end() {
        List<LocalMembership> left;
        synchronized (joined) {
            ended = true;
            left = List.copyOf(joined);
            joined.clear();
        }
        Incidents.each(
                left, this::part, (membership, failure) -> Incidents.log("a peer leaves its other rooms", failure));
    }

    private void part(LocalMembership membership) {
        Cursor cursor = membership.cursor();
        if (cursor != null) {
            outbox.remove(cursor);
        }
        hub.leave(membership);
    }

    /** Publishes for a peer that cannot be told what becomes of it. */
    void publish(LocalMembership membership, Content content) {
        if (!mayPublish(membership)) {
            peer.close(CloseReasons.FORBIDDEN);
        } else if (!ended) {
            hub.publish(membership, null, content).whenComplete((position, failure) -> {
                if (failure != null) {
                    Incidents.guard(() -> notPublished(failure), peer::fail);
                }
            });
        }
    }

    private void notPublished(Throwable failure) {
        LOG.log(Level.DEBUG, "a message of a plain client was not published", failure);
        if (PublishException.of(failure).code() == ErrorCode.BAD_TEXT) {
            peer.close(CloseReasons.BAD_TEXT);
        } else {
            peer.abandon(CloseReasons.UNAVAILABLE);
        }
    }

    CompletionStage<Position> publish(LocalMembership membership, @Nullable String id, Content content) {
        if (!mayPublish(membership)) {
            return CompletableFuture.failedFuture(
                    new PublishException(ErrorCode.FORBIDDEN, "The client may not publish in this room."));
        }
        return ended
                ? CompletableFuture.failedFuture(
                        new PublishException(ErrorCode.UNAVAILABLE, "the connection is closing"))
                : hub.publish(membership, id, content);
    }

    void typing(LocalMembership membership) {
        if (!ended && mayPublish(membership)) {
            hub.typing(membership);
        }
    }

    private boolean mayPublish(LocalMembership membership) {
        return peer.admission().mayPublish(membership.room().name());
    }

    /** Sends a notice once for each room, in the formats that have words for it. */
    void send(RoomNotice notice) {
        List<LocalMembership> told;
        synchronized (joined) {
            told = List.copyOf(joined);
        }
        for (LocalMembership membership : told) {
            if (membership.encoder().tellsGaps()) {
                peer.send(membership.encoder().frame(notice, null));
            }
        }
    }
}
