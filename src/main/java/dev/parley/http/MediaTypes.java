package dev.parley.http;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The media types of the API and what a request says of them (RFC 9110 §8.3, §12.5.1). */
final class MediaTypes {

    static final String JSON = "application/json";
    static final String PROBLEM = "application/problem+json";
    static final String EVENTS = "text/event-stream";

    private MediaTypes() {}

    /**
     * Whether the client accepts a response of a type: the most specific range that matches the type decides. Without
     * {@code Accept} a client accepts any type.
     */
    static boolean accepts(HttpServletRequest request, String type) {
        List<String> ranges = Collections.list(request.getHeaders("Accept")).stream()
                .flatMap(line -> Arrays.stream(line.split(",", -1)))
                .filter(range -> !range.isBlank())
                .toList();
        String subtypes = type.substring(0, type.indexOf('/') + 1) + '*';
        for (String name : List.of(type, subtypes, "*/*")) {
            List<String> matches =
                    ranges.stream().filter(range -> nameOf(range).equals(name)).toList();
            if (!matches.isEmpty()) {
                return !matches.stream().allMatch(MediaTypes::isRefused);
            }
        }
        return ranges.isEmpty();
    }

    /**
     * Whether a content type is JSON in UTF-8 (RFC 8259 §8.1). A page of another origin can send other types without a
     * preflight, but not this one.
     */
    static boolean isJson(@Nullable String contentType) {
        if (contentType == null || !nameOf(contentType).equals(JSON)) {
            return false;
        }
        String charset = parameterOf(contentType, "charset");
        return charset == null || charset.equals("utf-8") || charset.equals("utf8");
    }

    private static boolean isRefused(String range) {
        String weight = parameterOf(range, "q");
        return weight != null && weight.matches("0(\\.0{0,3})?");
    }

    private static String nameOf(String type) {
        int end = type.indexOf(';');
        return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
    }

    private static @Nullable String parameterOf(String type, String name) {
        String[] parts = type.split(";", -1);
        for (int i = 1; i < parts.length; i++) {
            String[] pair = parts[i].split("=", 2);
            if (pair.length == 2 && pair[0].strip().equalsIgnoreCase(name)) {
                return pair[1].strip().replace("\"", "").toLowerCase(Locale.ROOT);
            }
        }
        return null;
    }
}
