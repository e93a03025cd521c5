package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.HandshakeGrammar;
import dev.parley.testing.HandshakeGrammar.Attempt;
import dev.parley.testing.HandshakeGrammar.Credentials;
import dev.parley.testing.HandshakeGrammar.Target;
import dev.parley.testing.HandshakeWalk;
import dev.parley.testing.Jwt;
import dev.parley.testing.RawSocket;
import dev.parley.testing.WalkEndpoints;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.exporter.ZipExporter;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** Handshakes that a container might take for right and the gate for something else, or the other way round. */
class GateWalkIT extends Hostile {

    private static final int MIXED = 200;
    private static final int FLAWLESS = 50;

    private final String[] bearer = {
        "Authorization", "Bearer " + Jwt.alice(claims -> claims.expirationTime(Jwt.in(Duration.ofHours(1))))
    };

    @Override
    List<String> settings() {
        return List.of("-Dparley.token.required=true", "-Dparley.token.secret=" + Jwt.SECRET);
    }

    @Override
    String[] headers() {
        return bearer;
    }

    /** With endpoints of an application's own. */
    @Override
    Path war() throws Exception {
        var war = Path.of("target", "hostile", "walk.war").toAbsolutePath();
        Files.createDirectories(war.getParent());
        ShrinkWrap.createFromZipFile(WebArchive.class, Server.war().toFile())
                .addClass(WalkEndpoints.class)
                .as(ZipExporter.class)
                .exportTo(war.toFile(), true);
        return war;
    }

    @Test
    void gateWalk() throws Exception {
        row(Threat.GATE_WALK, found -> {
            long seed = Long.getLong("walk.seed", new Random().nextInt(Integer.MAX_VALUE));
            var grammar = new HandshakeGrammar(server.base().getAuthority(), true, seed);
            var targets = HandshakeWalk.targets("");
            var bent = Stream.of(Credentials.values())
                    .flatMap(each -> targets.stream().flatMap(target -> attempts(grammar, target, each)))
                    .toList();
            var walk = HandshakeWalk.walk(server.base(), bent);
            found.add("%s (seed %d)", walk, seed);
            var flawless = targets.stream()
                    .filter(Target::configured)
                    .flatMap(target -> grammar.flawless(target, FLAWLESS))
                    .toList();
            var accepted = HandshakeWalk.walk(server.base(), flawless);
            found.add("%,d of %,d flawless ones accepted", accepted.accepted(), accepted.tried());
            walk.expectAll();
            accepted.expectAll();
            assertThat(calls()).as("endpoints whose code ran").doesNotContain("forgotten", "plain");
        });
    }

    private static Stream<Attempt> attempts(HandshakeGrammar grammar, Target target, Credentials credentials) {
        return Stream.of(
                        grammar.headers(target, credentials),
                        grammar.paths(target, credentials),
                        grammar.mixed(target, credentials, MIXED))
                .flatMap(attempts -> attempts);
    }

    private String calls() {
        try (var socket = RawSocket.open(server.base(), WalkEndpoints.CALLS, bearer)) {
            return socket.text("?").nextText();
        }
    }
}
