package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.parley.testing.OnServer;
import dev.parley.testing.ServerLog;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import org.jboss.arquillian.container.test.api.Deployer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** What a server does with settings: right ones are told once, a wrong one stops the deployment. */
class SettingsIT extends OnServer {

    private static final String WRONG = "wrong";
    private static final String RIGHT = "right";

    @ArquillianResource
    private Deployer deployer;

    @Deployment(name = WRONG, managed = false, testable = false)
    static WebArchive wrong() {
        return war(WRONG, "parley.heartbeat.ping = 2m");
    }

    @Deployment(name = RIGHT, managed = false, testable = false)
    static WebArchive right() {
        return parley().addAsResource(
                        new StringAsset("parley.ops.token = never-to-be-seen-in-a-log"), "application.conf");
    }

    private static WebArchive war(String name, String setting) {
        return ShrinkWrap.create(WebArchive.class, name + ".war")
                .merge(parley())
                .addAsResource(new StringAsset(setting), "application.conf");
    }

    @Test
    void aWrongValueStopsTheDeploymentWithOneLine() throws Exception {
        try (var log = ServerLog.open()) {
            catchThrowable(() -> deployer.deploy(WRONG)); // the adapter of the embedded GlassFish throws nothing
            var page = HttpRequest.newBuilder(base().resolve("/js/main.js")).build();
            assertThat(HttpClient.newHttpClient()
                            .send(page, BodyHandlers.discarding())
                            .statusCode())
                    .isEqualTo(on("payara") ? 500 : 404); // Payara keeps the path of an application that failed
            assertThat(log.lines().filter(line -> line.contains("Parley does not start: ")))
                    .singleElement()
                    .asString()
                    .endsWith("parley.heartbeat.ping is 2m, but must be a duration such as 30s, from 1s to 1m25s");
        }
    }

    @Test
    void theEffectiveSettingsAreToldOnceWithSecretsMasked() {
        try (var log = ServerLog.open()) {
            deployer.deploy(RIGHT);
            try {
                assertThat(log.lines().filter(line -> line.contains("Settings: parley.")))
                        .singleElement()
                        .asString()
                        .contains("parley.limits.text=64 KiB", "parley.ops.token=****");
                assertThat(log.lines()).noneMatch(line -> line.contains("never-to-be-seen"));
            } finally {
                deployer.undeploy(RIGHT);
            }
        }
    }
}
