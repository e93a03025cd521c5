package dev.parley.http;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The resources of the API. {@code openapi.yaml} names the same, which a test holds. */
enum Route {
    /** The rooms of this node. */
    ROOMS("/api/rooms", "GET"),
    /** One room. */
    ROOM("/api/rooms/{room}", "GET"),
    /** A room's messages: those that are kept, and a new one. */
    MESSAGES("/api/rooms/{room}/messages", "GET", "POST"),
    /** A room's events as they come. */
    EVENTS("/api/rooms/{room}/events", "GET");

    private static final String ROOM_PARAMETER = "{room}";

    private final String template;

    @SuppressWarnings("ImmutableEnumChecker") // List.of is
    private final List<String> methods;

    Route(String template, String... methods) {
        this.template = template;
        this.methods = List.of(methods);
    }

    /** The path as OpenAPI writes it. */
    String template() {
        return template;
    }

    /** What can be done there, beside {@code HEAD} where there is {@code GET}, and {@code OPTIONS}. */
    List<String> methods() {
        return methods;
    }

    /** The header {@code Allow} (RFC 9110 §10.2.1). */
    String allow() {
        return "OPTIONS, HEAD, " + String.join(", ", methods);
    }

    /**
     * Finds the resource of a path.
     *
     * @param path below the context root, not decoded
     * @return the resource and the room's part of the path as it stands, empty if it has none; null if there is no such resource
     */
    static @Nullable Match match(String path) {
        for (Route route : values()) {
            String room = route.roomOf(path);
            if (room != null) {
                return new Match(route, room);
            }
        }
        return null;
    }

    private @Nullable String roomOf(String path) {
        int at = template.indexOf(ROOM_PARAMETER);
        if (at < 0) {
            return path.equals(template) ? "" : null;
        }
        String before = template.substring(0, at);
        String after = template.substring(at + ROOM_PARAMETER.length());
        if (path.length() <= before.length() + after.length() || !path.startsWith(before) || !path.endsWith(after)) {
            return null;
        }
        String room = path.substring(before.length(), path.length() - after.length());
        return room.indexOf('/') < 0 ? room : null;
    }

    /**
     * A resource that was found.
     *
     * @param route which
     * @param room the room's part of the path, not decoded
     */
    record Match(Route route, String room) {}
}
