package dev.parley.delivery;

import dev.parley.api.Membership;
import dev.parley.api.Start;
import dev.parley.api.WireFormat;
import dev.parley.broker.Sender;
import dev.parley.protocol.Content;
import dev.parley.protocol.Position;
import dev.parley.protocol.UserName;
import dev.parley.room.Cursor;
import dev.parley.room.Encoder;
import dev.parley.room.Member;
import dev.parley.room.ReadStart;
import dev.parley.room.Typing;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A peer of this node in a room. */
public final class LocalMembership implements Membership {

    private final OpenRoom room;
    private final LocalPeer peer;
    private volatile Member member; // changed under the room's lock, before it is admitted
    private final AtomicBoolean entered = new AtomicBoolean();
    private volatile @Nullable ReadStart admission;
    private volatile boolean told; // that its user is typing; changed under entered
    private long toldAt; // guarded by entered

    LocalMembership(OpenRoom room, LocalPeer peer, @Nullable String user, WireFormat format, Start start) {
        this.room = room;
        this.peer = peer;
        this.member = new Member(new Sender(UserName.require(user), peer.id()), Encoder.of(format), start);
    }

    @Override
    public void publish(String text) {
        peer.memberships().publish(this, new Content.Text(text));
    }

    @Override
    public void publish(ByteBuffer bytes) {
        typed();
        peer.memberships().publish(this, new Content.Binary(bytes));
    }

    @Override
    public CompletionStage<Position> publish(String text, @Nullable String id) {
        typed();
        return peer.memberships().publish(this, id, new Content.Text(text));
    }

    @Override
    public void typing() {
        peer.memberships().typing(this);
    }

    @Override
    public void greet() {
        if (entered.get()) {
            room.greet(this);
        }
    }

    @Override
    public void leave() {
        peer.memberships().leave(this);
    }

    /** It has read all there is, up to a position. Under the room's lock, before it is admitted. */
    void goesOnFrom(Position position) {
        member = new Member(member.sender(), member.encoder(), new Start(position, 0));
    }

    /** The room has opened for it. Under the room's lock. */
    void admit(ReadStart admitted) {
        admission = admitted;
    }

    /** Greets the peer and lets it read, once it is admitted; without locks. */
    void enter() {
        ReadStart admitted = admission;
        if (admitted != null && entered.compareAndSet(false, true)) {
            peer.enter(encoder(), admitted);
        }
    }

    OpenRoom room() {
        return room;
    }

    LocalPeer peer() {
        return peer;
    }

    /** What the room knows of it. */
    Member member() {
        return member;
    }

    /** Who the peer is in the room. */
    Sender sender() {
        return member.sender();
    }

    Encoder encoder() {
        return member.encoder();
    }

    Start start() {
        return member.start();
    }

    /** What the user typed has been sent: if the user types again, that is news. */
    private void typed() {
        if (told) {
            synchronized (entered) {
                told = false;
            }
        }
    }

    /** Whether it may tell that the user is typing: once in a while, however often it is asked. */
    boolean mayTellTyping(long now) {
        synchronized (entered) {
            if (told && now - toldAt < Typing.PERIOD) {
                return false;
            }
            told = true;
            toldAt = now;
            return true;
        }
    }

    /** Where it reads, null until it is admitted. */
    @Nullable
    Cursor cursor() {
        ReadStart admitted = admission;
        return admitted == null ? null : admitted.cursor();
    }
}
