package dev.parley.delivery;

import dev.parley.api.Start;
import dev.parley.broker.Sender;
import dev.parley.protocol.Content;
import dev.parley.protocol.Position;
import dev.parley.protocol.UserName;
import dev.parley.room.Cursor;
import dev.parley.room.Form;
import dev.parley.room.Member;
import dev.parley.room.ReadStart;
import dev.parley.room.Typing;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A peer in a room, under a user's name. It ends with {@link #leave} or with the peer. Safe for any thread. */
public final class Membership {

    private final OpenRoom room;
    private final Peer peer;
    private final Member member;
    private final AtomicBoolean entered = new AtomicBoolean();
    private volatile @Nullable ReadStart admission;
    private volatile boolean told; // that its user is typing; changed under entered
    private long toldAt; // guarded by entered

    Membership(OpenRoom room, Peer peer, @Nullable String user, Form form, Start start) {
        this.room = room;
        this.peer = peer;
        this.member = new Member(new Sender(UserName.require(user), peer.id()), form, start);
    }

    /**
     * Publishes a text to the room, the peer itself included. If it cannot be published the peer is closed: with 1013 if the
     * broker does not take it, with 1008 if the peer may not publish in this room, with 1007 if the text breaks the rule of
     * {@code MessageText}.
     *
     * @param text the text
     */
    public void publish(String text) {
        peer.memberships().publish(this, new Content.Text(text));
    }

    /**
     * Publishes bytes to the room, the peer itself included; as {@link #publish(String)}.
     *
     * @param bytes the payload, which nobody writes to any more
     */
    public void publish(ByteBuffer bytes) {
        typed();
        peer.memberships().publish(this, new Content.Binary(bytes));
    }

    /**
     * Publishes a text to the room, the peer itself included, and says what became of it.
     *
     * @param text the text
     * @param id the user's own key for it, or null; the same again is the same message
     * @return where it stands once the broker has it; fails with {@link dev.parley.protocol.PublishException}
     */
    public CompletionStage<Position> publish(String text, @Nullable String id) {
        typed();
        return peer.memberships().publish(this, id, new Content.Text(text));
    }

    /**
     * Tells the others in the room that the user is typing, at most once a second and once after each message; what is more is
     * dropped. Does nothing for a peer that may not publish in this room.
     */
    public void typing() {
        peer.memberships().typing(this);
    }

    /** Greets the peer again, in a form that greets: it has missed nothing, and may have other rights. */
    public void greet() {
        if (entered.get()) {
            room.greet(this);
        }
    }

    /** Leaves the room; does nothing if the peer has left it. */
    public void leave() {
        peer.memberships().leave(this);
    }

    /** The room has opened for it. Under the room's lock. */
    void admit(ReadStart admitted) {
        admission = admitted;
    }

    /** Greets the peer and lets it read, once it is admitted; without locks. */
    void enter() {
        ReadStart admitted = admission;
        if (admitted != null && entered.compareAndSet(false, true)) {
            peer.enter(form(), admitted);
        }
    }

    OpenRoom room() {
        return room;
    }

    Peer peer() {
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

    Form form() {
        return member.form();
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
