package dev.parley.room;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Settings;
import dev.parley.protocol.Position;
import dev.parley.protocol.RoomNotice;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A room: its newest events, its members on all nodes, and who of them is typing. It says what becomes an event and where a member
 * starts to read, and tells nobody. Guarded by a lock of its owner's; a {@link View} is read without.
 */
public final class Room {

    private final String name;
    private final Clock clock;
    private final Ring ring;
    private final Typing typing = new Typing();
    private final Presence presence = new Presence();
    private final ReadStarts starts;
    private int plain; // members that are told of each coming and going, however large the room
    private boolean open;

    /**
     * A room that nobody is in.
     *
     * @param name its name
     * @param settings bounds and limits
     * @param clock tells how old a message is
     * @param account what the room holds is taken from there
     */
    public Room(String name, Settings settings, Clock clock, Budget.Account account) {
        this.name = name;
        this.clock = clock;
        this.ring = new Ring(settings.room(), settings.rooms().history(name), clock, account);
        this.starts = new ReadStarts(name, ring, presence, settings);
    }

    /** {@return its name; for any thread} */
    public String name() {
        return name;
    }

    /** {@return whether the broker has opened it} */
    public boolean isOpen() {
        return open;
    }

    /**
     * The broker has opened it.
     *
     * @param kept the history
     */
    public void open(History kept) {
        open = true;
        ring.prime(kept);
        presence.changes(); // who is there already is in the greeting
    }

    /**
     * Takes the next publication; ignores one of a history that is not the room's, as one from before it was open.
     *
     * @param publication as the broker ordered it
     */
    public void deliver(Publication publication) {
        if (open && publication.epoch().equals(ring.epoch()) && publication.offset() > ring.offset()) {
            ring.skip(publication.previous()); // a broker that breaks its word makes a gap that is told
            ring.append(new RoomEvent.Message(publication));
            typing.wrote(publication.sender());
        }
    }

    /**
     * Publications are lost: every reader will see that it missed them.
     *
     * @param upTo the offset of the last one
     */
    public void lost(long upTo) {
        if (open) {
            ring.skip(upTo);
        }
    }

    /**
     * The history was lost, and another has begun.
     *
     * @param epoch names it
     * @param offset of its newest message
     */
    public void renew(String epoch, long offset) {
        if (open) {
            ring.renew(epoch, offset);
        }
    }

    /**
     * Members came and went on other nodes.
     *
     * @param joined who came
     * @param left who went
     */
    public void present(Collection<Sender> joined, Collection<Sender> left) {
        List<RoomEvent> changes = presence.elsewhere(joined, left);
        if (open) {
            changes.forEach(this::announce);
        }
    }

    /**
     * Somebody is typing. That is no event, and may be dropped.
     *
     * @param sender who
     */
    public void typing(Sender sender) {
        typing.note(sender, clock.nanoTime());
    }

    /** {@return who is typing} */
    public Typing typing() {
        return typing;
    }

    /**
     * Whether a member has read further, of the same history, than this node has been told.
     *
     * @param member the member
     * @return true if it has to wait
     */
    public boolean isAhead(Member member) {
        return starts.isAhead(member);
    }

    /**
     * A member of this node comes.
     *
     * @param member who, in a format that announces it
     */
    public void join(Member member) {
        plain += member.encoder().tellsGaps() ? 0 : 1;
        announce(presence.joined(member.sender()));
    }

    /**
     * A member of this node goes, that had come.
     *
     * @param member who, in a format that announces it
     */
    public void leave(Member member) {
        plain -= member.encoder().tellsGaps() ? 0 : 1;
        announce(presence.left(member.sender()));
    }

    private void announce(RoomEvent change) {
        boolean single = change instanceof RoomEvent.Joined joined
                ? joined.single()
                : change instanceof RoomEvent.Left left && left.single();
        if (single || plain > 0) {
            ring.append(change);
        }
    }

    /**
     * Says how a member starts to read. One that is not greeted reads from a position on; one that is greeted starts where it
     * left off.
     *
     * @param member the member
     * @param from the position
     * @param view what it may read
     * @param greeter greets it anew when the history is lost, and takes the lock for that
     * @return where it starts, and what it is greeted with
     */
    public ReadStart start(Member member, long from, View view, Cursor.Greeter greeter) {
        return member.encoder().tellsGaps()
                ? starts.greeted(member, view, greeter)
                : starts.from(member, view, greeter, from);
    }

    /**
     * The greeting of a member that has missed nothing.
     *
     * @param member the member
     * @return the greeting
     */
    public RoomNotice welcomeBack(Member member) {
        return starts.welcomeBack(member);
    }

    /**
     * The greeting of a member for which another history begins.
     *
     * @param member the member
     * @param epoch names the history
     * @param offset the one before its next message
     * @return the greeting
     */
    public RoomNotice welcome(Member member, String epoch, long offset) {
        return starts.welcome(member, epoch, offset, false);
    }

    /**
     * Reads its history here, as the broker would.
     *
     * @param after the offset after which to start
     * @param limit how many messages at most
     * @param newest the offset of a message that was published before
     * @return the messages; null if only the broker can tell
     */
    public @Nullable History history(long after, int limit, long newest) {
        return open ? LogReader.read(ring, after, limit, newest) : null;
    }

    /** {@return where its history ends on this node} */
    public Position end() {
        return new Position(ring.epoch(), ring.offset());
    }

    /** {@return its newest events} */
    public Ring ring() {
        return ring;
    }

    /** {@return how many connections are in it, on all nodes} */
    public int members() {
        return presence.members();
    }

    /**
     * Lets history go that is too old, and makes an event of the changes of presence that were gathered.
     *
     * @return whether there is such an event
     */
    public boolean sweep() {
        ring.expire();
        RoomEvent changes = open ? presence.changes() : null;
        if (changes == null) {
            return false;
        }
        ring.append(changes);
        return true;
    }
}
