package dev.parley.http;

import dev.parley.ops.Settings;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The rules for {@code /ops}. The token allows everything. Without it, a caller on this machine may read, as long as no trusted
 * proxies are configured: a proxy on this machine makes every client look local. For the same reason a forwarded request is not
 * local; nor is one from a page of another origin (WHATWG Fetch §3.2); nor is one whose {@code Host} is not a name of this
 * machine, which a page in a local browser can send by DNS rebinding. Safe for any thread.
 */
final class OpsAccess {

    private static final Logger LOG = System.getLogger(OpsAccess.class.getName());

    private static final String BEARER = "Bearer ";
    private static final List<String> FROM_ELSEWHERE =
            List.of("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via", "Origin");
    private static final Set<String> HERE = Set.of("127.0.0.1", "::1", "[::1]", "0:0:0:0:0:0:0:1", "localhost");

    private final Settings.Ops ops;
    private final boolean behindProxies;
    private final AtomicBoolean logged = new AtomicBoolean();

    OpsAccess(Settings settings) {
        ops = settings.ops();
        behindProxies = !settings.gate().trustedProxies().isEmpty();
    }

    void requireRead(HttpServletRequest request) throws ProblemException {
        if (hasToken(request)) {
            return;
        }
        if (behindProxies || !isLocal(request)) {
            throw new ProblemException(
                    ProblemKind.FORBIDDEN,
                    "Send the token of parley.ops.token as \"Authorization: Bearer <token>\". Without it, only this machine can"
                            + " read /ops, and only while parley.gate.trusted-proxies is empty.");
        }
        if (logged.compareAndSet(false, true)) {
            LOG.log(
                    Level.INFO,
                    "Callers on this machine can read /ops without a token. If a reverse proxy runs here, set"
                            + " parley.gate.trusted-proxies: then /ops always needs the token of parley.ops.token");
        }
    }

    void requireChange(HttpServletRequest request) throws ProblemException {
        if (!hasToken(request)) {
            throw new ProblemException(
                    ProblemKind.FORBIDDEN,
                    ops.token().isPresent()
                            ? "This always needs the token of parley.ops.token, as \"Authorization: Bearer <token>\"."
                            : "This always needs a token, and none is configured: set parley.ops.token.");
        }
    }

    private static boolean isLocal(HttpServletRequest request) {
        return HERE.contains(String.valueOf(request.getRemoteAddr())) // null after the connection is reset
                && HERE.contains(request.getServerName())
                && FROM_ELSEWHERE.stream().allMatch(header -> request.getHeader(header) == null);
    }

    /** RFC 6750 §2.1. */
    private boolean hasToken(HttpServletRequest request) {
        String header = request.getHeader("Authorization");
        return header != null
                && header.regionMatches(true, 0, BEARER, 0, BEARER.length())
                && ops.token()
                        .filter(token ->
                                token.matches(header.substring(BEARER.length()).strip()))
                        .isPresent();
    }
}
