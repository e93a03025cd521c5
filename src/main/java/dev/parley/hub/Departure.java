package dev.parley.hub;

import dev.parley.ops.Drain;
import dev.parley.ops.Incidents;
import dev.parley.ops.Settings;
import dev.parley.protocol.CloseReasons;
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
 * What a drain does to the peers: all are told at once, then closed with 1012 in equal shares, one with each beat, so that
 * they do not come back elsewhere all at once. The heartbeat's thread only.
 */
final class Departure {

    private static final Logger LOG = System.getLogger(Departure.class.getName());

    private final Collection<Peer> peers;
    private final long spread;
    private final Drain drain;
    private final Queue<Peer> waiting = new ArrayDeque<>();
    private boolean begun;
    private long start;
    private int total;

    Departure(Collection<Peer> peers, Settings.Drain settings, Drain drain) {
        this.peers = peers;
        this.spread = settings.spread().toNanos();
        this.drain = drain;
    }

    void beat(long now) {
        if (!drain.isStarted()) {
            return;
        }
        if (!begun) {
            begun = true;
            start = now;
            begin();
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

    private static void close(Collection<Peer> share) {
        Incidents.each(share, peer -> peer.close(CloseReasons.DRAINING), Peer::fail);
    }

    private void begin() {
        List<Peer> all = new ArrayList<>(peers);
        Collections.shuffle(all); // in the order of the map a room's members would not go evenly
        waiting.addAll(all);
        total = all.size();
        LOG.log(Level.INFO, "Draining: {0} peers are told and closed within {1}", total, Duration.ofNanos(spread));
        long millis = Math.max(1, spread / 1_000_000);
        Incidents.each(
                all,
                peer -> peer.draining(
                        Duration.ofMillis(ThreadLocalRandom.current().nextLong(millis))),
                Peer::fail);
    }
}
