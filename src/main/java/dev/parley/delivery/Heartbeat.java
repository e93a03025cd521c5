package dev.parley.delivery;

import dev.parley.ops.Drain;
import dev.parley.ops.Incidents;
import dev.parley.ops.Settings;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.Loops;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/**
 * The one sweeper of this node. Each beat looks at every peer, moves a drain on, and ends the connections that a close left
 * behind: a peer that does not finish the closing handshake would keep its socket, and on Grizzly all that waits for it.
 * Beats never overlap; {@link #part} is for any thread.
 */
final class Heartbeat implements Runnable {

    /** The time between two beats, and so how late anything here is noticed. */
    static final Duration PERIOD = Duration.ofSeconds(1);

    private static final Duration STALLED = Duration.ofSeconds(10);

    private final Collection<LocalPeer> peers;
    private final Settings.Heartbeat settings;
    private final PeerDrain peerDrain;
    private final Executor background;
    private final Queue<Parting> partings = new ConcurrentLinkedQueue<>();
    private volatile long last = System.nanoTime();

    /** A connection after the close. */
    private record Parting(FrameWriter writer, long since) {}

    /**
     * A heartbeat at rest.
     *
     * @param peers the hub's, a live view
     * @param background where a connection is aborted: the container may call back, under locks of its own
     */
    Heartbeat(Collection<LocalPeer> peers, Settings settings, Drain drain, Executor background) {
        this.peers = peers;
        this.settings = settings.heartbeat();
        this.peerDrain = new PeerDrain(peers, settings.drain(), drain);
        this.background = background;
    }

    /** The peer of this connection has left the hub: within the grace its connection ends by itself or not. */
    void part(FrameWriter writer) {
        partings.add(new Parting(writer, System.nanoTime()));
    }

    @Override
    public void run() {
        beat(System.nanoTime());
    }

    /** Whether it beats; for any thread. */
    boolean isAlive() {
        return System.nanoTime() - last < STALLED.toNanos();
    }

    void beat(long now) {
        // After a pause of the whole process pongs wait to be read: who is judged now would be judged for our silence.
        boolean late = now - last > 3 * PERIOD.toNanos();
        last = now;
        if (!late) {
            beatAll(now);
        }
        peerDrain.beat(now);
        partings.removeIf(parting -> isOver(parting, now));
    }

    /** Who is due a ping gets it from its own loop, all of a loop in one task: from here each would wake that loop by itself. */
    private void beatAll(long now) {
        Map<Executor, List<LocalPeer>> due = new HashMap<>();
        Incidents.each(
                peers,
                peer -> {
                    if (peer.beat(now, settings)) {
                        Executor loop = peer.loop();
                        due.computeIfAbsent(loop == null ? background : loop, any -> new ArrayList<>())
                                .add(peer);
                    }
                },
                LocalPeer::fail);
        Incidents.each(
                due.entrySet(),
                entry -> Loops.execute(
                        entry.getKey(),
                        () -> Incidents.each(entry.getValue(), peer -> peer.ping(now), LocalPeer::fail)),
                (entry, failure) -> Incidents.log("some peers get their pings later", failure));
    }

    private boolean isOver(Parting parting, long now) {
        try {
            if (!parting.writer.isOpen()) {
                return true;
            }
            if (now - parting.since < settings.closeGrace().toNanos()) {
                return false;
            }
        } catch (Throwable e) {
            Incidents.report(e, failure -> Incidents.log("a connection is cut", failure));
        }
        background.execute(parting.writer::abort);
        return true;
    }
}
