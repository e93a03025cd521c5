package dev.parley.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.HandshakeGrammar.Attempt;
import dev.parley.testing.HandshakeGrammar.Credentials;
import dev.parley.testing.HandshakeGrammar.Target;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Generated handshakes against a WAR with {@link WalkEndpoints}: none of them walks past the gate. The seed is printed;
 * {@code -Dwalk.seed=N} repeats a run.
 */
public abstract class WalkOnServer extends OnServer {

    private static final int SOME = 50;
    private static final int FLAWLESS = 20;

    private final long seed = Long.getLong("walk.seed", new Random().nextInt(Integer.MAX_VALUE));
    private final HandshakeGrammar grammar;
    private final String context;
    private final String[] headers;

    /** For an application with this context on a server that requires tokens, or not. */
    protected WalkOnServer(String context, boolean tokens) {
        this.context = context;
        grammar = new HandshakeGrammar(base().getAuthority(), tokens, seed);
        headers = tokens ? new String[] {"Authorization", "Bearer " + Jwt.alice()} : new String[0];
    }

    @Test
    void neitherAForeignPageNorAClientWithoutATokenGetsIn() throws Exception {
        var before = calls();
        walk(Stream.of(Credentials.FOREIGN_ORIGIN, Credentials.NO_TOKEN), this::some);
        assertThat(calls()).as("endpoints whose code ran").isEqualTo(before);
    }

    @Test
    void aBentHandshakeIsRefusedWhateverItBrings() throws Exception {
        walk(
                Stream.of(Credentials.GOOD),
                (target, good) -> Stream.concat(some(target, good), grammar.paths(target, good)));
        assertThat(calls()).as("endpoints whose code ran").doesNotContain("forgotten", "plain");
    }

    @Test
    void flawlessHandshakesAreAcceptedHoweverBrowsersAndProxiesWriteThem() throws Exception {
        var walk = walk(Stream.of(Credentials.GOOD), (target, good) -> grammar.flawless(target, FLAWLESS));
        assertThat(walk.accepted()).as("accepted").isEqualTo(8 * FLAWLESS);
        assertThat(calls())
                .as("endpoints whose code ran")
                .contains("prices", "rooms")
                .doesNotContain("forgotten", "plain");
    }

    /** Header by header, and some handshakes with several parts written in other ways. */
    protected final Stream<Attempt> some(Target target, Credentials credentials) {
        return Stream.concat(grammar.headers(target, credentials), grammar.mixed(target, credentials, SOME));
    }

    /** Sends handshakes to each endpoint and insists on what must become of them. */
    protected final HandshakeWalk walk(
            Stream<Credentials> credentials, BiFunction<Target, Credentials, Stream<Attempt>> attempts)
            throws Exception {
        var all = credentials
                .filter(grammar.credentials()::contains)
                .flatMap(
                        each -> HandshakeWalk.targets(context).stream().flatMap(target -> attempts.apply(target, each)))
                .toList();
        long start = System.nanoTime();
        var walk = ServerLog.offTheConsole(() -> HandshakeWalk.walk(base(), all));
        System.out.printf(
                "%s in %.1f s (seed %d): %s%n", walk, (System.nanoTime() - start) / 1e9, seed, walk.statuses());
        return walk.expectAll();
    }

    private String calls() {
        return connect(context + WalkEndpoints.CALLS, headers).text("?").nextText();
    }
}
