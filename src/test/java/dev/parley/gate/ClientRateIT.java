package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.Api;
import dev.parley.testing.Jwt;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import dev.parley.testing.RoomClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** The rates of a client, whatever it opens: a connection may send 100 messages at once, a client 200. */
class ClientRateIT extends OnServer {

    private static final int CLIENT_BURST = 200;
    private static final int REFUSALS = 10;
    private static final String BODY = "{\"text\":\"x\"}";
    private static final String MESSAGES = "/api/rooms/rated/messages";

    private final Api api = new Api(base());

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(List.of(
                "parley.gate.trusted-proxies = 127.0.0.1",
                "parley.token.secret = \"" + Jwt.SECRET + '"',
                "parley.rate.messages = 10/s",
                "parley.rate.client-factor = 2",
                "parley.rate.reads = 1/s",
                "parley.rate.refusals = 1/s",
                "parley.rate.burst = 10s"));
    }

    /** Has up to 90 messages echoed on each of four connections, one after the other; gives how many were. */
    private int flood(String... headers) {
        int echoed = 0;
        for (int socket = 0; socket < 4; socket++) {
            echoed += echoes(open("/ws/echo", headers));
        }
        return echoed;
    }

    private static int echoes(RawSocket socket) {
        for (int echoed = 0; echoed < 90; echoed++) {
            RawSocket.Frame frame = socket.text("x").next();
            if (frame.opcode() != RawSocket.TEXT) {
                assertThat(frame.code()).isEqualTo(1008);
                assertThat(frame.reason()).contains("too many");
                return echoed;
            }
        }
        return 90;
    }

    @Test
    void sharesOneRateAmongAllSocketsAndRequestsOfAnAddress() {
        assertThat(flood("X-Forwarded-For", "192.0.2.1"))
                .isGreaterThanOrEqualTo(CLIENT_BURST)
                .isLessThan(4 * 90);
        var answer = api.post(MESSAGES, BODY, "X-Forwarded-For", "192.0.2.1");
        for (int i = 0; i < CLIENT_BURST && answer.status() == 201; i++) {
            answer = api.post(MESSAGES, BODY, "X-Forwarded-For", "192.0.2.1");
        }
        answer.problem(429, "rate");
        api.post(MESSAGES, BODY, "X-Forwarded-For", "192.0.2.2").expect(201);
        open("/ws/echo", "X-Forwarded-For", "192.0.2.2").text("hi").expectText("echo: hi");
    }

    @Test
    void sharesOneRateAmongTheAddressesOfAUser() {
        String alice = "Bearer " + Jwt.alice();
        flood("X-Forwarded-For", "192.0.2.11", "Authorization", alice);
        var answer = api.post(MESSAGES, BODY, "X-Forwarded-For", "192.0.2.12", "Authorization", alice);
        for (int i = 0; i < CLIENT_BURST && answer.status() == 201; i++) {
            answer = api.post(MESSAGES, BODY, "X-Forwarded-For", "192.0.2.12", "Authorization", alice);
        }
        answer.problem(429, "rate");
        String bob = "Bearer " + Jwt.alice(claims -> claims.subject("bob"));
        api.post(MESSAGES, BODY, "X-Forwarded-For", "192.0.2.11", "Authorization", bob)
                .expect(201);
    }

    @Test
    void letsAnAddressWithTooManyRefusedHandshakesWait() {
        List<Integer> statuses = new ArrayList<>();
        for (int i = 0; i < 2 * REFUSALS; i++) {
            statuses.add(handshake("192.0.2.21", "Origin", "https://evil.example"));
        }
        assertThat(statuses)
                .startsWith(403, 403, 403, 403, 403, 403, 403, 403, 403, 403)
                .endsWith(429);
        assertThat(handshake("192.0.2.21")).as("a good one, too").isEqualTo(429);
        assertThat(handshake("192.0.2.22")).isEqualTo(101);
        await().atMost(DEADLINE).until(() -> handshake("192.0.2.21") == 101);
    }

    private int handshake(String address, String... headers) {
        String[] all = new String[headers.length + 2];
        System.arraycopy(headers, 0, all, 2, headers.length);
        all[0] = "X-Forwarded-For";
        all[1] = address;
        return socket().handshake("/ws/echo", all).status();
    }

    @Test
    void countsRefusedRequestsToo() {
        String address = "192.0.2.31";
        for (int i = 0; i < REFUSALS; i++) {
            api.get("/api/rooms/_bad", "X-Forwarded-For", address).problem(400, "bad-request");
        }
        var waiting = api.get("/api/rooms", "X-Forwarded-For", address);
        waiting.problem(429, "too-many");
        assertThat(waiting.header("Retry-After")).matches("[0-9]+");
        assertThat(handshake(address)).isEqualTo(429);
    }

    @Test
    void hasARateOfItsOwnForReads() {
        String address = "192.0.2.41";
        for (int i = 0; i < 10; i++) {
            api.get("/api/rooms", "X-Forwarded-For", address).expect(200);
        }
        var answer = api.get(MESSAGES, "X-Forwarded-For", address);
        for (int i = 0; i < 10 && answer.status() == 200; i++) {
            answer = api.get("/api/rooms/rated", "X-Forwarded-For", address);
        }
        answer.problem(429, "rate");
        api.post(MESSAGES, BODY, "X-Forwarded-For", address).expect(201);
    }

    @Test
    void closesAConnectionAtItsSecondBadToken() {
        var client = member("192.0.2.51");
        client.say("auth", "token", "x").error("bad-token");
        client.say("auth", "token", Jwt.alice(claims -> claims.expirationTime(Jwt.in(Duration.ofDays(-1)))))
                .error("bad-token");
        assertThat(client.client().expectClose(1008)).contains("tokens");
    }

    @Test
    void answersTooManyTokensWithoutACheck() {
        var client = member("192.0.2.61");
        String token = Jwt.alice();
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < 2 * REFUSALS; i++) {
            client.say("auth", "token", token);
            answers.add(client.next().getString("code", "welcome"));
        }
        assertThat(answers.subList(0, REFUSALS)).containsOnly("welcome");
        assertThat(answers).contains("rate");
        client.say("ping").next("pong");
    }

    private RoomClient member(String address) {
        var client = new RoomClient(connect(
                "/ws/chat/rated?user=alice",
                "Sec-WebSocket-Protocol",
                RoomClient.SUBPROTOCOL,
                "X-Forwarded-For",
                address));
        client.next("welcome");
        return client;
    }
}
