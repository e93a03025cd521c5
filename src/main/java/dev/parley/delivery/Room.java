package dev.parley.delivery;

import dev.parley.api.RoomSummary;
import dev.parley.api.Start;
import dev.parley.broker.Broker;
import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.delivery.Membership.ReadStart;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Incidents;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.protocol.RoomNotice;
import dev.parley.room.Form;
import dev.parley.room.Presence;
import dev.parley.room.Ring;
import dev.parley.room.RoomEvent;
import dev.parley.room.Sequence;
import dev.parley.room.Typing;
import dev.parley.wire.Turn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A room of this node: its ring and its members, by the loop that writes to them. An event is appended once; then each
 * {@link Branch} walks its readers and lets each outbox take what it is due. Until the broker has opened it, who joins waits; and
 * until it is as far as somebody was on another node. Safe for any thread.
 */
final class Room {

    private final String name;
    private final Broker broker;
    private final Executor relief;
    private final Clock clock;
    private final Metrics metrics;
    private final Consumer<Throwable> failed;
    private final AtomicBoolean failing = new AtomicBoolean();
    private final Ring ring;
    private final Sequence sequence;
    private final Typing typing = new Typing(); // guarded by this
    private final Presence presence = new Presence(); // guarded by this
    private final Entrance entrance; // guarded by this
    private volatile Branch[] branches = {}; // those with readers; a new array for each change, made under this
    private final Set<Membership> waiting = new LinkedHashSet<>(0); // guarded by this
    private int plain; // members that are told of each coming and going, however large the room; guarded by this
    private boolean open; // guarded by this

    /**
     * A room that nobody is in.
     *
     * @param failed gets what leaves the room in no known state; called under any lock
     */
    Room(
            String name,
            Settings settings,
            Executor relief,
            Broker broker,
            Clock clock,
            Budget budget,
            Metrics metrics,
            BiConsumer<Room, Throwable> failed) {
        this.name = name;
        this.relief = relief;
        this.broker = broker;
        this.clock = clock;
        this.metrics = metrics;
        this.failed = failure -> failed.accept(this, failure);
        this.ring =
                new Ring(settings.room(), settings.rooms().history(name), clock, budget.account(Budget.Holder.ROOMS));
        this.entrance = new Entrance(this, ring, presence, settings);
        this.sequence = new Sequence(ring, settings.room());
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
        typing.wrote(publication.sender());
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

    /** Somebody is typing; {@link #wake} brings it to the members. It is no event of the ring, and may be dropped. */
    synchronized void typing(Sender sender) {
        typing.note(sender, clock.nanoTime());
    }

    /** Who is typing. Guarded by the room's lock. */
    Typing typing() {
        return typing;
    }

    /** Lets old history go, and tells what was gathered. Called now and then, by a thread that writes to nobody. */
    void sweep() {
        RoomEvent changes;
        synchronized (this) {
            if (ring.lag() > 0) {
                for (Branch branch : branches) {
                    branch.look();
                }
                settle();
            }
            ring.expire();
            changes = open ? presence.changes() : null;
            if (changes != null) {
                ring.append(changes);
            }
        }
        if (changes != null) {
            wake(relief);
        }
    }

    /** Lets the members take what is new: at the end of this turn, and of the turns that other loops are in. */
    void wake() {
        wake(Turn.END);
    }

    private void wake(Executor anywhere) {
        for (Branch branch : branches) {
            branch.wake(anywhere);
        }
    }

    /** What the readers of every branch have read is history. Under the lock. */
    void settle() {
        long settled = ring.tail();
        for (Branch branch : branches) {
            settled = Math.min(settled, branch.behind());
        }
        ring.settle(settled);
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
        Branch branch = branch(member.peer().loop());
        branch.add(member); // first: if anything fails, leaving undoes all of it
        plain += form.announces() && !form.tellsGaps() ? 1 : 0;
        if (form.announces()) {
            announce(presence.joined(member.sender()));
            broker.joined(name, member.sender()); // under the lock, so that it comes before it goes
        }
        ReadStart start =
                form.tellsGaps() ? entrance.greeted(member, branch.view()) : entrance.from(member, branch.view(), now);
        member.admit(start);
        branch.readsFrom(start.cursor().position());
        settle();
    }

    /** The branch of a loop, which is new if it has no reader yet. */
    private Branch branch(@Nullable Executor loop) {
        for (Branch branch : branches) {
            if (branch.loop() == loop) {
                return branch;
            }
        }
        Branch branch = new Branch(this, ring, loop, metrics, failed, relief);
        Branch[] more = Arrays.copyOf(branches, branches.length + 1);
        more[more.length - 1] = branch;
        branches = more;
        return branch;
    }

    /** Removes a member from its branch, and the branch with the last; false if it was none. */
    private boolean remove(Membership member) {
        for (Branch branch : branches) {
            if (branch.remove(member)) {
                if (branch.isEmpty()) {
                    branches =
                            Stream.of(branches).filter(each -> each != branch).toArray(Branch[]::new);
                }
                return true;
            }
        }
        return false;
    }

    /** Greets a member that has missed nothing. */
    void greet(Membership member) {
        RoomNotice welcome;
        synchronized (this) {
            welcome = entrance.welcomeBack(member);
        }
        member.peer().send(member.form().frame(welcome, null));
    }

    /** What a member is greeted with. */
    synchronized RoomNotice welcome(Membership member, String epoch, long offset, boolean recovered) {
        return entrance.welcome(member, epoch, offset, recovered);
    }

    /** Removes a member and tells the others, if that is announced; false if it was none. */
    synchronized boolean leave(Membership member) {
        if (waiting.remove(member) || !remove(member)) {
            return false;
        }
        if (member.form().announces()) {
            plain -= member.form().tellsGaps() ? 0 : 1;
            announce(presence.left(member.sender()));
            tellLeft(member);
        }
        return true;
    }

    private void tellLeft(Membership member) {
        Incidents.guard(
                () -> broker.left(name, member.sender()),
                failure -> Incidents.log("a member has left, and other nodes may still count it", failure));
    }

    /** Does something with the ring, under the lock. */
    synchronized long withRing(ToLongFunction<Ring> task) {
        return task.applyAsLong(ring);
    }

    /** The memory of what members lag behind with. */
    synchronized long unread() {
        return ring.unread(revealed());
    }

    /** Lets the older half of that go: {@link #wake} tells the members. */
    synchronized void overtake() {
        ring.overtake(revealed());
    }

    /** Up to where every branch may read: a member that waits there does not lag. */
    private long revealed() {
        return Stream.of(branches)
                .mapToLong(branch -> branch.view().horizon())
                .min()
                .orElse(ring.head());
    }

    /** Gives its memory back: nobody is in it and nobody finds it any more. */
    synchronized void close() {
        ring.close();
    }

    /** Whether nothing failed in it before. */
    boolean isFirstFailure() {
        return failing.compareAndSet(false, true);
    }

    /** Removes all members and tells the other nodes; gives the members. */
    synchronized List<Membership> end() {
        List<Membership> all = everybody();
        for (Branch branch : branches) {
            for (Membership member : branch.readers()) {
                if (member.form().announces()) {
                    tellLeft(member);
                }
            }
        }
        branches = new Branch[0];
        waiting.clear();
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
        return waiting.isEmpty() && Stream.of(branches).allMatch(Branch::isEmpty);
    }

    /** Everybody in it, those included who wait to come in. */
    synchronized List<Membership> everybody() {
        List<Membership> all = new ArrayList<>();
        for (Branch branch : branches) {
            all.addAll(List.of(branch.readers()));
        }
        all.addAll(waiting);
        return all;
    }

    synchronized RoomSummary summary() {
        return new RoomSummary(name, presence.members(), ring.epoch(), ring.offset());
    }
}
