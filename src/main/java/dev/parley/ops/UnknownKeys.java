package dev.parley.ops;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Finds what looks like a setting and is none: most are typing errors. No state. */
final class UnknownKeys {

    private UnknownKeys() {}

    /**
     * A warning for each unknown key of ours.
     *
     * @param properties names of system properties
     * @param variables names of environment variables
     * @param keys the keys in {@link Sources#FILE}
     * @param known the keys that are settings
     * @return each warning is one line and names the nearest setting
     */
    static List<String> among(
            Collection<String> properties,
            Collection<String> variables,
            Collection<String> keys,
            Collection<String> known) {
        List<String> names = known.stream().map(Reader::variable).toList();
        return Stream.of(
                        among("system property", "parley.", properties, known),
                        among("environment variable", "PARLEY_", variables, names),
                        among(Sources.FILE + " key", "", keys, known))
                .flatMap(warnings -> warnings)
                .toList();
    }

    private static Stream<String> among(
            String kind, String prefix, Collection<String> given, Collection<String> known) {
        return given.stream()
                .filter(name -> name.startsWith(prefix) && !known.contains(name))
                .sorted()
                .map(name -> "The " + kind + " " + name.replaceAll("\\p{Cntrl}", "?") + " is no setting; did you mean "
                        + nearest(name, known) + "?");
    }

    private static String nearest(String name, Collection<String> known) {
        return known.stream()
                .min(Comparator.comparingInt(
                        key -> distance(name.toLowerCase(Locale.ROOT), key.toLowerCase(Locale.ROOT))))
                .orElse("another");
    }

    /** How many characters to insert, drop or replace (Levenshtein, one row at a time). */
    static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
