package dev.parley.ops;

import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A web origin (RFC 6454 §4): two are the same if scheme, host and port are, in any case of letters and with the scheme's
 * port spelled out or not. Immutable.
 *
 * @param scheme in lower case
 * @param host in lower case
 * @param port the port, -1 if there is none and the scheme has no default
 */
public record Origin(String scheme, String host, int port) {

    private static final Pattern SERIALIZED =
            Pattern.compile("([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\\[[0-9a-f:.]+])(?::(\\d{1,5}))?");
    private static final Map<String, Integer> PORTS = Map.of("http", 80, "https", 443);
    private static final Map<String, String> SOCKETS = Map.of("ws", "http", "wss", "https");

    /**
     * Reads an origin as a browser serializes it, whole: no list, no path, no user. Proxies and native clients write {@code ws}
     * for {@code http} and {@code wss} for {@code https}; no page has such an origin (WHATWG URL §4.7).
     *
     * @param text the origin
     * @return the origin, or null if it is none, as {@code null} is (RFC 6454 §6.1)
     */
    public static @Nullable Origin parse(String text) {
        Matcher matcher = SERIALIZED.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            return null;
        }
        String scheme = SOCKETS.getOrDefault(matcher.group(1), matcher.group(1));
        String port = matcher.group(3);
        return new Origin(
                scheme, matcher.group(2), port == null ? PORTS.getOrDefault(scheme, -1) : Integer.parseInt(port));
    }

    static boolean isOrigin(String text) {
        return parse(text) != null;
    }

    static Origin of(String text) {
        return Objects.requireNonNull(parse(text));
    }

    @Override
    public String toString() {
        return scheme + "://" + host + (port < 0 || PORTS.getOrDefault(scheme, -1) == port ? "" : ":" + port);
    }
}
