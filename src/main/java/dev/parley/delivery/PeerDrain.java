package dev.parley.delivery;

import dev.parley.ops.Drain;
import dev.parley.ops.Incidents;
import dev.parley.ops.Settings;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.RoomNotice;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Closes the peers in a drain: all are told at once, then closed with 1012 in equal shares, one with each beat, so that they do
 * not all reconnect to other nodes at once. The peers that a cancelled drain has not closed stay. The heartbeat's thread only.
 */
final class PeerDrain {

    private static final Logger LOG = System.getLogger(PeerDrain.class.getName());

    private final Collection<LocalPeer> peers;
    private final long spread;
    private final Drain drain;
    private final Queue<LocalPeer> waiting = new ArrayDeque<>();
    private int seen; // of the drain's changes
    private long start;
    private int total;

    PeerDrain(Collection<LocalPeer> peers, Settings.Drain settings, Drain drain) {
        this.peers = peers;
        this.spread = settings.spread().toNanos();
        this.drain = drain;
    }

    void beat(long now) {
        int changes = drain.changes();
        boolean draining = changes % 2 == 1;
        if (changes != seen) {
            seen = changes;
            start = now;
            if (draining) {
                begin();
            } else {
                LOG.log(Level.INFO, "The drain is cancelled: {0} peers stay", waiting.size());
                waiting.clear();
            }
        }
        if (!draining) {
            return;
        }
        long elapsed = now - start;
        if (elapsed >= spread) {
            waiting.clear();
            close(peers); // also peers that were let in while the drain began
            return;
        }
        // Rounded up, so that the first beat closes some: even one peer sees the drain within a beat.
        long due = (long) Math.ceil(
                (double) total * (elapsed + Heartbeat.PERIOD.toNanos()) / (spread + Heartbeat.PERIOD.toNanos()));
        while (total - waiting.size() < due) {
            close(List.of(waiting.remove()));
        }
    }

    private static void close(Collection<LocalPeer> share) {
        Incidents.each(share, peer -> peer.close(CloseReasons.DRAINING), LocalPeer::fail);
    }

    private void begin() {
        List<LocalPeer> all = new ArrayList<>(peers);
        Collections.shuffle(all); // in the order of the map a room's members would not go evenly
        waiting.clear(); // what an earlier drain left, if it was cancelled and this one started within a beat
        waiting.addAll(all);
        total = all.size();
        LOG.log(Level.INFO, "Draining: {0} peers are closed within {1}", total, Duration.ofNanos(spread));
        long millis = Math.max(1, spread / 1_000_000);
        Incidents.each(
                all,
                peer -> peer.memberships()
                        .send(new RoomNotice.Drain(ThreadLocalRandom.current().nextLong(millis))),
                LocalPeer::fail);
    }
}
