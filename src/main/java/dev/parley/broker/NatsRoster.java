package dev.parley.broker;

import dev.parley.ops.RepeatedEvent;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Who is in the rooms of the other nodes, and tells them who is here. Each node numbers its changes, and names the last number
 * with each heartbeat: one that misses a number asks for the list of all. A node that is not heard for {@link #DEAD} has no
 * members any more. Nothing of it is stored. For the thread of {@link NatsLoop} alone.
 */
final class NatsRoster {

    /** How long changes are gathered into one message. */
    static final Duration GATHER = Duration.ofMillis(100);

    /** After how long a silent node is gone; three heartbeats. */
    static final Duration DEAD = Duration.ofSeconds(15);

    private static final Duration PAUSE = Duration.ofSeconds(5); // between two sweeps; else about one

    /** How many sweeps are between two heartbeats. */
    static final int BEAT = 5;

    private static final Logger LOG = System.getLogger(NatsRoster.class.getName());
    private static final String ALL = "all";

    private final Wire wire;
    private final Watcher watcher;
    private final LongSupplier nanos;
    private final long self = new SecureRandom().nextLong(); // another after each start
    private final Map<String, Map<Sender, Integer>> here =
            new LinkedHashMap<>(); // by room; how many times each is in it
    private final List<NatsPresence.Change> untold = new ArrayList<>();
    private final Map<Long, Node> nodes = new HashMap<>();
    private final RepeatedEvent strange = new RepeatedEvent(NatsRoster.class, Level.WARNING);
    private long number;
    private int sweeps;
    private long swept;
    private boolean closed;

    /** How the nodes reach each other. */
    interface Wire {
        /** From now on a listener gets what is told to a name. */
        void listen(String name, Consumer<byte[]> listener);

        /** Tells those who listen to a name, in order as far as it arrives; may be lost. */
        void tell(String name, byte[] message);

        /** The longest message, bytes. */
        int maxBytes();

        /** Runs a task after a while, on the loop. */
        void later(Duration delay, Runnable task);
    }

    /** Who wants to know. */
    interface Watcher {
        /** Members of a room on one other node came and went; nobody is in both lists. */
        void changed(String room, Collection<Sender> joined, Collection<Sender> left);
    }

    /** Another node. */
    private static final class Node {
        private final Map<String, Set<Sender>> members = new HashMap<>(); // by room
        private final List<NatsPresence.Change> parts = new ArrayList<>(); // of the list that was asked for
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
     * A roster of nobody.
     *
     * @param nanos the time, as {@link System#nanoTime}
     */
    NatsRoster(Wire wire, Watcher watcher, LongSupplier nanos) {
        this.wire = wire;
        this.watcher = watcher;
        this.nanos = nanos;
        this.swept = nanos.getAsLong();
        wire.listen(ALL, this::take);
        wire.listen(name(self), this::take);
    }

    private static String name(long node) {
        return Long.toHexString(node);
    }

    /** A member came to this node. */
    void joined(String room, Sender member) {
        if (NatsPresence.isTold(room, member)
                && here.computeIfAbsent(room, key -> new LinkedHashMap<>()).merge(member, 1, Integer::sum) == 1) {
            tell(new NatsPresence.Change(room, member, true));
        }
    }

    /** A member left this node. */
    void left(String room, Sender member) {
        Map<Sender, Integer> members = here.get(room);
        if (members == null || !members.containsKey(member)) {
            return; // its coming was not told either
        }
        if (members.merge(member, -1, Integer::sum) == 0) {
            members.remove(member);
            if (members.isEmpty()) {
                here.remove(room);
            }
            tell(new NatsPresence.Change(room, member, false));
        }
    }

    private void tell(NatsPresence.Change change) {
        if (untold.isEmpty()) {
            wire.later(GATHER, this::flush);
        }
        untold.add(change);
    }

    private void flush() {
        for (List<NatsPresence.Change> some : split(untold)) {
            number++;
            tell(ALL, NatsPresence.Kind.CHANGES, 0, some);
        }
        untold.clear();
    }

    private List<List<NatsPresence.Change>> split(List<NatsPresence.Change> changes) {
        int most = Math.max(1, (wire.maxBytes() - NatsPresence.HEAD) / NatsPresence.MAX_CHANGE);
        List<List<NatsPresence.Change>> parts = new ArrayList<>();
        for (int from = 0; from < changes.size(); from += most) {
            parts.add(changes.subList(from, Math.min(from + most, changes.size())));
        }
        return parts;
    }

    private void tell(String name, NatsPresence.Kind kind) {
        tell(name, kind, 0, List.of());
    }

    private void tell(String name, NatsPresence.Kind kind, int part, List<NatsPresence.Change> changes) {
        if (!closed) {
            wire.tell(name, new NatsPresence(kind, self, number, part, changes).bytes());
        }
    }

    /** The connection has come, or come back: others say who they are. */
    void connected() {
        tell(ALL, NatsPresence.Kind.HELLO);
    }

    /** Tells that this node is there, and gives up those that are not heard. Called about once a second. */
    void sweep() {
        if (sweeps++ % BEAT == 0) {
            tell(ALL, NatsPresence.Kind.BEAT);
        }
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
                LOG.log(Level.WARNING, "Node {0} is silent: its members are gone", name(entry.getKey()));
                replace(entry.getValue(), List.of());
            }
        }
    }

    /** Takes this node's members away from the others. Nothing is told after that. */
    void close() {
        tell(ALL, NatsPresence.Kind.BYE);
        closed = true;
    }

    /** The members of a room on other nodes. */
    List<Sender> members(String room) {
        return nodes.values().stream()
                .flatMap(node -> node.members.getOrDefault(room, Set.of()).stream())
                .toList();
    }

    private void take(byte[] bytes) {
        NatsPresence told = NatsPresence.of(bytes);
        if (told == null) {
            strange.log("Something that is not presence came from NATS and is ignored");
        } else if (told.node() != self) {
            take(told);
        }
    }

    private void take(NatsPresence told) {
        if (told.kind() == NatsPresence.Kind.BYE) {
            Node gone = nodes.remove(told.node());
            if (gone != null) {
                replace(gone, List.of());
            }
            return;
        }
        Node node = nodes.computeIfAbsent(told.node(), key -> new Node());
        node.heard = nanos.getAsLong();
        switch (told.kind()) {
            case HELLO -> {
                tell(name(told.node()), NatsPresence.Kind.BEAT);
                compare(node, told);
            }
            case BEAT -> compare(node, told);
            case ASK -> list(told.node());
            case CHANGES -> change(node, told);
            case PART, LAST -> collect(node, told);
            case BYE -> throw new IllegalStateException("it is gone");
        }
    }

    /** Asks for the list of a node's members unless all are known; again with each heartbeat until it is there. */
    private void compare(Node node, NatsPresence told) {
        if (node.asked || told.number() != node.number) {
            ask(node, told.node());
        }
    }

    private void ask(Node node, long id) {
        node.asked = true;
        tell(name(id), NatsPresence.Kind.ASK);
    }

    private void list(long asker) {
        flush(); // what is told later comes on top of the list
        List<NatsPresence.Change> all = new ArrayList<>();
        here.forEach((room, members) ->
                members.keySet().forEach(member -> all.add(new NatsPresence.Change(room, member, true))));
        List<List<NatsPresence.Change>> parts = all.isEmpty() ? List.of(all) : split(all);
        for (int i = 0; i < parts.size(); i++) {
            boolean last = i == parts.size() - 1;
            tell(name(asker), last ? NatsPresence.Kind.LAST : NatsPresence.Kind.PART, i, parts.get(i));
        }
    }

    private void change(Node node, NatsPresence told) {
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

    private void collect(Node node, NatsPresence told) {
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
        if (told.kind() == NatsPresence.Kind.LAST) {
            node.number = told.number();
            node.asked = false;
            replace(node, node.parts);
            node.parts.clear();
        }
    }

    /** Makes these the members of a node: who is not among them has left. */
    private void replace(Node node, List<NatsPresence.Change> all) {
        Set<NatsPresence.Change> listed = new LinkedHashSet<>(all);
        List<NatsPresence.Change> changes = new ArrayList<>(all);
        node.members.forEach((room, members) -> members.stream()
                .filter(member -> !listed.contains(new NatsPresence.Change(room, member, true)))
                .forEach(member -> changes.add(new NatsPresence.Change(room, member, false))));
        apply(node, changes);
    }

    private void apply(Node node, List<NatsPresence.Change> changes) {
        Map<String, Balance> rooms = new LinkedHashMap<>();
        for (NatsPresence.Change change : changes) {
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
