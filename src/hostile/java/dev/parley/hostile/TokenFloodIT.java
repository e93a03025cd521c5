package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.Jwt;
import dev.parley.testing.RawSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Clients that guess tokens, or never bring one. */
class TokenFloodIT extends Hostile {

    private static final int SEATS = 200;
    private static final int GUESSERS = 100;
    private static final int HANDSHAKES = 2000;
    private static final int STRANGERS = 60;

    private final String[] bearer = {
        "Authorization", "Bearer " + Jwt.alice(claims -> claims.expirationTime(Jwt.in(Duration.ofHours(1))))
    };

    @Override
    List<String> settings() {
        return List.of(
                "-Dparley.token.required=true",
                "-Dparley.token.secret=" + Jwt.SECRET,
                "-Dparley.token.auth-within=60s",
                "-Dparley.gate.peers=" + SEATS,
                "-Dparley.rate.refusals=10/s");
    }

    @Override
    String[] headers() {
        return bearer;
    }

    @Test
    void tokenFlood() throws Exception {
        row(Threat.TOKEN_FLOOD, found -> {
            for (int i = 0; i < GUESSERS; i++) {
                guess(i);
            }
            found.add("%d of %d closed with 1008 at the second bad token", GUESSERS, GUESSERS);

            var answers = guessInHandshakes();
            found.add("%,d handshakes with bad tokens from one address: %s", HANDSHAKES, answers);
            assertThat(answers.keySet()).as("answers").containsExactly(401, 429);
            assertThat(answers.get(429)).as("429").isGreaterThan(HANDSHAKES / 2);

            try (var strangers = new Strangers()) {
                for (int i = 0; i < STRANGERS; i++) {
                    strangers.connect();
                }
                found.add(
                        "%d of %d clients without a token have one of %d seats", strangers.seated(), STRANGERS, SEATS);
                assertThat(strangers.seated()).as("seats").isEqualTo(SEATS / 10);
                try (var member = RawSocket.connectFrom("127.4.0.1", server.base())) {
                    member.upgrade("/ws/echo", bearer);
                    member.text("hi").expectText("echo: hi");
                }
                strangers.logIn();
                await().until(strangers::connect);
                found.add("one logs in, one more gets a seat");
            }
        });
    }

    /** A client that has yet to log in, from an address of its own, so that its guesses are not rated. */
    private void guess(int number) {
        try (var socket = RawSocket.connectFrom("127.2.0." + (number + 1), server.base())) {
            socket.upgrade("/ws/chat/guess", "Sec-WebSocket-Protocol", "parley.v1");
            assertThat(auth(socket, "x").nextText()).contains("bad-token");
            assertThat(auth(socket, "y").nextText()).contains("bad-token");
            socket.expectClose(1008);
        }
    }

    private static RawSocket auth(RawSocket socket, String token) {
        return socket.text("{\"type\":\"auth\",\"token\":\"" + token + "\"}");
    }

    private Map<Integer, Integer> guessInHandshakes() {
        var answers = new TreeMap<Integer, Integer>();
        for (int i = 0; i < HANDSHAKES; i++) {
            try (var socket = RawSocket.connectFrom("127.3.0.1", server.base())) {
                answers.merge(
                        socket.handshake("/ws/echo", "Authorization", "Bearer x" + i)
                                .status(),
                        1,
                        Integer::sum);
            }
        }
        return answers;
    }

    /** Clients of {@code parley.v1} that do not log in. */
    private final class Strangers implements AutoCloseable {
        private final List<RawSocket> seated = new ArrayList<>();

        /** One more; whether it got a seat. */
        boolean connect() {
            var socket = RawSocket.connectFrom("127.0.0.1", server.base());
            int status = socket.handshake("/ws/chat/quiet", "Sec-WebSocket-Protocol", "parley.v1")
                    .status();
            if (status == 101) {
                seated.add(socket);
                return true;
            }
            assertThat(status).as("the answer to one too many").isEqualTo(503);
            socket.close();
            return false;
        }

        int seated() {
            return seated.size();
        }

        void logIn() {
            assertThat(auth(seated.get(0), Jwt.alice()).nextText()).contains("welcome");
        }

        @Override
        public void close() {
            seated.forEach(RawSocket::close);
        }
    }
}
