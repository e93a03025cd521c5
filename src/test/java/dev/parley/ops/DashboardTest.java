package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.CloseReasons;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The dashboard asks for series that a scrape has. */
class DashboardTest {

    private static final Path DASHBOARD = Path.of("docker/grafana/parley.json");
    private static final Pattern SERIES = Pattern.compile("\\b(parley|jvm|process|system)_[a-z_]+");

    @Test
    void everySeriesOfTheDashboardIsInAScrape() throws Exception {
        MetricsProducer producer = new MetricsProducer();
        PrometheusMeterRegistry registry = producer.registry();
        Metrics metrics = producer.metrics(registry);
        producer.budget(TestSettings.defaultsWith(), metrics);
        metrics.memoryYielded("history", 1);
        metrics.peerCount(() -> 1);
        metrics.roomCount(() -> 1);
        metrics.lag(() -> 1);
        metrics.peerClosed(CloseReasons.TOO_SLOW);
        metrics.refused("bad-request");
        metrics.published(1);
        metrics.sendLatency(1);
        var scraped = names(registry.scrape());
        assertThat(names(Files.readString(DASHBOARD))).isNotEmpty().isSubsetOf(scraped);
        assertThat(scraped)
                .as("what the dashboard shows of ours")
                .filteredOn(name -> name.startsWith("parley_"))
                .filteredOn(name -> !name.endsWith("_sum") && !name.endsWith("_max") && !name.endsWith("seconds"))
                .allSatisfy(name -> assertThat(Files.readString(DASHBOARD)).contains(name));
        producer.close(registry);
    }

    private static TreeSet<String> names(String text) {
        return SERIES.matcher(text).results().map(MatchResult::group).collect(Collectors.toCollection(TreeSet::new));
    }
}
