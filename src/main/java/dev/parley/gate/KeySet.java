package dev.parley.gate;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyType;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.ops.Secret;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The public keys that tokens are signed with (RFC 7517), from a file or a URL. They are fetched in the background. A fetch that
 * fails, or brings no key for tokens, leaves them as they are. A key that is not among them is missing until a fetch that began
 * after it was first asked for has not brought it. Safe for any thread; never blocks.
 */
final class KeySet implements JWKSource<SecurityContext> {

    private static final Logger LOG = System.getLogger(KeySet.class.getName());

    /** The shortest time from the start of one fetch to that of the next. */
    static final Duration PAUSE = Duration.ofSeconds(5);

    /** How long to remember that a key does not exist. */
    static final Duration MEMORY = Duration.ofMinutes(1);

    /** How many missing keys to remember. The oldest is forgotten first and asked for anew: no key is refused for that. */
    static final int MAX_MISSING = 128;

    private static final int TIMEOUT_MILLIS = 5000;
    private static final int MAX_BYTES = 1 << 20;

    /** The keys that a fetch has brought, and its number. */
    private record Fetched(JWKSet keys, long fetch) {}

    /** When a missing key was first asked for, and how many fetches had begun then. */
    private record Missing(long since, long fetches) {}

    private final URI source;
    private final Set<KeyType> types;
    private final Duration refresh;
    private final BiConsumer<Duration, Runnable> timer;
    private final LongSupplier nanoTime;

    private volatile @Nullable Fetched fetched;
    private volatile long due; // when the next fetch may begin
    private String outcome = "none yet"; // of the last fetch; there is one at a time

    // Guarded by this.
    private final Map<String, Missing> missing = new LinkedHashMap<>();
    private long fetches; // that have begun
    private boolean scheduled; // or under way
    private boolean fetching;
    private boolean wanted; // one more, for a key that was first asked for while this one was under way

    /**
     * Starts the first fetch.
     *
     * @param source {@code file:}, {@code http:} or {@code https:}
     * @param algorithms what the keys are for
     * @param refresh how often to fetch them again
     * @param timer runs a task after a pause, on a thread that may wait
     * @param nanoTime as {@link System#nanoTime}
     */
    KeySet(
            URI source,
            Collection<JWSAlgorithm> algorithms,
            Duration refresh,
            BiConsumer<Duration, Runnable> timer,
            LongSupplier nanoTime) {
        this.source = source;
        this.types = algorithms.stream().map(KeyType::forAlgorithm).collect(Collectors.toUnmodifiableSet());
        this.refresh = refresh;
        this.timer = timer;
        this.nanoTime = nanoTime;
        this.due = nanoTime.getAsLong();
        fetchSoon();
    }

    /** Whether there are keys; if not, they are being fetched. */
    boolean isReady() {
        boolean ready = fetched != null;
        if (!ready || nanoTime.getAsLong() - due >= refresh.minus(PAUSE).toNanos()) {
            fetchSoon();
        }
        return ready;
    }

    /** How long until the fetch begins that is due or under way. */
    synchronized Duration untilFetch() {
        return fetching && !wanted ? Duration.ZERO : Duration.ofNanos(Math.max(0, due - nanoTime.getAsLong()));
    }

    /**
     * The keys that a token may be signed with.
     *
     * @throws KeySourceException if there are none yet, and a fetch may still bring one
     */
    @Override
    public List<JWK> get(JWKSelector selector, @Nullable SecurityContext context) throws KeySourceException {
        Fetched current = fetched;
        List<JWK> selected = current == null ? List.of() : selector.select(current.keys());
        if (selected.isEmpty()) {
            Set<String> ids = selector.getMatcher().getKeyIDs();
            String id = ids == null || ids.isEmpty() ? "" : ids.iterator().next();
            boolean known = current != null && current.keys().getKeyByKeyId(id) != null;
            if (!known && mayCome(id, current == null ? 0 : current.fetch())) {
                throw new KeySourceException("the key may be among those that are fetched next");
            }
        }
        return selected;
    }

    private synchronized boolean mayCome(String id, long fetchedLast) {
        long now = nanoTime.getAsLong();
        missing.values().removeIf(key -> now - key.since() >= MEMORY.toNanos());
        Missing key = missing.computeIfAbsent(id, any -> new Missing(now, fetches));
        if (missing.size() > MAX_MISSING) {
            missing.remove(missing.keySet().iterator().next());
        }
        if (fetchedLast > key.fetches()) {
            return false;
        }
        if (fetching) {
            wanted |= key.fetches() == fetches;
        } else {
            fetchSoon();
        }
        return true;
    }

    private synchronized void fetchSoon() {
        if (!scheduled) {
            scheduled = true;
            try {
                timer.accept(Duration.ofNanos(Math.max(0, due - nanoTime.getAsLong())), this::fetch);
            } catch (RejectedExecutionException e) {
                scheduled = false; // the server is stopping
            }
        }
    }

    private void fetch() {
        long number;
        synchronized (this) {
            number = ++fetches;
            due = nanoTime.getAsLong() + PAUSE.toNanos();
            fetching = true;
        }
        try {
            load(number);
        } finally {
            finish();
        }
    }

    private synchronized void finish() {
        boolean again = wanted;
        scheduled = false;
        fetching = false;
        wanted = false;
        if (again) {
            fetchSoon();
        }
    }

    private void load(long number) {
        String told;
        try {
            String json = source.getScheme().equals("file")
                    ? Files.readString(Path.of(source))
                    : new DefaultResourceRetriever(TIMEOUT_MILLIS, TIMEOUT_MILLIS, MAX_BYTES)
                            .retrieveResource(source.toURL())
                            .getContent();
            List<String> unreadable = new ArrayList<>();
            List<JWK> keys = parse(json, unreadable);
            if (keys.isEmpty()) {
                told = "Cannot use the keys for tokens: none is for a configured algorithm. " + unreadable;
            } else {
                fetched = new Fetched(new JWKSet(keys), number);
                told = unreadable.isEmpty() ? "" : "Ignored keys for tokens that cannot be read: " + unreadable;
            }
        } catch (IOException | ParseException | RuntimeException e) {
            told = "Cannot fetch the keys for tokens: " + e.getMessage();
        }
        log(told);
    }

    /** Each outcome once, until there is another. */
    private void log(String told) {
        if (!told.equals(outcome)) {
            outcome = told;
            LOG.log(
                    told.isEmpty() ? Level.INFO : Level.WARNING,
                    told.isEmpty() ? "Fetched the keys for tokens" : Secret.maskedIn(told));
        }
    }

    /** The keys that tokens can be verified with; one that cannot be read harms none of the others. */
    private List<JWK> parse(String json, List<String> unreadable) throws ParseException {
        List<Object> all = JSONObjectUtils.getJSONArray(JSONObjectUtils.parse(json), "keys");
        if (all == null) {
            throw new ParseException("the key set has no keys", 0);
        }
        List<JWK> keys = new ArrayList<>();
        for (Object each : all) {
            try {
                JWK key = JWK.parse(object(each));
                if (types.contains(key.getKeyType()) && !KeyUse.ENCRYPTION.equals(key.getKeyUse())) {
                    keys.add(key.toPublicJWK());
                }
            } catch (ParseException | RuntimeException e) {
                unreadable.add(String.valueOf(e.getMessage()));
            }
        }
        return keys;
    }

    @SuppressWarnings("unchecked") // the names in a JSON object are strings
    private static Map<String, Object> object(Object json) throws ParseException {
        if (json instanceof Map<?, ?>) {
            return (Map<String, Object>) json;
        }
        throw new ParseException("not a JSON object", 0);
    }
}
