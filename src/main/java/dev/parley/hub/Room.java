package dev.parley.hub;

import dev.parley.broker.Broker;
import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.ops.Incidents;
import dev.parley.ops.Settings;
import dev.parley.protocol.RoomNotice;
import dev.parley.wire.Frame;
import dev.parley.wire.Turn;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A room of this node: its ring and its members. An event is appended once; then each loop walks its members and lets each
 * outbox take what it is due. Until the broker has opened it, who joins waits; and until it is as far as somebody was on another
 * node. Safe for any thread.
 */
final class Room {

    private final String name;
    private final Broker broker;
    private final Consumer<Throwable> failed;
    private final AtomicBoolean failing = new AtomicBoolean();
    private final Ring ring;
    private final Sequence sequence;
    private final Pump pump;
    private final Presence presence = new Presence(); // guarded by this
    private final Entrance entrance; // guarded by this
    private final Set<Membership> members = new LinkedHashSet<>(); // guarded by this
    private final Set<Membership> waiting = new LinkedHashSet<>(0); // guarded by this
    private int plain; // members that are told of each coming and going, however large the room; guarded by this
    private boolean open; // guarded by this
    private volatile @Nullable Readers snapshot; // of the members, until they change
    private int walking; // loops that have not ended the walk under way; guarded by this
    private long needed; // the position of the one that was furthest behind when they met it; guarded by this

    /**
     * A room that nobody is in.
     *
     * @param failed gets what leaves the room in no known state; called under any lock
     */
    Room(String name, Settings settings, Executor relief, Broker broker, BiConsumer<Room, Throwable> failed) {
        this.name = name;
        this.broker = broker;
        this.failed = failure -> failed.accept(this, failure);
        this.ring = new Ring(settings.room(), settings.rooms().history(name));
        this.entrance = new Entrance(this, ring, presence, settings);
        this.sequence = new Sequence(ring, settings.room().messages());
        this.pump = new Pump(this::walk, this.failed, relief);
    }

    String name() {
        return name;
    }

    /** The broker has opened it: with what it has kept, and with what it delivered meanwhile, those who wait come in. */
    void opened(History kept) {
        synchronized (this) {
            open = true;
            sequence.start(kept);
            presence.changes(); // who is there already is in the greeting
        }
        advanced();
    }

    /** It has come further: those come in who waited for that, and the members take what is new. */
    void advanced() {
        letIn();
        wake();
    }

    private void letIn() {
        List<Membership> due;
        synchronized (this) {
            if (!open || waiting.isEmpty()) {
                return;
            }
            due = waiting.stream().filter(member -> !entrance.isAhead(member)).toList();
        }
        Incidents.each(due, this::takeIn, (member, failure) -> member.peer().fail(failure));
    }

    /** Lets one in who waits, wherever it was before. */
    void letIn(Membership member) {
        takeIn(member);
        wake();
    }

    private void takeIn(Membership member) {
        synchronized (this) {
            if (!waiting.remove(member)) {
                return;
            }
            admit(member);
        }
        member.enter();
    }

    /** Whether a member waits in a room that is open: it was further than the room is. */
    synchronized boolean isAwaited(Membership member) {
        return open && waiting.contains(member);
    }

    /** Takes the next publication; {@link #advanced} brings it to the members. */
    synchronized void deliver(Publication publication) {
        sequence.take(publication);
    }

    /** The history was lost, and another has begun. */
    void renewed(String epoch, long offset) {
        synchronized (this) {
            sequence.renew(epoch, offset);
        }
        advanced();
    }

    /** The offset after which messages are missing that nobody has asked the broker for yet, or -1. */
    synchronized long missingAfter() {
        return sequence.missingAfter();
    }

    /** The broker's answer, null if it gave none; true if it helped, so that asking for more may help too. */
    boolean repaired(@Nullable History history) {
        boolean helped;
        synchronized (this) {
            helped = sequence.repair(history);
        }
        advanced();
        return helped;
    }

    /** Members came and went on other nodes; {@link #wake} brings it to the members. */
    synchronized void present(Collection<Sender> joined, Collection<Sender> left) {
        List<RoomEvent> changes = presence.elsewhere(joined, left);
        if (open) {
            changes.forEach(this::announce);
        }
    }

    /** Somebody is typing. */
    void typing(Sender sender) {
        synchronized (this) {
            ring.append(new RoomEvent.Typing(sender));
        }
        wake();
    }

    /** Lets old history go, and tells what was gathered. Called now and then. */
    void sweep(Instant now) {
        RoomEvent changes;
        synchronized (this) {
            ring.expire(now);
            changes = open ? presence.changes() : null;
            if (changes != null) {
                ring.append(changes);
            }
        }
        if (changes != null) {
            wake();
        }
    }

    /** Lets the members take what is new: at the end of this turn, in one walk at a time. */
    void wake() {
        pump.signal(Turn.END);
    }

    /** Takes a peer in; it is a member at once, or when the broker has opened the room and brought it as far as the peer was. */
    synchronized Membership join(Peer peer, @Nullable String user, Form form, Start start) {
        Membership member = new Membership(this, peer, user, form, start);
        if (!open || entrance.isAhead(member)) {
            waiting.add(member);
            return member;
        }
        try {
            admit(member);
        } catch (Throwable e) {
            leave(member); // its peer does not know it, and would never leave
            throw e;
        }
        return member;
    }

    /** A plain member reads from its own coming on; one that is greeted is greeted with itself already there. */
    private void admit(Membership member) {
        Form form = member.form();
        long now = ring.tail();
        if (form.announces()) {
            announce(presence.joined(member.sender()));
            broker.joined(name, member.sender()); // under the lock, so that it comes before it goes
        }
        members.add(member);
        snapshot = null;
        if (!form.tellsGaps()) {
            plain += form.announces() ? 1 : 0;
            member.admit(entrance.from(member, now));
        } else {
            member.admit(entrance.greeted(member));
        }
    }

    /** Greets a member that has missed nothing. */
    void greet(Membership member) {
        Frame frame;
        synchronized (this) {
            frame = member.form().frame(entrance.welcomeBack(member), null);
        }
        member.peer().send(frame);
    }

    /** What a member is greeted with. */
    synchronized RoomNotice welcome(Membership member, String epoch, long offset, boolean recovered) {
        return entrance.welcome(member, epoch, offset, recovered);
    }

    /** Removes a member and tells the others, if that is announced; false if it was none. */
    synchronized boolean leave(Membership member) {
        if (waiting.remove(member) || !members.remove(member)) {
            return false;
        }
        snapshot = null;
        if (member.form().announces()) {
            plain -= member.form().tellsGaps() ? 0 : 1;
            announce(presence.left(member.sender()));
            broker.left(name, member.sender());
        }
        return true;
    }

    /** Whether nothing failed in it before. */
    boolean isFirstFailure() {
        return failing.compareAndSet(false, true);
    }

    /** Removes all members and tells the other nodes; gives the members. */
    synchronized List<Membership> end() {
        List<Membership> all = everybody();
        for (Membership member : members) {
            if (member.form().announces()) {
                broker.left(name, member.sender());
            }
        }
        members.clear();
        waiting.clear();
        snapshot = null;
        return all;
    }

    private void announce(RoomEvent change) {
        boolean single = change instanceof RoomEvent.Joined joined
                ? joined.single()
                : change instanceof RoomEvent.Left left && left.single();
        if (single || plain > 0) {
            ring.append(change);
        }
    }

    /** How many events the member that is furthest behind has not read. */
    synchronized long lag() {
        return ring.lag();
    }

    synchronized boolean isEmpty() {
        return members.isEmpty() && waiting.isEmpty();
    }

    /** Everybody in it, those included who wait to come in. */
    synchronized List<Membership> everybody() {
        List<Membership> all = new ArrayList<>(members);
        all.addAll(waiting);
        return all;
    }

    synchronized RoomSummary summary() {
        return new RoomSummary(name, presence.members(), ring.epoch(), ring.offset());
    }

    /** One walk over the members: false if some loops are still at it. */
    private boolean walk() {
        Readers readers = snapshot();
        int elsewhere = 0;
        for (Readers.Group group : readers.groups()) {
            elsewhere += group.isHere() ? 0 : 1;
        }
        synchronized (this) {
            ring.reveal();
            needed = ring.horizon();
            walking = elsewhere + 1;
        }
        if (elsewhere > 0) {
            for (Readers.Group group : readers.groups()) {
                if (!group.isHere()) {
                    group.execute(() -> {
                        if (arrived(readers, wake(group))) {
                            pump.finished(readers::gather);
                        }
                    });
                }
            }
        }
        long here = Long.MAX_VALUE;
        for (Readers.Group group : readers.groups()) {
            if (group.isHere()) {
                here = Math.min(here, wake(group));
            }
        }
        boolean last = arrived(readers, here);
        if (last && elsewhere > 0) {
            pump.finished(readers::gather);
        }
        return elsewhere == 0;
    }

    /** Wakes the members of a loop; the position of the one that was furthest behind. */
    private static long wake(Readers.Group group) {
        long behind = Long.MAX_VALUE;
        for (Membership member : group.members()) {
            Cursor cursor = member.cursor();
            if (cursor != null) {
                behind = Math.min(behind, cursor.position());
                member.peer().wake(cursor);
            }
        }
        return behind;
    }

    /**
     * A loop has walked its members; true if it was the last. What every member has read is history then. Who came during the
     * walk may have started before: then the next walk settles.
     */
    private synchronized boolean arrived(Readers readers, long behind) {
        needed = Math.min(needed, behind);
        walking--;
        if (walking == 0 && snapshot == readers) {
            Incidents.guard(() -> ring.settle(needed), failed); // the pump has to learn that the walk has ended
        }
        return walking == 0;
    }

    private Readers snapshot() {
        Readers current = snapshot;
        if (current == null) {
            synchronized (this) {
                current = Readers.of(members);
                snapshot = current;
            }
        }
        return current;
    }
}
