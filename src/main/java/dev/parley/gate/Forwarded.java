package dev.parley.gate;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The header {@code Forwarded} (RFC 7239 §4). No state, for any thread. */
final class Forwarded {

    /** A pair, or nothing, and what ends it. Some proxies write values without the quotes that they need, such as {@code a:80}. */
    private static final Pattern PAIR = Pattern.compile("[ \\t]*+(?:([\\w!#$%&'*+.^`|~-]++)[ \\t]*+=[ \\t]*+"
            + "(?:\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\"|([^\"\\s,;]*+)))?[ \\t]*+([,;]|$)");

    private Forwarded() {}

    /**
     * What each proxy on the way said, the one nearest to this server last: values by parameter in lower case. Nothing if the
     * header is malformed: a client could have opened a quote that swallows what a proxy has appended.
     */
    static List<Map<String, String>> elements(HttpServletRequest request) {
        String header = Collections.list(request.getHeaders("Forwarded")).stream()
                .filter(line -> !line.isBlank())
                .collect(Collectors.joining(","));
        List<Map<String, String>> elements = new ArrayList<>();
        Map<String, String> element = new HashMap<>();
        Matcher pair = PAIR.matcher(header);
        while (pair.regionStart() < header.length()) {
            if (!pair.lookingAt()) {
                return List.of();
            }
            if (pair.group(1) != null && element.put(pair.group(1).toLowerCase(Locale.ROOT), value(pair)) != null) {
                return List.of();
            }
            if (!pair.group(4).equals(";") && !element.isEmpty()) {
                elements.add(element);
                element = new HashMap<>();
            }
            pair.region(pair.end(), header.length());
        }
        if (!element.isEmpty()) {
            elements.add(element);
        }
        return elements;
    }

    private static String value(Matcher pair) {
        return pair.group(2) == null ? pair.group(3) : pair.group(2).replaceAll("\\\\(.)", "$1");
    }
}
