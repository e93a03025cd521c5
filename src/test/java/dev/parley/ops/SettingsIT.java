package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.parley.testing.Api;
import dev.parley.testing.OnServer;
import dev.parley.testing.ServerLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
        try {
            Path file = Files.createTempFile("secret", ".txt");
            file.toFile().deleteOnExit();
            Files.writeString(file, "never-to-be-seen-in-a-log\n");
            return parleyWith(List.of(
                            "parley.ops.token-file = \"" + file + '"',
                            "parley.token.secret = never-to-be-seen-in-a-log-either",
                            "parley.limit.text = 1 KiB"))
                    .addAsResource(new StringAsset("parley.heartbeat.ping = 2m"), "application.conf")
                    .addAsResource(new StringAsset("parley.heartbeat.ping=2m\nparley=x"), "application.properties");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static WebArchive war(String name, String setting) {
        return ShrinkWrap.create(WebArchive.class, name + ".war")
                .merge(parley())
                .addAsResource(new StringAsset(setting), "META-INF/parley.conf");
    }

    @Test
    void aWrongValueStopsTheDeploymentWithOneLine() throws Exception {
        try (var log = ServerLog.open()) {
            catchThrowable(() -> deployer.deploy(WRONG)); // the adapter of the embedded GlassFish throws nothing
            var page = HttpRequest.newBuilder(base().resolve("/js/main.js")).build();
            assertThat(Api.HTTP.send(page, BodyHandlers.discarding()).statusCode())
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
                        .contains(
                                "parley.limits.text=64 KiB",
                                "parley.heartbeat.ping=25s",
                                "parley.ops.token-file=/",
                                "parley.token.secret=****");
                assertThat(log.lines())
                        .anyMatch(line -> line.contains("The META-INF/parley.conf key parley.limit.text is no setting;"
                                + " did you mean parley.limits.text?"));
                assertThat(log.lines()).noneMatch(line -> line.contains("never-to-be-seen"));
            } finally {
                deployer.undeploy(RIGHT);
            }
        }
    }
}
