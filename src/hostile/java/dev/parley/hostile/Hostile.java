package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.StringJoiner;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Rows of the table, against one server. A row that misses its pass figure fails, and stands in the table all the same. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class Hostile {

    static final long MB = 1024 * 1024;

    private static final int LONGEST_FAILURE = 400;

    /** {@code -Dhostile.times=false}: latencies are told and not judged, for a machine that has other things to do. */
    private static final boolean JUDGES_TIMES = Boolean.parseBoolean(System.getProperty("hostile.times", "true"));

    @RegisterExtension
    final Suite suite = new Suite();

    Server server;

    /** What the rows of a class need the server to be set to, as options of its JVM. */
    List<String> settings() {
        return List.of();
    }

    /** The WAR that the rows of a class need. */
    Path war() throws Exception {
        return Server.war();
    }

    /** What the handshakes of a well-behaved client need there, names and values in turn. */
    String[] headers() {
        return new String[0];
    }

    /** Where the server listens. */
    String address() {
        return "127.0.0.1";
    }

    /** What has to be there before the server starts. */
    void prepare() {}

    @BeforeAll
    final void prepareFirst() {
        prepare();
    }

    @BeforeEach
    final void startServer() throws Exception {
        server = suite.server(war(), address(), settings(), headers());
    }

    /** What a row found, for its column. */
    static final class Findings {
        private final StringJoiner text = new StringJoiner("; ");
        private boolean unmet;
        private Duration least = Duration.ZERO; // of the probe's 99th percentile
        private Duration most = Probe.BOUND;

        void add(String format, Object... values) {
            text.add(format.formatted(values));
        }

        /** Where the container misses the figure and no WAR could help: what it does today, which the row has asserted. */
        void unmet(String format, Object... values) {
            unmet = true;
            text.add("**" + format.formatted(values) + "**");
        }

        /** The same for the probe: its 99th percentile is above its bound today, and not above this. */
        void probeUnmet(Duration atMost, String why) {
            unmet("%s", why);
            least = Probe.BOUND;
            most = atMost;
        }
    }

    @FunctionalInterface
    interface Attack {
        void run(Findings findings) throws Exception;
    }

    /** Runs an attack with the probe beside it, and notes how it went. */
    final void row(Threat threat, Attack attack) throws Exception {
        row(threat, attack, findings -> {});
    }

    /** The same, and then what looks at the server in ways that the probe would feel. */
    final void row(Threat threat, Attack attack, Attack afterwards) throws Exception {
        noted(threat, (findings, probed) -> {
            try (var probe = Probe.start(server.base(), headers())) {
                attack.run(findings);
                probed[0] = probe.percentile();
                judge(
                        "the probe's 99th percentile, ms",
                        probed[0],
                        findings.least.toMillis(),
                        findings.most.toMillis());
            }
            afterwards.run(findings);
        });
    }

    /** Insists on a latency from one bound to below another. */
    static void judge(String what, long latency, long least, long below) {
        if (JUDGES_TIMES) {
            assertThat(latency).as(what).isGreaterThanOrEqualTo(least).isLessThan(below);
        }
    }

    /** The same without a probe, for an attack that takes the server from all. */
    final void unprobed(Threat threat, Attack attack) throws Exception {
        noted(threat, (findings, probed) -> attack.run(findings));
    }

    @FunctionalInterface
    private interface Probed {
        void run(Findings findings, long[] percentile) throws Exception;
    }

    private void noted(Threat threat, Probed attack) throws Exception {
        var findings = new Findings();
        var before = cost();
        var percentile = new long[1];
        try {
            attack.run(findings, percentile);
        } catch (Throwable e) {
            var why = String.valueOf(e.getMessage()).strip().replaceAll("\\s+", " ");
            findings.add("**%s**", why.substring(0, Math.min(why.length(), LONGEST_FAILURE)));
            note(threat, findings, percentile[0], before, "**no**");
            throw e;
        }
        note(threat, findings, percentile[0], before, findings.unmet ? "not by the container" : "yes");
    }

    private void note(Threat threat, Findings findings, long percentile, Cost before, String held) {
        var after = cost();
        suite.report()
                .add(
                        threat,
                        findings.text.toString(),
                        percentile == 0 ? "" : percentile + " ms",
                        "%d → %d MB, %d → %d, %d → %d"
                                .formatted(
                                        before.heap / MB,
                                        after.heap / MB,
                                        before.threads,
                                        after.threads,
                                        before.files,
                                        after.files),
                        held);
    }

    private Cost cost() {
        return new Cost(server.heap(), server.threads(), server.descriptors());
    }

    private record Cost(long heap, int threads, int files) {}
}
