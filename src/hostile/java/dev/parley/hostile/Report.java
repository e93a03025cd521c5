package dev.parley.hostile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/**
 * The table: printed when all rows have run, and written as a page. A row that did not run keeps the line that the page has.
 */
final class Report {

    private static final String HEAD = """
            # Faults and attacks: %s

            Written by `mvn verify -Phostile,%s`; what the columns mean stands in [hostile.md](hostile.md).

            | threat | attack | pass | measured | probe, p99 | heap, threads, files before → after | held |
            |---|---|---|---|---|---|---|
            """;

    private final Path page = Path.of(System.getProperty("hostile.page"));
    private final Map<Threat, String> lines = new EnumMap<>(Threat.class);

    /** Takes note of a row. */
    void add(Threat threat, String measured, String probe, String cost, String held) {
        lines.put(
                threat,
                String.join(
                        " | ",
                        start(threat),
                        threat.attack,
                        threat.pass,
                        measured.replace("|", "\\|").replaceAll("\\s+", " "),
                        probe,
                        cost,
                        held + " |"));
        System.out.println(lines.get(threat));
    }

    /** Takes note of a row that cannot run here, and why. */
    void skip(Threat threat, String why) {
        add(threat, "not run: " + why, "", "", "**no**");
    }

    /** Prints and writes what was noted. */
    void write() throws IOException {
        if (lines.isEmpty()) {
            return;
        }
        if (Files.exists(page)) {
            for (var line : Files.readAllLines(page)) {
                for (var threat : Threat.values()) {
                    if (line.startsWith(start(threat) + " |")) {
                        lines.putIfAbsent(threat, line);
                    }
                }
            }
        }
        var text = HEAD.formatted(System.getProperty("hostile.title"), Server.NAME) + String.join("\n", lines.values())
                + "\n";
        System.out.println();
        System.out.println(text);
        Files.createDirectories(page.toAbsolutePath().getParent());
        Files.writeString(page, text);
    }

    private static String start(Threat threat) {
        return "| " + threat.title;
    }
}
