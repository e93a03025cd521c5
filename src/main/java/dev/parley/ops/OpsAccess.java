package dev.parley.ops;

import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Set;

/**
 * Who may see {@code /ops}: callers on this machine, and those who have the token. A proxy on this machine makes the whole
 * world look local, so a request that was forwarded does not count as local; nor does one that a page of
 * another origin made a browser send (WHATWG Fetch §3.2); nor does one whose {@code Host} is no name of
 * this machine, as a page in a browser here can bring about (DNS rebinding). No state.
 */
final class OpsAccess {

    static final String RULE =
            "Ask from the machine itself, not through a proxy, or with the token of parley.ops.token.";

    private static final String BEARER = "Bearer ";
    private static final List<String> FROM_ELSEWHERE =
            List.of("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via", "Origin");
    private static final Set<String> HERE = Set.of("127.0.0.1", "::1", "[::1]", "0:0:0:0:0:0:0:1", "localhost");

    private OpsAccess() {}

    static boolean allows(HttpServletRequest request, Settings.Ops ops) {
        return isLocal(request) || hasToken(request, ops);
    }

    private static boolean isLocal(HttpServletRequest request) {
        return HERE.contains(request.getRemoteAddr())
                && HERE.contains(request.getServerName())
                && FROM_ELSEWHERE.stream().allMatch(header -> request.getHeader(header) == null);
    }

    /** RFC 6750 §2.1. */
    private static boolean hasToken(HttpServletRequest request, Settings.Ops ops) {
        String header = request.getHeader("Authorization");
        return header != null
                && header.regionMatches(true, 0, BEARER, 0, BEARER.length())
                && ops.token()
                        .filter(token ->
                                token.matches(header.substring(BEARER.length()).strip()))
                        .isPresent();
    }
}
