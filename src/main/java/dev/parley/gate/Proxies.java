package dev.parley.gate;

import dev.parley.ops.Network;
import dev.parley.ops.Origin;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Who is really asking, and under which name, when proxies stand in front. A header says so only if the TCP connection comes
 * from a trusted proxy, and only the one header that these write: the other could be the client's own. Immutable, for any
 * thread.
 */
final class Proxies {

    private final List<Network> trusted;
    private final boolean standard;

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

    /** The address of the client: the last of those on the way that is no trusted proxy. */
    Network client(HttpServletRequest request) {
        Network client = Network.parse(withoutZone(request.getRemoteAddr()));
        List<String> way = way(request);
        for (int i = way.size() - 1; i >= 0 && isTrusted(client); i--) {
            Network before = node(way.get(i));
            if (before == null) {
                break; // "unknown" or hidden (RFC 7239 §6): the proxy that says so stands for it
            }
            client = before;
        }
        return client;
    }

    /** The origin of this server's own pages, as the client sees it; null if it gave no usable {@code Host}. */
    @Nullable
    Origin own(HttpServletRequest request) {
        String scheme = null;
        String host = null;
        if (isTrusted(Network.parse(withoutZone(request.getRemoteAddr())))) {
            scheme = standard ? first(parameters(request, "proto")) : first(list(request, "X-Forwarded-Proto"));
            host = standard ? first(parameters(request, "host")) : forwardedHost(request);
        }
        if (host == null) {
            host = request.getHeader("Host");
        }
        return host == null ? null : Origin.parse((scheme == null ? request.getScheme() : scheme) + "://" + host);
    }

    private static @Nullable String forwardedHost(HttpServletRequest request) {
        String host = first(list(request, "X-Forwarded-Host"));
        String port = first(list(request, "X-Forwarded-Port"));
        if (port == null) {
            return host;
        }
        String named = host == null ? request.getHeader("Host") : host;
        return named == null || named.matches(".*:\\d+") ? named : named + ":" + port;
    }

    private boolean isTrusted(Network address) {
        for (Network network : trusted) {
            if (network.contains(address)) {
                return true;
            }
        }
        return false;
    }

    private List<String> way(HttpServletRequest request) {
        return standard ? parameters(request, "for") : list(request, "X-Forwarded-For");
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

    /** What each proxy on the way said under a name: a {@code Forwarded} element holds {@code name=value} pairs. */
    private static List<String> parameters(HttpServletRequest request, String name) {
        List<String> values = new ArrayList<>();
        for (String element : list(request, "Forwarded")) {
            for (String pair : element.split(";", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0
                        && pair.substring(0, equals)
                                .strip()
                                .toLowerCase(Locale.ROOT)
                                .equals(name)) {
                    values.add(pair.substring(equals + 1).strip().replace("\"", ""));
                }
            }
        }
        return values;
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
