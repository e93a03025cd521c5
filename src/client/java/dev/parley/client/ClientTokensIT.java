package dev.parley.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Jwt;
import dev.parley.testing.OnServer;
import java.util.List;
import java.util.Map;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** Runs the tests of {@code parley.js} that need a server which lets nobody in without a token. */
final class ClientTokensIT extends OnServer {

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(List.of(
                "parley.token.required = true",
                "parley.token.secret = \"" + Jwt.SECRET + '"',
                "parley.token.auth-within = 2s",
                "parley.token.leeway = 1s"));
    }

    @Test
    void theClientBringsItsTokensAndRenewsThem() throws Exception {
        String report = Node.run("test:tokens", Map.of("PARLEY_URL", base() + "/", "PARLEY_TOKEN_SECRET", Jwt.SECRET));
        assertThat(report).containsPattern("skipped 0");
    }
}
