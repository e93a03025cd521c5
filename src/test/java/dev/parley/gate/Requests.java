package dev.parley.gate;

import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Requests without a server: what the gate asks of them, and nothing else. */
final class Requests {

    /** A header that stands for the query. */
    static final String QUERY = "?";

    private Requests() {}

    /** A request over plain HTTP from an address, with headers, names and values in turn; a name may come twice. */
    static HttpServletRequest from(@Nullable String address, String... headers) {
        return with("GET", address, headers);
    }

    /** The same with a method. */
    static HttpServletRequest with(String httpMethod, @Nullable String address, String... headers) {
        Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 0; i < headers.length; i += 2) {
            all.computeIfAbsent(headers[i], name -> new ArrayList<>()).add(headers[i + 1]);
        }
        Map<Object, Object> attributes = new HashMap<>();
        return (HttpServletRequest) Proxy.newProxyInstance(
                Requests.class.getClassLoader(),
                new Class<?>[] {HttpServletRequest.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "getRemoteAddr" -> address;
                    case "getMethod" -> httpMethod;
                    case "getLocalAddr" -> "127.0.0.1";
                    case "getQueryString" ->
                        all.getOrDefault(QUERY, Collections.singletonList(null)).get(0);
                    case "getScheme" -> "http";
                    case "getAttribute" -> attributes.get(arguments[0]);
                    case "setAttribute" -> attributes.put(arguments[0], arguments[1]);
                    case "getHeader" ->
                        all.getOrDefault((String) arguments[0], Collections.singletonList(null))
                                .get(0);
                    case "getHeaders" -> Collections.enumeration(all.getOrDefault((String) arguments[0], List.of()));
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }
}
