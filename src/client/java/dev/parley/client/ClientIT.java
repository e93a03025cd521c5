package dev.parley.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.OnServer;
import java.util.Map;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** Runs the tests of {@code parley.js}, which are Node's, with the server of this build behind their proxy. */
final class ClientIT extends OnServer {

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    @Test
    void theClientKeepsItsPromisesInNode() throws Exception {
        String report = Node.run("test:all", Map.of("PARLEY_URL", base() + "/"));
        assertThat(report).contains("gzipped").containsPattern("skipped 0");
    }
}
