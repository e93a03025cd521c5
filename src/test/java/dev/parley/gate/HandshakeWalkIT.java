package dev.parley.gate;

import dev.parley.testing.HandshakeGrammar.Credentials;
import dev.parley.testing.Jwt;
import dev.parley.testing.WalkEndpoints;
import dev.parley.testing.WalkOnServer;
import java.util.List;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** Parley itself, with tokens required. */
class HandshakeWalkIT extends WalkOnServer {

    HandshakeWalkIT() {
        super("", true);
    }

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(
                List.of("parley.token.required = true", "parley.token.secret = \"" + Jwt.SECRET + '"'),
                WalkEndpoints.class);
    }

    @Test
    void aTokenForAnotherRoomOpensNoRoom() throws Exception {
        walk(Stream.of(Credentials.OTHER_ROOM), this::some);
    }
}
