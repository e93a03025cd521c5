package dev.parley.gate;

import dev.parley.ops.Host;
import dev.parley.ops.Origin;
import dev.parley.ops.Settings;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The pages that may make requests: those of this server and those of the origins that the operator lists. Without an {@code
 * Origin} there is usually no browser and so nobody to be abused. Safe for any thread.
 */
final class Origins {

    private static final Logger LOG = System.getLogger(Origins.class.getName());

    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    private static final Set<String> OWN_SITE = Set.of("same-origin", "none"); // none: the user, not a page

    private final List<Host> hosts;
    private final Set<Origin> listed;
    private final Proxies proxies;
    private final AtomicBoolean told = new AtomicBoolean();

    Origins(Settings.Gate settings, Proxies proxies) {
        this.hosts = settings.hosts();
        this.listed = Set.copyOf(settings.origins());
        this.proxies = proxies;
    }

    /**
     * Checks the host that a request is for, and the page that makes it (RFC 6455 §10.2).
     *
     * @throws Refusal 421 for another host, 403 for a page of a foreign origin
     */
    void check(HttpServletRequest request) throws Refusal {
        Origin own = proxies.own(request);
        if (!hosts.isEmpty() && (own == null || hosts.stream().noneMatch(host -> host.isOf(own)))) {
            throw Refusal.foreignHost();
        }
        List<String> given = Collections.list(request.getHeaders("Origin"));
        if (given.isEmpty()) {
            if (!READING.contains(request.getMethod())) {
                checkSite(request);
            }
            return;
        }
        Origin origin = given.size() == 1 ? Origin.parse(given.get(0)) : null;
        if (origin == null || !(origin.equals(own) || listed.contains(origin))) {
            if (told.compareAndSet(false, true)) {
                LOG.log(
                        Level.WARNING,
                        "Rejected a page of {0}, and will reject others: it is neither of {1}, which seems to be this server,"
                                + " nor in parley.gate.origins. Behind a proxy, see parley.gate.trusted-proxies",
                        origin == null ? "an opaque origin" : origin,
                        own);
            }
            throw Refusal.foreignOrigin();
        }
    }

    /**
     * Checks a request that changes something or joins a room. A page can make a browser send one without an {@code Origin},
     * with an image for instance; the browser then says which site the page is of (W3C Fetch Metadata §2.3).
     *
     * @throws Refusal 403 for a page of another site
     */
    void checkSite(HttpServletRequest request) throws Refusal {
        if (request.getHeader("Origin") == null
                && !OWN_SITE.containsAll(Collections.list(request.getHeaders("Sec-Fetch-Site")))) {
            throw Refusal.foreignOrigin();
        }
    }

    /** Whose page, but for this server's own, may read the answer: a listed origin as the browser sent it, or null. */
    @Nullable
    String sharesWith(HttpServletRequest request) {
        String given = request.getHeader("Origin");
        Origin origin = given == null ? null : Origin.parse(given);
        return origin != null && listed.contains(origin) ? given : null;
    }
}
