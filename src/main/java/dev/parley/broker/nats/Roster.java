package dev.parley.broker.nats;

import dev.parley.broker.Sender;
import dev.parley.ops.RepeatedEvent;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Who is in the rooms of the other nodes ({@link RemoteMembers}), and tells them who is here ({@link LocalMembers}). Each node
 * numbers its changes, and names the last number with each heartbeat: one that misses a number asks for the list of all. Nothing
 * of it is stored. For the thread of {@link Loop} alone.
 */
final class Roster {

    /** How many sweeps are between two heartbeats. */
    static final int BEAT = 5;

    private static final String ALL = "all";

    private final long self = new SecureRandom().nextLong(); // another after each start
    private final Wire wire;
    private final LocalMembers here;
    private final RemoteMembers elsewhere;
    private final RepeatedEvent strange = new RepeatedEvent(Roster.class, Level.WARNING);
    private int sweeps;
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

    /**
     * A roster of nobody.
     *
     * @param nanos the time, as {@link System#nanoTime}
     */
    Roster(Wire wire, Watcher watcher, LongSupplier nanos) {
        this.wire = wire;
        this.here = new LocalMembers(wire, (kind, part, changes) -> tell(ALL, kind, part, changes));
        this.elsewhere = new RemoteMembers(watcher, node -> tell(name(node), PresenceMessage.Kind.ASK), nanos);
        wire.listen(ALL, this::take);
        wire.listen(name(self), this::take);
    }

    /** Under which name a node listens, besides that of all. */
    static String name(long node) {
        return Long.toHexString(node);
    }

    /** A member came to this node. */
    void joined(String room, Sender member) {
        here.joined(room, member);
    }

    /** A member left this node. */
    void left(String room, Sender member) {
        here.left(room, member);
    }

    /** The members of a room on other nodes. */
    List<Sender> members(String room) {
        return elsewhere.members(room);
    }

    /** The connection has come, or come back: others say who they are. */
    void connected() {
        tell(ALL, PresenceMessage.Kind.HELLO);
    }

    /** Tells that this node is there, and gives up those that are not heard. Called about once a second. */
    void sweep() {
        if (sweeps++ % BEAT == 0) {
            tell(ALL, PresenceMessage.Kind.BEAT);
        }
        elsewhere.sweep();
    }

    /** Takes this node's members away from the others. Nothing is told after that. */
    void close() {
        tell(ALL, PresenceMessage.Kind.BYE);
        closed = true;
    }

    private void tell(String name, PresenceMessage.Kind kind) {
        tell(name, kind, 0, List.of());
    }

    private void tell(String name, PresenceMessage.Kind kind, int part, List<PresenceMessage.Change> changes) {
        if (!closed) {
            wire.tell(name, new PresenceMessage(kind, self, here.number(), part, changes).bytes());
        }
    }

    private void take(byte[] bytes) {
        PresenceMessage told = PresenceMessage.of(bytes);
        if (told == null) {
            strange.log("Something that is not presence came from NATS and is ignored");
        } else if (told.node() != self) {
            take(told);
        }
    }

    private void take(PresenceMessage told) {
        String node = name(told.node());
        elsewhere.take(told);
        switch (told.kind()) {
            case HELLO -> tell(node, PresenceMessage.Kind.BEAT);
            case ASK -> here.list((kind, part, changes) -> tell(node, kind, part, changes));
            case BEAT, BYE, CHANGES, PART, LAST -> {} // about that node alone
        }
    }
}
