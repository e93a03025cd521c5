package dev.parley.delivery;

import dev.parley.api.Start;
import dev.parley.ops.Incidents;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.Content;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import dev.parley.protocol.RoomNotice;
import dev.parley.room.Cursor;
import dev.parley.room.Form;
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

    private final Peer peer;
    private final Hub hub;
    private final Outbox outbox;
    private final List<Membership> joined = new ArrayList<>(1); // guarded by itself
    private volatile boolean ended; // changed under joined

    Memberships(Peer peer, Hub hub, Outbox outbox) {
        this.peer = peer;
        this.hub = hub;
        this.outbox = outbox;
    }

    Membership join(String room, @Nullable String user, Form form, Start start) {
        if (!peer.admission().mayRead(room)) {
            peer.close(CloseReasons.FORBIDDEN);
            return hub.refuse(peer, room, user, form);
        }
        Membership membership = hub.join(peer, room, user, form, start);
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

    void leave(Membership membership) {
        synchronized (joined) {
            joined.remove(membership);
        }
        part(membership);
    }

    /** Leaves all rooms, and joins none any more. */
    void end() {
        List<Membership> left;
        synchronized (joined) {
            ended = true;
            left = List.copyOf(joined);
            joined.clear();
        }
        Incidents.each(
                left, this::part, (membership, failure) -> Incidents.log("a peer leaves its other rooms", failure));
    }

    private void part(Membership membership) {
        Cursor cursor = membership.cursor();
        if (cursor != null) {
            outbox.remove(cursor);
        }
        hub.leave(membership);
    }

    /** Publishes for a peer that cannot be told what becomes of it. */
    void publish(Membership membership, Content content) {
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

    CompletionStage<Position> publish(Membership membership, @Nullable String id, Content content) {
        if (!mayPublish(membership)) {
            return CompletableFuture.failedFuture(
                    new PublishException(ErrorCode.FORBIDDEN, "The client may not publish in this room."));
        }
        return ended
                ? CompletableFuture.failedFuture(
                        new PublishException(ErrorCode.UNAVAILABLE, "the connection is closing"))
                : hub.publish(membership, id, content);
    }

    void typing(Membership membership) {
        if (!ended && mayPublish(membership)) {
            hub.typing(membership);
        }
    }

    private boolean mayPublish(Membership membership) {
        return peer.admission().mayPublish(membership.room().name());
    }

    /** Sends a notice once for each room, in the forms that have words for it. */
    void send(RoomNotice notice) {
        List<Membership> told;
        synchronized (joined) {
            told = List.copyOf(joined);
        }
        for (Membership membership : told) {
            if (membership.form().tellsGaps()) {
                peer.send(membership.form().frame(notice, null));
            }
        }
    }
}
