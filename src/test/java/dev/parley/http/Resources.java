package dev.parley.http;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What the API has, for the test of the contract. */
public final class Resources {

    private Resources() {}

    /** The methods of each path. */
    public static Map<String, Set<String>> methodsByPath() {
        var paths = new TreeMap<String, Set<String>>();
        for (Route route : Route.values()) {
            paths.put(route.template(), new TreeSet<>(route.methods()));
        }
        return paths;
    }

    /** The statuses of all problems. */
    public static Set<Integer> problemStatuses() {
        return Arrays.stream(ProblemKind.values())
                .map(ProblemKind::status)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The codes of all problems. */
    public static List<String> problemCodes() {
        return Arrays.stream(ProblemKind.values()).map(ProblemKind::code).toList();
    }
}
