package dev.parley.gate;

import dev.parley.protocol.Position;
import dev.parley.protocol.Reversal;
import dev.parley.protocol.RoomName;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a handshake: all of them for the paths of the five protocols, those of the query for any other endpoint that
 * stands on the hub. No state, for any thread.
 */
final class SocketPath {

    private static final String CHAT = "/ws/chat";
    private static final Map<String, String> PROTOCOLS =
            Map.of("/ws", "lobby", "/ws/echo", "echo", "/ws/reverse", "reverse", "/ws/json", "json");
    private static final int MAX_PREFIX = 64;

    private SocketPath() {}

    /** Whether the gate must check a request: it looks like a handshake, or its path is one of Parley's endpoints. */
    static boolean concerns(HttpServletRequest request) {
        return Upgrade.looksLikeOne(request) || isOurs(Upgrade.dispatched(request));
    }

    /**
     * Checks a request that {@link #concerns the gate} against the rules of its path.
     *
     * @param served the protocols that are served
     * @return what the client asks for
     * @throws Refusal if a rule is broken
     */
    static Handshake check(HttpServletRequest request, Set<String> served) throws Refusal {
        String protocol = isChat(Upgrade.dispatched(request)) ? "chat" : PROTOCOLS.get(Upgrade.dispatched(request));
        if (protocol != null && !served.contains(protocol)) {
            throw Refusal.notFound();
        }
        Refusal.require(
                Upgrade.looksLikeOne(request), "This is a WebSocket endpoint. A WebSocket handshake is required.");
        String path = Upgrade.dispatched(request);
        Upgrade.check(request);
        String room = roomOf(path);
        Upgrade.checkPath(request);
        Map<String, String> query = query(request.getQueryString());
        switch (path) {
            case "/ws/echo" ->
                check(query, "prefix", SocketPath::isPrefix, "A prefix is at most " + MAX_PREFIX + " characters.");
            case "/ws/reverse" ->
                check(query, "by", SocketPath::isReversal, "The parameter by is code-point or grapheme.");
            default -> {
                if (isChat(path)) {
                    check(query, "since", since -> Position.parse(since) != null, Position.RULE);
                    check(query, "history", SocketPath::isHistory, "The parameter history is a number from 0 to 1000.");
                }
            }
        }
        return new Handshake(room, query);
    }

    private static String roomOf(String path) throws Refusal {
        if (!isChat(path)) {
            return path.equals("/ws") ? RoomName.LOBBY : "";
        }
        String room = path.equals(CHAT) ? RoomName.MAIN : path.substring(CHAT.length() + 1);
        Refusal.require(RoomName.isValid(room), RoomName.RULE);
        return room;
    }

    private static boolean isOurs(String path) {
        return isChat(path) || PROTOCOLS.containsKey(path);
    }

    private static boolean isChat(String path) {
        return path.equals(CHAT) || (path.startsWith(CHAT + "/") && path.indexOf('/', CHAT.length() + 1) < 0);
    }

    /** Checks a request of the HTTP API; its room may be empty. */
    static Handshake checkApi(HttpServletRequest request, String encodedRoom) throws Refusal {
        String room = encodedRoom.isEmpty() ? "" : checkRoom(encodedRoom);
        Map<String, String> query = query(request.getQueryString());
        return new Handshake(room, query);
    }

    private static String checkRoom(String encoded) throws Refusal {
        String room = decode(encoded.replace("+", "%2B")); // a plus is a space in a query only
        Refusal.require(RoomName.isValid(room), RoomName.RULE);
        return room;
    }

    private static boolean isPrefix(String prefix) {
        return prefix.codePointCount(0, prefix.length()) <= MAX_PREFIX;
    }

    private static boolean isHistory(String count) {
        return count.matches("[0-9]{1,3}|1000");
    }

    private static boolean isReversal(String word) {
        return Arrays.stream(Reversal.values()).anyMatch(way -> way.word().equals(word));
    }

    private static void check(Map<String, String> query, String name, Predicate<String> rule, String words)
            throws Refusal {
        String value = query.get(name);
        Refusal.require(value == null || rule.test(value), words);
    }

    private static Map<String, String> query(@Nullable String query) throws Refusal {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (query != null) {
            for (String pair : query.split("&", -1)) {
                if (pair.isEmpty()) {
                    continue; // clients that join parts leave "&&" or a last "&"
                }
                int equals = pair.indexOf('=');
                String name = decode(equals < 0 ? pair : pair.substring(0, equals));
                String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
                if (parameters.putIfAbsent(name, value) != null) {
                    throw Refusal.badRequest("Duplicate query parameter.");
                }
            }
        }
        return Map.copyOf(parameters);
    }

    private static String decode(String encoded) throws Refusal {
        try {
            return URLDecoder.decode(encoded, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Refusal.badRequest("Invalid percent escape in the address.");
        }
    }
}
