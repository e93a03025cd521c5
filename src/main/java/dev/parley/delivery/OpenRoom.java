package dev.parley.delivery;

import dev.parley.api.RoomSummary;
import dev.parley.api.Start;
import dev.parley.api.WireFormat;
import dev.parley.broker.Broker;
import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Incidents;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.protocol.RoomNotice;
import dev.parley.room.Member;
import dev.parley.room.ReadStart;
import dev.parley.room.Room;
import dev.parley.room.Typing;
import dev.parley.room.View;
import dev.parley.wire.Loops;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A room that this node has open, and its members here, by the loop that writes to them. An event is appended once; then each
 * {@link Branch} walks its readers and lets each outbox take what it is due. Until the broker has opened the room, a member waits; and
 * until the room is as far as the member was on another node. Its lock guards the {@link Room}. Safe for any thread.
 */
final class OpenRoom {

    private final Room room; // guarded by this
    private final Broker broker;
    private final Executor background;
    private final AtomicBoolean failing = new AtomicBoolean();
    private final Branches branches; // guarded by this
    private final Set<LocalMembership> waiting = new LinkedHashSet<>(0); // guarded by this

    /**
     * A room that nobody is in.
     *
     * @param background runs its tasks one after the other
     * @param pool runs tasks on other threads than the caller's
     * @param failed gets what leaves the room in no known state; called under any lock
     */
    OpenRoom(
            String name,
            Settings settings,
            Executor background,
            Executor pool,
            Broker broker,
            Clock clock,
            Budget budget,
            Metrics metrics,
            BiConsumer<OpenRoom, Throwable> failed) {
        this.room = new Room(name, settings, clock, budget.account(Budget.Holder.ROOMS));
        this.background = background;
        this.broker = broker;
        this.branches = new Branches(loop -> new Branch(
                this, new View(room.ring()), loop, metrics, failure -> failed.accept(this, failure), background, pool));
    }

    String name() {
        return room.name();
    }

    /** The broker has opened it, with what it has kept; {@link #advanced} lets those in who wait. */
    synchronized void opened(History kept) {
        room.open(kept);
    }

    /** It has come further: those come in who waited for that, and the members take what is new. */
    void advanced() {
        letIn();
        wake();
    }

    private void letIn() {
        List<LocalMembership> due;
        synchronized (this) {
            if (!room.isOpen() || waiting.isEmpty()) {
                return;
            }
            due = waiting.stream()
                    .filter(member -> !room.isAhead(member.member()))
                    .toList();
        }
        Incidents.each(due, this::takeIn, (member, failure) -> member.peer().fail(failure));
    }

    /**
     * Lets one in who waits, though the room is not as far as it was.
     *
     * @param hasAll whether it has missed nothing: then it goes on from where the room is
     */
    void letIn(LocalMembership member, boolean hasAll) {
        synchronized (this) {
            if (hasAll && isAwaited(member)) {
                member.goesOnFrom(room.end());
            }
        }
        takeIn(member);
        wake();
    }

    private void takeIn(LocalMembership member) {
        synchronized (this) {
            if (!waiting.remove(member)) {
                return;
            }
            admit(member);
        }
        member.enter();
    }

    /** Whether a member waits in a room that is open: it was further than the room is. */
    synchronized boolean isAwaited(LocalMembership member) {
        return room.isOpen() && waiting.contains(member);
    }

    /** Takes the next publication; {@link #advanced} brings it to the members. */
    synchronized void deliver(Publication publication) {
        room.deliver(publication);
    }

    /** The broker does not have the publications up to an offset; {@link #advanced} tells the members. */
    synchronized void lost(long upTo) {
        room.lost(upTo);
    }

    /** The history was lost, and another has begun; {@link #advanced} brings it to the members. */
    synchronized void renewed(String epoch, long offset) {
        room.renew(epoch, offset);
    }

    /** Members came and went on other nodes; {@link #wake} brings it to the members. */
    synchronized void present(Collection<Sender> joined, Collection<Sender> left) {
        room.present(joined, left);
    }

    /** Somebody is typing; {@link #wake} brings it to the members. It is no event of the ring, and may be dropped. */
    synchronized void typing(Sender sender) {
        room.typing(sender);
    }

    /** Who is typing. Guarded by the room's lock. */
    Typing typing() {
        return room.typing();
    }

    /** Drops expired history and announces the collected changes. Called periodically, on a thread that writes to no peer. */
    void sweep() {
        boolean changed;
        synchronized (this) {
            if (room.ring().lag() > 0) {
                branches.look();
                settle();
            }
            changed = room.sweep();
        }
        if (changed) {
            branches.wake(background);
        }
    }

    /** Lets the members take what is new: at the end of this turn, and of the turns that other loops are in. */
    void wake() {
        branches.wake(Loops.END_OF_TURN);
    }

    /** What the readers of every branch have read is history. Under the lock. */
    void settle() {
        room.ring().settle(branches.behind());
    }

    /** Takes a peer in; it is a member at once, or when the broker has opened the room and brought it as far as the peer was. */
    synchronized LocalMembership join(LocalPeer peer, @Nullable String user, WireFormat format, Start start) {
        LocalMembership member = new LocalMembership(this, peer, user, format, start);
        if (!room.isOpen() || room.isAhead(member.member())) {
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
    private void admit(LocalMembership member) {
        long now = room.ring().tail();
        Branch branch = branches.of(member.peer().loop());
        branch.add(member); // first: if anything fails, leaving undoes all of it
        if (member.encoder().announces()) {
            room.join(member.member());
            broker.joined(name(), member.sender()); // under the lock, so that it comes before it goes
        }
        ReadStart start = room.start(
                member.member(), now, branch.view(), (epoch, offset) -> welcome(member.member(), epoch, offset));
        member.admit(start);
        branch.readsFrom(start.cursor().position());
        settle();
    }

    /** Greets a member that has missed nothing. */
    void greet(LocalMembership member) {
        RoomNotice welcome;
        synchronized (this) {
            welcome = room.welcomeBack(member.member());
        }
        member.peer().send(member.encoder().frame(welcome, null));
    }

    private synchronized RoomNotice welcome(Member member, String epoch, long offset) {
        return room.welcome(member, epoch, offset);
    }

    /** Removes a member and tells the others, if that is announced; false if it was none. */
    synchronized boolean leave(LocalMembership member) {
        if (waiting.remove(member) || !branches.remove(member)) {
            return false;
        }
        if (member.encoder().announces()) {
            room.leave(member.member());
            tellLeft(member);
        }
        return true;
    }

    private void tellLeft(LocalMembership member) {
        Incidents.guard(
                () -> broker.left(name(), member.sender()),
                failure -> Incidents.log("a member has left, and other nodes may still count it", failure));
    }

    /** As {@link Budget.Kept#oldest}. */
    synchronized long oldest() {
        return room.ring().oldest();
    }

    /** As {@link Budget.Kept#letGo}. */
    synchronized int letGo(long upTo, long bytes) {
        return room.ring().letGo(upTo, bytes);
    }

    /** The memory of what members lag behind with. */
    synchronized long unread() {
        return room.ring().unread(revealed());
    }

    /** Lets the older half of that go: {@link #wake} tells the members. */
    synchronized void overtake() {
        room.ring().overtake(revealed());
    }

    /** Up to where every branch may read: a member that waits there does not lag. */
    private long revealed() {
        return branches.horizon(room.ring().head());
    }

    /** Gives its memory back: nobody is in it and nobody finds it any more. */
    synchronized void close() {
        room.ring().close();
    }

    /** Whether nothing failed in it before. */
    boolean isFirstFailure() {
        return failing.compareAndSet(false, true);
    }

    /** Removes all members and tells the other nodes; gives the members. */
    synchronized List<LocalMembership> end() {
        List<LocalMembership> all = everybody();
        for (LocalMembership member : branches.readers()) {
            if (member.encoder().announces()) {
                tellLeft(member);
            }
        }
        branches.clear();
        waiting.clear();
        return all;
    }

    /** How many events the member that is furthest behind has not read. */
    synchronized long lag() {
        return room.ring().lag();
    }

    synchronized boolean isEmpty() {
        return waiting.isEmpty() && branches.isEmpty();
    }

    /** Everybody in it, those included who wait to come in. */
    synchronized List<LocalMembership> everybody() {
        List<LocalMembership> all = branches.readers();
        all.addAll(waiting);
        return all;
    }

    /** As {@link Room#history}. */
    synchronized @Nullable History history(long after, int limit, long newest) {
        return room.history(after, limit, newest);
    }

    synchronized RoomSummary summary() {
        return new RoomSummary(
                room.name(), room.members(), room.ring().epoch(), room.ring().offset());
    }
}
