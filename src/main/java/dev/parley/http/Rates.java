package dev.parley.http;

import dev.parley.hub.RateLimit;
import dev.parley.ops.Settings;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How much each client may ask for over HTTP: the rates of one socket, for a user with a token wherever it is, for all others
 * by their address. Remembers the clients of late. Safe for any thread.
 */
final class Rates {

    /** How many clients are remembered. One that is forgotten starts with full buckets. */
    private static final int MAX_CLIENTS = 10_000;

    private final Settings.Rate rate;
    private final LongSupplier nanoTime;
    private final Map<Object, RateLimit> limits = new Clients(); // guarded by this

    /**
     * No client is known.
     *
     * @param rate how much each may send
     * @param nanoTime as {@link System#nanoTime}
     */
    Rates(Settings.Rate rate, LongSupplier nanoTime) {
        this.rate = rate;
        this.nanoTime = nanoTime;
    }

    /** Takes a request, or its body; false if that is more than the client may send. */
    synchronized boolean admits(Object client, boolean request, int bytes) {
        return limits.computeIfAbsent(client, key -> new RateLimit(rate, nanoTime))
                .admits(request, bytes);
    }

    private static final class Clients extends LinkedHashMap<Object, RateLimit> {

        private static final long serialVersionUID = 1L;

        Clients() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, RateLimit> eldest) {
            return size() > MAX_CLIENTS;
        }
    }
}
