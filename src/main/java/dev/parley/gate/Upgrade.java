package dev.parley.gate;

import dev.parley.wire.server.RequestConnection;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The rules for the form of a handshake (RFC 6455 §4.2.1) and of its path. Containers accept handshakes that no client sends:
 * Undertow takes any {@code Upgrade} and any method, Tyrus any {@code Connection} that contains the letters. So a request that looks
 * like a handshake and breaks a rule must not reach them. No state, for any thread.
 */
final class Upgrade {

    private static final String PREFIX = "sec-websocket-";
    private static final String KEY = PREFIX + "key";
    private static final String VERSION = PREFIX + "version";
    private static final Set<String> KNOWN = Set.of(KEY, VERSION, PREFIX + "protocol", PREFIX + "extensions");

    private static final String PATH_RULE =
            "Invalid path: use no ';' parameters, no empty or dot segments, no trailing slash,"
                    + " and escape only characters that need it.";

    /** What RFC 3986 §3.3 allows in a path, without {@code ;}, which begins parameters. */
    private static final Pattern CHARACTERS = Pattern.compile("[A-Za-z0-9._~!$&'()*+,=:@%/-]++");

    private static final Pattern ESCAPES = Pattern.compile("(?:%[0-9A-Fa-f]{2})++");
    private static final Pattern BROKEN_ESCAPE = Pattern.compile("%(?![0-9A-Fa-f]{2})");

    /** Containers and proxies disagree on whether an escape of one of these is the character itself. */
    private static final Pattern AMBIGUOUS = Pattern.compile("[A-Za-z0-9._~/\\\\;%\\p{Cntrl}-]");

    private Upgrade() {}

    /**
     * Whether a container might take a request for a handshake. A request that only offers HTTP/2, as {@code java.net.http} does by
     * default, is not one: Undertow and Tyrus both require a key.
     */
    static boolean looksLikeOne(HttpServletRequest request) {
        return hasSocketHeader(request)
                || request.getMethod().equals("CONNECT") // RFC 8441
                || !(request.getHeader("Upgrade") == null || "h2c".equals(single(request, "Upgrade")));
    }

    private static boolean hasSocketHeader(HttpServletRequest request) {
        return Collections.list(request.getHeaderNames()).stream()
                .anyMatch(name -> name.regionMatches(true, 0, PREFIX, 0, PREFIX.length()));
    }

    /** With 400, not 426: beside an {@code Upgrade} header Grizzly sends no length, and a client waits. */
    static void check(HttpServletRequest request) throws Refusal {
        Refusal.require(
                request.getMethod().equals("GET")
                        && request.getProtocol().equals("HTTP/1.1")
                        && "websocket".equalsIgnoreCase(single(request, "Upgrade"))
                        && tokens(request, "Connection").anyMatch("upgrade"::equalsIgnoreCase),
                "A WebSocket handshake is a GET of HTTP/1.1 with Upgrade: websocket and Connection: Upgrade.");
        Refusal.require("13".equals(single(request, VERSION)), "Sec-WebSocket-Version must be 13 (RFC 6455), once.");
        Refusal.require(isKey(single(request, KEY)), "Sec-WebSocket-Key must be 16 bytes in Base64, once.");
        Refusal.require(
                Collections.list(request.getHeaderNames()).stream()
                        .map(name -> name.toLowerCase(Locale.ROOT))
                        .allMatch(name -> !name.startsWith(PREFIX) || KNOWN.contains(name)),
                "Unknown Sec-WebSocket header: use Key, Version, Protocol and Extensions.");
        Refusal.require(!RequestConnection.hasBody(request), "A WebSocket handshake has no body.");
    }

    /** Refuses a handshake that bytes follow in the same read, for a server that cannot serve them. */
    static void checkEnd(HttpServletRequest request) throws Refusal {
        Refusal.require(
                !hasMore(request),
                "A client must wait for the answer to its handshake before it sends more (RFC 6455 §4.1).");
    }

    /**
     * Whether bytes follow the handshake in the same read. With them, Tyrus blocks its thread for ever: it waits in
     * {@code setReadListener} for what the same thread does after it.
     */
    private static boolean hasMore(HttpServletRequest request) {
        try {
            return request.getInputStream().available() > 0;
        } catch (IOException e) {
            return true;
        }
    }

    /**
     * Insists that the path of a handshake is in its one canonical form, so that nothing between the client and the endpoint can take
     * it for another.
     */
    static void checkPath(HttpServletRequest request) throws Refusal {
        String raw = request.getRequestURI();
        Refusal.require(
                !request.isRequestedSessionIdFromURL() // GlassFish leaves ;jsessionid= out of the URI
                        && isPlain(raw)
                        && decode(raw).equals(request.getContextPath() + dispatched(request)),
                PATH_RULE);
    }

    private static boolean isPlain(String raw) {
        return raw.startsWith("/")
                && CHARACTERS.matcher(raw).matches()
                && !BROKEN_ESCAPE.matcher(raw).find()
                && Arrays.stream(raw.substring(1).split("/", -1)).noneMatch(Set.of("", ".", "..")::contains);
    }

    /** The path below the context root as the container dispatches any request: decoded, without parameters. */
    static String dispatched(HttpServletRequest request) {
        String rest = request.getPathInfo();
        return rest == null ? request.getServletPath() : request.getServletPath() + rest;
    }

    private static String decode(String raw) throws Refusal {
        Matcher escapes = ESCAPES.matcher(raw);
        StringBuilder decoded = new StringBuilder();
        while (escapes.find()) {
            String characters = utf8(escapes.group());
            Refusal.require(!AMBIGUOUS.matcher(characters).find(), PATH_RULE);
            escapes.appendReplacement(decoded, Matcher.quoteReplacement(characters));
        }
        return escapes.appendTail(decoded).toString();
    }

    private static String utf8(String escapes) throws Refusal {
        byte[] bytes = URLDecoder.decode(escapes, StandardCharsets.ISO_8859_1).getBytes(StandardCharsets.ISO_8859_1);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw Refusal.badRequest("The escapes of the path are not UTF-8.");
        }
    }

    /** The subprotocols that a client offers, over all lines (RFC 6455 §11.3.4). */
    static List<String> protocols(HttpServletRequest request) {
        return tokens(request, PREFIX + "protocol").toList();
    }

    private static Stream<String> tokens(HttpServletRequest request, String header) {
        return Collections.list(request.getHeaders(header)).stream()
                .flatMap(line -> Arrays.stream(line.split(",", -1)))
                .map(String::strip);
    }

    private static @Nullable String single(HttpServletRequest request, String header) {
        List<String> lines = Collections.list(request.getHeaders(header));
        return lines.size() == 1 ? lines.get(0).strip() : null;
    }

    private static boolean isKey(@Nullable String key) {
        try {
            return key != null && key.length() == 24 && Base64.getDecoder().decode(key).length == 16;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
