package dev.parley.broker.nats;

import dev.parley.broker.Sender;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * The half of the {@link Roster} that knows who is on the other nodes, from what they tell. A node that is not heard for
 * {@link #DEAD} has no members any more. For the thread of {@link Loop} alone.
 */
final class RemoteMembers {

    /** After how long a silent node is gone; three heartbeats. */
    static final Duration DEAD = Duration.ofSeconds(15);

    private static final Duration PAUSE = Duration.ofSeconds(5); // between two sweeps; else about one

    private static final Logger LOG = System.getLogger(RemoteMembers.class.getName());

    private final Roster.Watcher watcher;
    private final LongConsumer asker;
    private final LongSupplier nanos;
    private final Map<Long, Node> nodes = new HashMap<>();
    private long swept;

    /** Another node. */
    private static final class Node {
        private final Map<String, Set<Sender>> members = new HashMap<>(); // by room
        private final List<PresenceMessage.Change> parts = new ArrayList<>(); // of the list that was asked for
        private int next; // the part that comes next
        private long list; // the number of its list
        private long number; // of the last change that is in members
        private long heard;
        private boolean asked;
    }

    /** Who came to and went from a room, on balance. */
    private record Balance(Set<Sender> joined, Set<Sender> left) {
        private void add(Sender member, boolean joins) {
            if (!(joins ? left : joined).remove(member)) {
                (joins ? joined : left).add(member);
            }
        }
    }

    /**
     * No nodes.
     *
     * @param asker asks a node for the list of its members
     * @param nanos the time, as {@link System#nanoTime}
     */
    RemoteMembers(Roster.Watcher watcher, LongConsumer asker, LongSupplier nanos) {
        this.watcher = watcher;
        this.asker = asker;
        this.nanos = nanos;
        this.swept = nanos.getAsLong();
    }

    /** The members of a room. */
    List<Sender> members(String room) {
        return nodes.values().stream()
                .flatMap(node -> node.members.getOrDefault(room, Set.of()).stream())
                .toList();
    }

    /** Gives up the nodes that are not heard. Called about once a second. */
    void sweep() {
        long now = nanos.getAsLong();
        long pause = now - swept;
        swept = now;
        if (pause > PAUSE.toNanos()) {
            // This process was paused; what the others sent meanwhile is still queued.
            nodes.values().forEach(node -> node.heard += pause);
        }
        for (Iterator<Map.Entry<Long, Node>> each = nodes.entrySet().iterator(); each.hasNext(); ) {
            Map.Entry<Long, Node> entry = each.next();
            if (now - entry.getValue().heard > DEAD.toNanos()) {
                each.remove();
                LOG.log(Level.WARNING, "Node {0} is silent: its members are gone", Roster.name(entry.getKey()));
                replace(entry.getValue(), List.of());
            }
        }
    }

    /** Another node told something. */
    void take(PresenceMessage told) {
        if (told.kind() == PresenceMessage.Kind.BYE) {
            Node gone = nodes.remove(told.node());
            if (gone != null) {
                replace(gone, List.of());
            }
            return;
        }
        Node node = nodes.computeIfAbsent(told.node(), key -> new Node());
        node.heard = nanos.getAsLong();
        switch (told.kind()) {
            case HELLO, BEAT -> compare(node, told);
            case CHANGES -> change(node, told);
            case PART, LAST -> collect(node, told);
            case ASK -> {} // not about its members
            case BYE -> throw new IllegalStateException("it is gone");
        }
    }

    /** Asks for the list of a node's members unless all are known; again with each heartbeat until it is there. */
    private void compare(Node node, PresenceMessage told) {
        if (node.asked || told.number() != node.number) {
            ask(node, told.node());
        }
    }

    private void ask(Node node, long id) {
        node.asked = true;
        asker.accept(id);
    }

    private void change(Node node, PresenceMessage told) {
        if (node.asked) {
            return; // it is in the list, or the next heartbeat shows that it is not
        }
        if (told.number() == node.number + 1) {
            node.number = told.number();
            apply(node, told.changes());
        } else if (told.number() > node.number) {
            ask(node, told.node());
        }
    }

    private void collect(Node node, PresenceMessage told) {
        if (!node.asked) {
            return;
        }
        if (told.part() == 0) {
            node.parts.clear();
            node.next = 0;
            node.list = told.number();
        }
        if (told.part() != node.next || told.number() != node.list) {
            return; // one was lost, or it is of another list, and the next heartbeat asks again
        }
        node.next++;
        node.parts.addAll(told.changes());
        if (told.kind() == PresenceMessage.Kind.LAST) {
            node.number = told.number();
            node.asked = false;
            replace(node, node.parts);
            node.parts.clear();
        }
    }

    /** Makes these the members of a node: who is not among them has left. */
    private void replace(Node node, List<PresenceMessage.Change> all) {
        Set<PresenceMessage.Change> listed = new LinkedHashSet<>(all);
        List<PresenceMessage.Change> changes = new ArrayList<>(all);
        node.members.forEach((room, members) -> members.stream()
                .filter(member -> !listed.contains(new PresenceMessage.Change(room, member, true)))
                .forEach(member -> changes.add(new PresenceMessage.Change(room, member, false))));
        apply(node, changes);
    }

    private void apply(Node node, List<PresenceMessage.Change> changes) {
        Map<String, Balance> rooms = new LinkedHashMap<>();
        for (PresenceMessage.Change change : changes) {
            Set<Sender> members = node.members.computeIfAbsent(change.room(), key -> new LinkedHashSet<>());
            if (change.joined() ? members.add(change.member()) : members.remove(change.member())) {
                rooms.computeIfAbsent(change.room(), key -> new Balance(new LinkedHashSet<>(), new LinkedHashSet<>()))
                        .add(change.member(), change.joined());
            }
            if (members.isEmpty()) {
                node.members.remove(change.room());
            }
        }
        rooms.forEach((room, balance) -> watcher.changed(room, balance.joined, balance.left));
    }
}
