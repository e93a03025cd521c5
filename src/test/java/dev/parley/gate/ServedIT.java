package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Api;
import dev.parley.testing.OnServer;
import java.util.List;
import java.util.Map;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that serves the chat and nothing else of what the WAR brings. */
class ServedIT extends OnServer {

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(List.of("parley.protocols = chat", "parley.page = false"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/ws", "/ws/echo", "/ws/reverse", "/ws/json"})
    void answers404ForProtocolsThatAreOff(String path) {
        var response = socket().handshake(path);
        assertThat(response.status()).isEqualTo(404);
        assertThat(response.body()).contains("nothing at this path");
        assertThat(socket().request("GET", path, Map.of()).status()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/index.html", "/js/main.js", "/style.css", "/favicon.svg"})
    void answers404ForThePageThatIsOff(String path) {
        assertThat(new Api(base()).get(path).status()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/parley.js", "/parley.d.ts", "/openapi.yaml", "/asyncapi.yaml", "/api/rooms"})
    void servesTheClientTheContractsAndRoomsOverHttp(String path) {
        assertThat(new Api(base()).get(path).status()).isEqualTo(200);
    }

    @Test
    void servesTheProtocolThatIsOn() {
        open("/ws/chat").expectText("* a user joined");
        open("/ws/chat/quiet").expectText("* a user joined");
    }
}
