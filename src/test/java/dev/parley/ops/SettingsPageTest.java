package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigResolveOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The page of all settings is what {@code reference.conf} and {@link Settings} say. */
class SettingsPageTest {

    private static final Path PAGE = Path.of("src/site/markdown/settings.md");
    private static final String COMMAND = "mvn test -Dtest=SettingsPageTest -Dregenerate";
    private static final Config REFERENCE = ConfigFactory.parseResources("reference.conf");

    @Test
    void thePageHoldsEverySetting() throws IOException {
        Config defaults = REFERENCE.resolve(ConfigResolveOptions.noSystem().setAllowUnresolved(false));
        String page = page(defaults);
        if (System.getProperty("regenerate") != null) {
            Files.writeString(PAGE, page);
        }
        assertThat(Files.readString(PAGE))
                .as("%s is out of date; regenerate it with: %s", PAGE, COMMAND)
                .isEqualTo(page);
    }

    @Test
    void everyKeyIsReadAndHasItsVariable() {
        Config defaults = REFERENCE.resolve(ConfigResolveOptions.noSystem());
        var keys = defaults.entrySet().stream().map(Map.Entry::getKey).collect(Collectors.toCollection(TreeSet::new));
        assertThat(read(defaults).keySet()).containsExactlyInAnyOrderElementsOf(keys);
        for (String key : keys) {
            Config variable = ConfigFactory.parseMap(Map.of(Reader.variable(key), "from the environment"));
            assertThat(REFERENCE
                            .withFallback(variable)
                            .resolve(ConfigResolveOptions.noSystem())
                            .getString(key))
                    .as(key)
                    .isEqualTo("from the environment");
        }
    }

    private static Map<String, Reader.Entry> read(Config config) {
        Reader reader = new Reader(config);
        Settings.of(reader);
        return reader.entries();
    }

    private static String page(Config defaults) {
        StringBuilder page = new StringBuilder("""
                # Settings

                Every setting of Parley. This page is made from `reference.conf` and the code that reads it: `%s`.

                A system property of the server (`-Dparley.limits.text=128KiB`) wins over an environment variable (`PARLEY_LIMITS_TEXT=128KiB`: the key in capitals, with `_` for `.` and `-`), which wins over the file `META-INF/parley.conf` on the class path of the application, which wins over the default. The file is [HOCON](https://github.com/lightbend/config/blob/main/HOCON.md): `parley.limits.text = 128KiB`. Parley reads no other file: `application.conf`, `application.properties` and `-Dconfig.file` belong to the application that it is in.

                A wrong value, and values that cannot work together, stop the deployment with a line that names the key, the value and what is allowed. An unknown key is a warning. The log has the effective settings at the start, with secrets, passwords in addresses and queries masked.

                Each secret can be in a file: `parley.token.secret-file=/run/secrets/parley` in place of `parley.token.secret`. Command lines and environments are visible to other programs and end up in logs.

                | key | default | allowed | |
                |---|---|---|---|
                """.formatted(COMMAND));
        read(defaults).forEach((key, entry) -> {
            String value = entry.value().isEmpty() ? "none" : "`" + entry.value() + "`";
            page.append(
                    "| `%s` | %s | %s | %s |\n".formatted(key, value, cell(entry.allowed()), comment(defaults, key)));
        });
        return page.toString();
    }

    private static String comment(Config defaults, String key) {
        String comment = defaults.getValue(key).origin().comments().stream()
                .map(String::strip)
                .collect(Collectors.joining(" "));
        assertThat(comment).as("the comment of " + key).isNotEmpty();
        return cell(comment);
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("<", "&lt;");
    }
}
