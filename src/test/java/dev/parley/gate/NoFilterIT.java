package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.OnServer;
import dev.parley.testing.PricesEndpoint;
import dev.parley.testing.ServerLog;
import java.io.File;
import java.util.List;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.Filters;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** An application that has Parley as a library and does not take the filter that comes with it. */
class NoFilterIT extends OnServer {

    /** Names no fragment, so none is taken (Servlet 6.0 §8.2.2). */
    private static final String WEB_XML = "<web-app xmlns=\"https://jakarta.ee/xml/ns/jakartaee\" version=\"6.0\">"
            + "<absolute-ordering/></web-app>";

    @Deployment(testable = false)
    static WebArchive war() {
        File classes = new File(System.getProperty("it.war").replace(".war", "-classes.jar"));
        return ShrinkWrap.create(WebArchive.class, "shop.war")
                .addAsLibrary(classes)
                .merge(parley(), "/", Filters.include("/WEB-INF/lib/.*"))
                .addClass(PricesEndpoint.class)
                .setWebXML(new StringAsset(WEB_XML));
    }

    @Test
    void everySessionIsClosedBeforeAnyCodeOfItsEndpointRunsAndTheLogSaysOnceHowToMendIt() {
        try (var log = ServerLog.open()) {
            for (var path : List.of("/ws/prices", "/ws", "/ws/echo", "/ws/chat", "/ws/chat/main", "/ws/w%73")) {
                var socket = socket();
                int status = socket.handshake("/shop" + path).status();
                if (status == 101) {
                    assertThat(socket.expectClose(1008)).as(path).contains("not checked");
                } else {
                    assertThat(path).as("answered with %d", status).isNotEqualTo("/ws/prices");
                }
            }
            await().atMost(DEADLINE)
                    .untilAsserted(() -> assertThat(log.lines().filter(line -> line.contains("HandshakeConfigurator")))
                            .hasSize(1));
        }
    }
}
