package dev.parley.gate;

import dev.parley.ops.Network;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * How many peers there may be, in all and from one site. A {@link Seat} is taken before the upgrade and given back when the
 * peer is gone. Safe for any thread; holds a number for each site with a peer, and nothing for one without.
 */
final class Quotas {

    /**
     * How long a seat waits for its peer. An upgrade whose connection breaks in that very moment never reaches an endpoint,
     * and no container tells; the next handshake takes such seats back.
     */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private final int max;
    private final int maxPerSite;
    private final LongSupplier nanoTime;
    private final AtomicInteger taken = new AtomicInteger();
    private final Map<Network, Integer> perSite = new ConcurrentHashMap<>();
    private final Queue<Seat> waiting = new ConcurrentLinkedQueue<>();

    /**
     * No seat is taken.
     *
     * @param max how many peers there may be
     * @param maxPerSite how many of them from one IPv4 address or IPv6 /64
     * @param nanoTime as {@link System#nanoTime}
     */
    Quotas(int max, int maxPerSite, LongSupplier nanoTime) {
        this.max = max;
        this.maxPerSite = maxPerSite;
        this.nanoTime = nanoTime;
    }

    /**
     * Takes a seat.
     *
     * @param address where the client is
     * @throws Refusal if there is none
     */
    Seat take(Network address) throws Refusal {
        takeBack();
        Network site = address.site();
        // merge is atomic for a key
        if (perSite.merge(site, 1, Integer::sum) > maxPerSite) {
            leave(site);
            throw Refusal.tooMany("There are too many connections from your address.");
        }
        if (taken.incrementAndGet() > max) {
            taken.decrementAndGet();
            leave(site);
            throw Refusal.full();
        }
        Seat seat = new Seat(this, site, nanoTime.getAsLong());
        waiting.add(seat);
        return seat;
    }

    /** Seats that are taken. */
    int taken() {
        takeBack();
        return taken.get();
    }

    /** Sites that have a seat. */
    int sites() {
        return perSite.size();
    }

    /** A peer came after its seat was taken back: it is there, so it counts. */
    void takeLate(Network site) {
        perSite.merge(site, 1, Integer::sum);
        taken.incrementAndGet();
    }

    void giveBack(Network site) {
        leave(site);
        taken.decrementAndGet();
    }

    private void leave(Network site) {
        perSite.computeIfPresent(site, (key, count) -> count == 1 ? null : count - 1);
    }

    private void takeBack() {
        long since = nanoTime.getAsLong() - PATIENCE.toNanos();
        for (Seat oldest = waiting.peek(); oldest != null; oldest = waiting.peek()) {
            if (oldest.isWaiting()) {
                if (oldest.since() - since > 0) {
                    return;
                }
                oldest.giveUp();
            }
            waiting.remove(oldest);
        }
    }
}
