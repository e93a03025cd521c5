package dev.parley.http;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The media types of the API and what a request says of them (RFC 9110 §8.3, §12.5.1). */
final class MediaTypes {

    static final String JSON = "application/json";
    static final String PROBLEM = "application/problem+json";
    static final String EVENTS = "text/event-stream";

    private MediaTypes() {}

    /** Whether the request takes a response of a type. Without {@code Accept} it takes any. */
    static boolean accepts(HttpServletRequest request, String type) {
        String any = type.substring(0, type.indexOf('/') + 1) + '*';
        boolean asked = false;
        for (String line : Collections.list(request.getHeaders("Accept"))) {
            for (String range : line.split(",", -1)) {
                asked |= !range.isBlank();
                String wanted = nameOf(range);
                if ((wanted.equals(type) || wanted.equals(any) || wanted.equals("*/*")) && !isRefused(range)) {
                    return true;
                }
            }
        }
        return !asked;
    }

    /** Whether a content type is JSON in UTF-8 (RFC 8259 §8.1), the only one that a foreign page cannot send unasked. */
    static boolean isJson(@Nullable String contentType) {
        if (contentType == null || !nameOf(contentType).equals(JSON)) {
            return false;
        }
        String charset = parameterOf(contentType, "charset");
        return charset == null || charset.equals("utf-8");
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
