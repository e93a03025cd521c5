package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The files of the cluster agree with each other and with the settings; nothing here could start them. */
class DockerFilesTest {

    private static final Path DOCKER = Path.of("docker");

    @Test
    void everyFileThatIsMountedIsThere() throws IOException {
        Set<String> mounted = found("\\./([\\w./-]+):", "cluster.yaml");
        assertThat(mounted).isNotEmpty().allSatisfy(file -> assertThat(DOCKER.resolve(file))
                .isRegularFile());
    }

    @Test
    void theNodesAreGivenSettingsAndRightOnes() throws IOException {
        var given = new TreeMap<>(map(yaml("cluster.yaml"), "x-node"));
        given.replaceAll((key, value) -> String.valueOf(value).replaceAll("\\$\\{.*", "a secret of enough characters"));
        var settings = new Reader(
                Sources.read(Settings.class.getClassLoader(), key -> null, variable -> (String) given.get(variable)));
        assertThat(Settings.of(settings).nats().replicas()).isEqualTo(3);
        assertThat(UnknownKeys.among(
                        List.of(), given.keySet(), List.of(), settings.entries().keySet()))
                .isEmpty();
        assertThat(found("\\b(PARLEY_[A-Z_]+)", "haproxy.cfg", "nats.conf", "cluster.yaml"))
                .isSubsetOf(given.keySet());
    }

    @Test
    void everySecretMustBeSet() throws IOException {
        assertThat(found("(\\w*(?:TOKEN|PASSWORD): .*)", "cluster.yaml"))
                .contains("GF_SECURITY_ADMIN_PASSWORD: ${GRAFANA_PASSWORD:?}")
                .allSatisfy(line -> assertThat(line).contains(":?}"));
        assertThat(Files.readString(DOCKER.resolve("cluster.yaml"))).doesNotContain("ANONYMOUS");
    }

    @Test
    void theNginxLinesOfTheGuideAreThoseOfTheFile() throws IOException {
        String guide = Files.readString(Path.of("src/site/markdown/security.md"));
        List<String> lines = guide.substring(
                        guide.indexOf("# In http:"), guide.indexOf("```", guide.indexOf("# In http:")))
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
        assertThat(lines).hasSizeGreaterThan(10);
        assertThat(Files.readString(DOCKER.resolve("nginx.conf")).lines().map(String::strip))
                .containsAll(lines);
    }

    @Test
    void everyHostThatIsNamedIsAService() throws IOException {
        Set<String> services =
                new HashSet<>(map(yaml("cluster.yaml"), "services").keySet());
        assertThat(services).containsAll(map(yaml("compose.yaml"), "services").keySet());
        assertThat(found(
                        "\\b([a-z][a-z-]*\\d?):(?:8080|4222|6222|9090)\\b",
                        "nginx.conf",
                        "haproxy.cfg",
                        "nats.conf",
                        "prometheus.yml",
                        "cluster.yaml",
                        "grafana/datasource.yaml"))
                .contains("wildfly", "payara", "nats-1", "nats-2", "nats-3", "prometheus")
                .isSubsetOf(services);
    }

    private static Set<String> found(String pattern, String... files) throws IOException {
        var text = new StringBuilder();
        for (String file : files) {
            text.append(Files.readString(DOCKER.resolve(file)));
        }
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1))
                .collect(Collectors.toSet());
    }

    private static Object yaml(String file) throws IOException {
        return new Load(LoadSettings.builder().build()).loadFromString(Files.readString(DOCKER.resolve(file)));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object yaml, String key) {
        return (Map<String, Object>) ((Map<String, Object>) yaml).get(key);
    }
}
