package dev.parley.gate;

import dev.parley.ops.Network;
import dev.parley.ops.Origin;
import dev.parley.ops.RepeatedEvent;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who is really asking, and under which name, when proxies stand in front. A header says so only if the TCP connection comes
 * from a trusted proxy, and only the one header that these write: the other could be the client's own. Immutable, for any
 * thread.
 */
final class Proxies {

    private static final String WAY = Way.class.getName();

    private final List<Network> trusted;
    private final boolean standard;
    private final RepeatedEvent nameless = new RepeatedEvent(Proxies.class, Level.WARNING);

    /**
     * The proxies of an operator.
     *
     * @param trusted their addresses or blocks
     * @param standard whether they write {@code Forwarded} (RFC 7239), not {@code X-Forwarded-*}
     */
    Proxies(List<Network> trusted, boolean standard) {
        this.trusted = trusted;
        this.standard = standard;
    }

    /**
     * The address of the client: the last of those on the way that is no trusted proxy.
     *
     * @throws Refusal 400 if the server gives no address for the TCP connection
     */
    Network client(HttpServletRequest request) throws Refusal {
        return way(request).client();
    }

    /**
     * The origin of this server's own pages, as the client sees it; null if it gave no usable {@code Host}.
     *
     * @throws Refusal 400 if the server gives no address for the TCP connection
     */
    @Nullable
    Origin own(HttpServletRequest request) throws Refusal {
        Map<String, String> said = way(request).said();
        String scheme = said.getOrDefault("proto", request.getScheme());
        String host = said.containsKey("host") ? said.get("host") : request.getHeader("Host");
        return host == null ? null : Origin.parse(scheme + "://" + host);
    }

    /** The client, and the {@code host} and {@code proto} that it asked for, as far as trusted proxies say them. */
    private record Way(Proxies by, Network client, Map<String, String> said) {}

    /** Read once for a request, which is asked about several times. */
    private Way way(HttpServletRequest request) throws Refusal {
        if (request.getAttribute(WAY) instanceof Way known && known.by == this) {
            return known;
        }
        Way way = read(request);
        request.setAttribute(WAY, way);
        return way;
    }

    private Way read(HttpServletRequest request) throws Refusal {
        Network client = peer(request);
        Map<String, String> said = new HashMap<>();
        if (!standard && isTrusted(client)) {
            saidInParts(request, said);
        }
        List<Map<String, String>> hops = standard
                ? Forwarded.elements(request)
                : list(request, "X-Forwarded-For").stream()
                        .map(node -> Map.of("for", node))
                        .toList();
        for (int i = hops.size() - 1; i >= 0 && isTrusted(client); i--) {
            said.putAll(hops.get(i)); // of two proxies, the one nearer to the client knows what that asked for
            Network before = node(hops.get(i).getOrDefault("for", "unknown"));
            if (before == null) {
                break; // "unknown" or hidden (RFC 7239 §6): the proxy that says so counts as the client
            }
            client = before;
        }
        return new Way(this, client, Map.copyOf(said));
    }

    private Network peer(HttpServletRequest request) throws Refusal {
        try {
            return Network.parse(withoutZone(String.valueOf(request.getRemoteAddr())));
        } catch (IllegalArgumentException e) {
            nameless.log(
                    "Rejected a request: the server gives no IP address for its client. If the server itself handles"
                            + " X-Forwarded-For, switch that off");
            throw Refusal.badRequest("The address of the client is unknown.");
        }
    }

    private static void saidInParts(HttpServletRequest request, Map<String, String> said) {
        String scheme = first(list(request, "X-Forwarded-Proto"));
        if (scheme != null) {
            said.put("proto", scheme);
        }
        String host = first(list(request, "X-Forwarded-Host"));
        String port = first(list(request, "X-Forwarded-Port"));
        String named = host == null && port != null ? request.getHeader("Host") : host;
        if (named != null) {
            said.put("host", port == null || named.matches(".*:\\d+") ? named : named + ":" + port);
        }
    }

    private boolean isTrusted(Network address) {
        for (Network network : trusted) {
            if (network.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /** The node of a proxy's header, perhaps with a port; null if it is no address. */
    private static @Nullable Network node(String node) {
        String address = node.startsWith("[") ? node.substring(1, Math.max(1, node.indexOf(']'))) : node;
        if (address.indexOf(':') == address.lastIndexOf(':') && address.indexOf(':') > 0) {
            address = address.substring(0, address.indexOf(':')); // IPv4 and a port
        }
        try {
            return Network.parse(address).bits() == 128 ? Network.parse(address) : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String withoutZone(String address) {
        int zone = address.indexOf('%');
        return zone < 0 ? address : address.substring(0, zone);
    }

    private static List<String> list(HttpServletRequest request, String header) {
        List<String> values = new ArrayList<>();
        for (String line : Collections.list(request.getHeaders(header))) {
            for (String value : line.split(",", -1)) {
                if (!value.isBlank()) {
                    values.add(value.strip());
                }
            }
        }
        return values;
    }

    private static @Nullable String first(List<String> values) {
        return values.isEmpty() ? null : values.get(0);
    }
}
