package dev.parley.gate;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import java.io.File;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.text.ParseException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The public keys that tokens are signed with (RFC 7517), from a file or a URL. They are fetched on an executor, never by who
 * asks for a key: it gets those that are there. A fetch that fails leaves them as they are. Safe for any thread.
 */
final class KeySet implements JWKSource<SecurityContext> {

    private static final Logger LOG = System.getLogger(KeySet.class.getName());

    /** How soon to fetch again while there are no keys, or for a token whose key is not among them. */
    static final Duration RETRY = Duration.ofSeconds(5);

    private static final int TIMEOUT_MILLIS = 5000;
    private static final int MAX_BYTES = 1 << 20;

    private final URI source;
    private final Duration refresh;
    private final Executor executor;
    private final LongSupplier nanoTime;
    private final AtomicBoolean fetching = new AtomicBoolean();
    private volatile long fetched; // the time of the last attempt
    private volatile @Nullable JWKSet keys;

    /**
     * Starts the first fetch.
     *
     * @param source {@code file:}, {@code http:} or {@code https:}
     * @param refresh how often to fetch them again
     * @param executor fetches
     * @param nanoTime as {@link System#nanoTime}
     */
    KeySet(URI source, Duration refresh, Executor executor, LongSupplier nanoTime) {
        this.source = source;
        this.refresh = refresh;
        this.executor = executor;
        this.nanoTime = nanoTime;
        fetch();
    }

    /** Whether there are keys; if not, they are being fetched. */
    boolean isReady() {
        boolean ready = keys != null;
        fetchAfter(ready ? refresh : RETRY);
        return ready;
    }

    @Override
    public List<JWK> get(JWKSelector selector, @Nullable SecurityContext context) {
        JWKSet current = keys;
        List<JWK> selected = current == null ? List.of() : selector.select(current);
        if (selected.isEmpty()) {
            fetchAfter(RETRY); // the issuer may have a new key: the client's next try finds it
        }
        return selected;
    }

    private void fetchAfter(Duration pause) {
        if (nanoTime.getAsLong() - fetched >= pause.toNanos()) {
            fetch();
        }
    }

    private void fetch() {
        if (!fetching.compareAndSet(false, true)) {
            return;
        }
        fetched = nanoTime.getAsLong();
        try {
            executor.execute(() -> {
                try {
                    keys = load();
                } finally {
                    fetching.set(false);
                }
            });
        } catch (RejectedExecutionException e) {
            fetching.set(false); // the server is stopping
        }
    }

    private @Nullable JWKSet load() {
        try {
            JWKSet loaded = source.getScheme().equals("file")
                    ? JWKSet.load(new File(source))
                    : JWKSet.load(source.toURL(), TIMEOUT_MILLIS, TIMEOUT_MILLIS, MAX_BYTES);
            if (keys == null) {
                LOG.log(Level.INFO, "The keys for tokens are there");
            }
            return loaded.toPublicJWKSet();
        } catch (IOException | ParseException | RuntimeException e) {
            LOG.log(Level.WARNING, "The keys for tokens could not be fetched: {0}", e.getMessage());
            return keys;
        }
    }
}
