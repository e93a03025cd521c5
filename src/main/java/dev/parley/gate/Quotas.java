package dev.parley.gate;

import dev.parley.ops.Network;
import java.time.Duration;
import java.util.List;
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
    private final int maxUnknown;
    private final int maxPerSite;
    private final LongSupplier nanoTime;
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicInteger unknown = new AtomicInteger();
    private final Map<Network, Integer> perSite = new ConcurrentHashMap<>();
    private final Queue<Seat> waiting = new ConcurrentLinkedQueue<>();

    /**
     * No seat is taken.
     *
     * @param max how many peers there may be
     * @param maxPerSite how many of them from one IPv4 address or IPv6 /64; 4 times as many from a /56, 16 times from a /48
     * @param nanoTime as {@link System#nanoTime}
     */
    Quotas(int max, int maxPerSite, LongSupplier nanoTime) {
        this.max = max;
        this.maxUnknown = Math.max(1, max / 10);
        this.maxPerSite = maxPerSite;
        this.nanoTime = nanoTime;
    }

    /**
     * Takes a seat.
     *
     * @param address where the client is
     * @param isUnknown whether the client has yet to say who it is: such clients get a tenth of the seats
     * @throws Refusal if there is none
     */
    Seat take(Network address, boolean isUnknown) throws Refusal {
        takeBack();
        if (!enter(address)) {
            throw Refusal.tooMany("Too many connections from your address.");
        }
        if (taken.incrementAndGet() > max) {
            giveBack(address, false);
            throw Refusal.full();
        }
        if (isUnknown && unknown.incrementAndGet() > maxUnknown) {
            giveBack(address, true);
            throw Refusal.full();
        }
        Seat seat = new Seat(this, address, isUnknown, nanoTime.getAsLong());
        waiting.add(seat);
        return seat;
    }

    /** Counts a client in each of its blocks; in none if one of them is full. */
    private boolean enter(Network address) {
        List<Network> sites = address.sites();
        for (int i = 0; i < sites.size(); i++) {
            // merge is atomic for a key
            if (perSite.merge(sites.get(i), 1, Integer::sum) > (long) maxPerSite * Client.share(i)) {
                sites.subList(0, i + 1).forEach(this::leave);
                return false;
            }
        }
        return true;
    }

    /** Seats that are taken. */
    int taken() {
        takeBack();
        return taken.get();
    }

    /** Blocks of addresses that have a seat. */
    int sites() {
        return perSite.size();
    }

    /** A peer came after its seat was taken back: it is there, so it counts. */
    void takeLate(Network address, boolean isUnknown) {
        address.sites().forEach(site -> perSite.merge(site, 1, Integer::sum));
        taken.incrementAndGet();
        if (isUnknown) {
            unknown.incrementAndGet();
        }
    }

    void giveBack(Network address, boolean isUnknown) {
        address.sites().forEach(this::leave);
        taken.decrementAndGet();
        if (isUnknown) {
            becomeKnown();
        }
    }

    /** A client has said who it is. */
    void becomeKnown() {
        unknown.decrementAndGet();
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
