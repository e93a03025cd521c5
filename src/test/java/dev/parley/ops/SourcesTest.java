package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where settings come from, and where they do not. */
class SourcesTest {

    private static final String KEY = "parley.gate.peers";
    private static final String VARIABLE = "PARLEY_GATE_PEERS";

    /** A directory on the class path of an application that has Parley as a library. */
    @TempDir
    private Path application;

    @Test
    void aPropertyWinsOverAVariableAndThatOverTheFileAndThatOverTheDefault() throws IOException {
        assertThat(read(Map.of(), Map.of()).getInt(KEY)).isEqualTo(20_000);
        write("META-INF/parley.conf", "parley.gate { peers = 3 }");
        assertThat(read(Map.of(), Map.of()).getInt(KEY)).isEqualTo(3);
        assertThat(read(Map.of(), Map.of(VARIABLE, "2")).getInt(KEY)).isEqualTo(2);
        assertThat(read(Map.of(KEY, "1"), Map.of(VARIABLE, "2")).getInt(KEY)).isEqualTo(1);
    }

    @Test
    void theConfigurationOfTheApplicationIsNotRead() throws IOException {
        write("application.conf", KEY + " = 7");
        write("application.json", "{\"parley\": 7}");
        write("application.properties", KEY + "=7\nparley=x\n");
        Path file = write("other.conf", KEY + " = 7");
        System.setProperty("config.file", file.toString());
        System.setProperty("config.override_with_env_vars", "true");
        try {
            assertThat(read(Map.of(), Map.of("CONFIG_FORCE_parley_gate_peers", "7"))
                            .getInt(KEY))
                    .isEqualTo(20_000);
        } finally {
            System.clearProperty("config.file");
            System.clearProperty("config.override_with_env_vars");
        }
    }

    @Test
    void theDefaultsOfOtherLibrariesDoNoHarm() throws IOException {
        write("reference.conf", "other { a = ${other.nowhere} }, parley-other = 1");
        Config config = read(Map.of(), Map.of());
        assertThat(config.getInt(KEY)).isEqualTo(20_000);
        assertThat(config.root().keySet()).containsExactly("parley");
    }

    @Test
    void aFileThatIsNotHoconStopsTheDeploymentWithItsName() throws IOException {
        for (String broken : new String[] {"parley {", "parley.gate.peers = ${nowhere}"}) {
            write("META-INF/parley.conf", broken);
            assertThatThrownBy(() -> read(Map.of(), Map.of()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("META-INF/parley.conf cannot be read, but must be HOCON: ");
        }
    }

    @Test
    void aWrongValueInTheFileIsToldLikeAnyOther() throws IOException {
        write("META-INF/parley.conf", "parley.gate = 5");
        assertThatThrownBy(() -> Settings.of(read(Map.of(), Map.of()))).hasMessageStartingWith("parley.gate.");
    }

    private Path write(String name, String content) throws IOException {
        Path file = application.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }

    private Config read(Map<String, String> properties, Map<String, String> variables) throws IOException {
        try (var loader =
                new URLClassLoader(new URL[] {application.toUri().toURL()}, Settings.class.getClassLoader())) {
            return Sources.read(loader, properties::get, variables::get);
        }
    }
}
