package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.Api;
import dev.parley.testing.Jwt;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import dev.parley.testing.RoomClient;
import java.util.ArrayList;
import java.util.List;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** Seats of a server that needs tokens and has 20: two of them for clients that have not brought theirs. */
class UnknownSeatsIT extends OnServer {

    private static final String V1 = "parley.v1";
    private static final String BEARER = "Bearer " + Jwt.alice();

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(List.of(
                "parley.token.required = true",
                "parley.token.secret = \"" + Jwt.SECRET + '"',
                "parley.token.auth-within = 60s",
                "parley.gate.peers = 20"));
    }

    private int stranger() {
        return socket().handshake("/ws/chat/main", "Sec-WebSocket-Protocol", V1).status();
    }

    private RawSocket member() {
        return open("/ws/echo", "Authorization", BEARER);
    }

    @Test
    void keepsNineTenthsOfTheSeatsForClientsThatAreKnown() {
        await().atMost(DEADLINE).until(() -> stranger() == 101);
        var second = new RoomClient(connect("/ws/chat/main", "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
        assertThat(stranger()).isEqualTo(503);
        member().text("hi").expectText("echo: hi");
        second.say("auth", "token", Jwt.alice()).next("welcome");
        assertThat(stranger()).as("the seat that became a known client's").isEqualTo(101);
        assertThat(stranger()).isEqualTo(503);
    }

    @Test
    void publishingOverHttpTakesASeat() {
        var api = new Api(base());
        List<RawSocket> members = new ArrayList<>();
        await().atMost(DEADLINE).until(() -> {
            var socket = socket();
            boolean full = socket.handshake("/ws/echo", "Authorization", BEARER).status() == 503;
            if (!full) {
                members.add(socket);
            }
            return full;
        });
        var answer = api.post("/api/rooms/main/messages", "{\"text\":\"x\"}", "Authorization", BEARER);
        answer.problem(503, "full");
        assertThat(answer.header("Retry-After")).matches("[0-9]+");
        members.get(0).close(1000, "").expectClose(1000);
        for (int i = 0; i < 5; i++) {
            await().atMost(DEADLINE)
                    .until(() -> api.post("/api/rooms/main/messages", "{\"text\":\"x\"}", "Authorization", BEARER)
                                    .status()
                            == 201);
        }
    }
}
