package dev.parley.gate;

import dev.parley.ops.RateLimit;
import dev.parley.ops.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * One rate for each client. A client whose bucket is full again is forgotten, which changes nothing. If there are too many others,
 * new clients share one bucket until there is room: nobody gets a full bucket by making the server forget. Safe for any thread.
 */
final class ClientRates {

    /** How many buckets there are at most; about 200 bytes each. */
    static final int MAX_CLIENTS = 50_000;

    private static final Object OTHERS = new Object();
    private static final long PAUSE = Duration.ofSeconds(1).toNanos();

    private final Settings.Rate rate;
    private final LongSupplier nanoTime;
    private final Map<Object, RateLimit> limits = new ConcurrentHashMap<>();
    private final AtomicLong nextSweep;

    /**
     * No client is known.
     *
     * @param rate what each may take
     * @param nanoTime as {@link System#nanoTime}
     */
    ClientRates(Settings.Rate rate, LongSupplier nanoTime) {
        this.rate = rate;
        this.nanoTime = nanoTime;
        this.nextSweep = new AtomicLong(nanoTime.getAsLong());
    }

    /** Takes messages and bytes from a client's rate; false if that is more than it may take. */
    boolean take(Client client, int messages, int bytes) {
        List<?> keys = client.keys();
        for (int i = 0; i < keys.size(); i++) {
            Object key = keys.get(i);
            if (!take(hasRoomFor(key) ? key : OTHERS, Client.share(i), messages, bytes)) {
                return false;
            }
        }
        return true;
    }

    private boolean take(Object key, int share, int messages, int bytes) {
        boolean[] taken = new boolean[1];
        // compute is atomic for a key: a limit is not for several threads
        limits.compute(key, (k, known) -> {
            RateLimit limit = known == null ? new RateLimit(rate.times(share), nanoTime) : known;
            taken[0] = limit.take(messages, bytes);
            return limit;
        });
        return taken[0];
    }

    /** Whether a client has taken all that it may. */
    boolean isExhausted(Client client) {
        boolean[] exhausted = new boolean[1];
        for (Object key : client.keys()) {
            limits.computeIfPresent(key, (k, limit) -> {
                exhausted[0] |= !limit.hasLeft();
                return limit;
            });
        }
        return exhausted[0];
    }

    /** How many messages a connection takes in advance: few enough that many connections cannot hold the whole rate. */
    int lotOfMessages() {
        return lot(rate.messages(), 64);
    }

    /** How many bytes a connection takes in advance. */
    int lotOfBytes() {
        return lot(rate.bytes(), 1 << 16);
    }

    private int lot(double perSecond, int most) {
        return (int) Math.max(1, Math.min(most, perSecond * rate.burst().toNanos() / 1e9 / 1000));
    }

    private boolean hasRoomFor(Object key) {
        if (limits.size() >= MAX_CLIENTS && !limits.containsKey(key)) {
            forget();
            return limits.size() < MAX_CLIENTS;
        }
        return true;
    }

    private void forget() {
        long now = nanoTime.getAsLong();
        long due = nextSweep.get();
        if (now - due >= 0 && nextSweep.compareAndSet(due, now + PAUSE)) {
            limits.keySet().forEach(key -> limits.computeIfPresent(key, (k, limit) -> limit.isFull() ? null : limit));
        }
    }
}
