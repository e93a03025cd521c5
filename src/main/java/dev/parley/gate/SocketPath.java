package dev.parley.gate;

import dev.parley.protocol.Position;
import dev.parley.protocol.Reversal;
import dev.parley.protocol.RoomName;
import dev.parley.protocol.UserName;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a handshake: all of them for the paths of the five protocols, those of the query for any other endpoint that
 * stands on the hub. No state, for any thread.
 */
final class SocketPath {

    private static final String CHAT = "/ws/chat";
    private static final int MAX_PREFIX = 64;

    private SocketPath() {}

    /**
     * Checks a request against the rules of its path.
     *
     * @return what the client asks for, or null if it is no handshake and the path is none of ours
     * @throws Refusal if a rule is broken
     */
    static @Nullable Handshake check(HttpServletRequest request) throws Refusal {
        String path = request.getRequestURI().substring(request.getContextPath().length());
        String room = "";
        boolean ours = true;
        switch (path) {
            case "/ws" -> room = RoomName.LOBBY;
            case CHAT -> room = RoomName.MAIN;
            case "/ws/echo", "/ws/reverse", "/ws/json" -> {}
            default -> {
                if (path.startsWith(CHAT + "/") && path.indexOf('/', CHAT.length() + 1) < 0) {
                    room = checkRoom(path.substring(CHAT.length() + 1));
                } else if (asksForUpgrade(request)) {
                    ours = false;
                } else {
                    return null;
                }
            }
        }
        if (ours) {
            checkUpgrade(request);
        }
        Map<String, String> query = query(request.getQueryString());
        check(query, "user", UserName::isValid, UserName.RULE);
        if (path.equals("/ws/echo")) {
            check(query, "prefix", SocketPath::isPrefix, "A prefix is at most " + MAX_PREFIX + " characters.");
        } else if (path.equals("/ws/reverse")) {
            check(query, "by", SocketPath::isReversal, "The parameter by is code-point or grapheme.");
        } else if (path.startsWith(CHAT)) {
            check(query, "since", since -> Position.parse(since) != null, Position.RULE);
            check(query, "history", SocketPath::isHistory, "The parameter history is a number from 0 to 1000.");
        }
        return new Handshake(room, query);
    }

    /** Checks a request of the HTTP API; its room may be empty. */
    static Handshake checkApi(HttpServletRequest request, String encodedRoom) throws Refusal {
        String room = encodedRoom.isEmpty() ? "" : checkRoom(encodedRoom);
        Map<String, String> query = query(request.getQueryString());
        check(query, "user", UserName::isValid, UserName.RULE);
        return new Handshake(room, query);
    }

    private static String checkRoom(String encoded) throws Refusal {
        String room = decode(encoded.replace("+", "%2B")); // a plus is a space in a query only
        if (!RoomName.isValid(room)) {
            throw Refusal.badRequest(RoomName.RULE);
        }
        return room;
    }

    /** RFC 6455 §4.2.1. With 400, not 426: beside an {@code Upgrade} header Grizzly sends no length, and a client waits. */
    private static void checkUpgrade(HttpServletRequest request) throws Refusal {
        if (!asksForUpgrade(request)) {
            throw Refusal.badRequest("This is a WebSocket; connect to it with a GET that upgrades.");
        }
        if (!"13".equals(request.getHeader("Sec-WebSocket-Version"))) {
            throw Refusal.badRequest("The WebSocket version spoken here is 13 (RFC 6455).");
        }
        if (!isKey(request.getHeader("Sec-WebSocket-Key"))) {
            throw Refusal.badRequest("Sec-WebSocket-Key is 16 bytes in Base64.");
        }
    }

    private static boolean asksForUpgrade(HttpServletRequest request) {
        return request.getMethod().equals("GET")
                && hasToken(request, "Connection", "upgrade")
                && hasToken(request, "Upgrade", "websocket");
    }

    private static boolean hasToken(HttpServletRequest request, String header, String token) {
        return Collections.list(request.getHeaders(header)).stream()
                .flatMap(line -> Arrays.stream(line.split(",", -1)))
                .anyMatch(word -> word.strip().toLowerCase(Locale.ROOT).equals(token));
    }

    private static boolean isKey(@Nullable String key) {
        try {
            return key != null && Base64.getDecoder().decode(key.strip()).length == 16;
        } catch (IllegalArgumentException e) {
            return false;
        }
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
        if (value != null && !rule.test(value)) {
            throw Refusal.badRequest(words);
        }
    }

    private static Map<String, String> query(@Nullable String query) throws Refusal {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (query != null) {
            for (String pair : query.split("&", -1)) {
                int equals = pair.indexOf('=');
                String name = decode(equals < 0 ? pair : pair.substring(0, equals));
                String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
                if (parameters.putIfAbsent(name, value) != null) {
                    throw Refusal.badRequest("A query parameter stands twice.");
                }
            }
        }
        return Map.copyOf(parameters);
    }

    private static String decode(String encoded) throws Refusal {
        try {
            return URLDecoder.decode(encoded, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Refusal.badRequest("The address has a broken percent escape.");
        }
    }
}
