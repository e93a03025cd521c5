package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Api;
import dev.parley.testing.Client;
import dev.parley.testing.GateEndpoint;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import dev.parley.testing.RoomClient;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import org.awaitility.Awaitility;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is refused for where the page or the client is, and that nothing is left of it. */
class GateIT extends OnServer {

    private static final int PEERS = 12;
    private static final int PEERS_PER_ADDRESS = 4;

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(
                List.of(
                        "parley.gate.origins = \"https://friend.example, http://friend.example:3000\"",
                        "parley.gate.hosts = \"127.0.0.1, parley.example:443\"",
                        "parley.gate.trusted-proxies = 127.0.0.1",
                        "parley.gate.peers = " + PEERS,
                        "parley.gate.peers-per-address = " + PEERS_PER_ADDRESS),
                GateEndpoint.class);
    }

    /** Who has gone is noticed a moment later, and a handshake that broke off keeps its seat for a while. */
    @BeforeEach
    void nobodyIsLeftOfTheTestBefore() {
        awaitSeats(0);
    }

    private String own() {
        return "http://" + base().getAuthority();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://evil.example",
                "null",
                "",
                "*",
                "OWN.evil.example",
                "OWN/",
                "OWN OWN",
                "OWN, http://evil.example",
                "http://evilfriend.example:3000",
                "http://friend.example.evil.net:3000",
                "http://sub.friend.example:3000",
                "http://friend.example",
                "https://friend.example:3000",
                "http://127.0.0.1",
                "http://127.0.0.1:1",
                "http://localhost",
                "https://OWNHOST",
                "wss://OWNHOST",
                "wss://evil.example",
                "OWN\r\nOrigin: http://evil.example",
                "OWN\r\nOrigin: OWN"
            })
    void aForeignOriginIs403AndMakesNoInstance(String origin) {
        var gate = connect(GateEndpoint.PATH).text("?");
        var before = gate.nextText();
        var header = origin.replace("OWNHOST", base().getAuthority()).replace("OWN", own());
        for (var target : List.of("/ws/echo", "/ws/chat/main", GateEndpoint.PATH)) {
            var response = socket().handshake(target, "Origin", header);
            assertThat(response.status()).as("%s", response).isEqualTo(403);
            assertThat(response.header("Content-Type").replace(" ", ""))
                    .isEqualToIgnoringCase("text/plain;charset=UTF-8");
            assertThat(response.body()).contains("origin").doesNotContain("evil", "friend");
        }
        gate.text("?").expectText(before);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "OWN",
                "WSOWN",
                "https://friend.example",
                "wss://friend.example",
                "https://friend.example:443",
                "http://friend.example:3000",
                "HTTP://Friend.Example:3000"
            })
    void theOwnOriginAndThoseOfTheListPass(String origin) {
        open(
                        "/ws/echo",
                        "Origin",
                        origin.replace("WSOWN", "ws://" + base().getAuthority()).replace("OWN", own()))
                .text("hi")
                .expectText("echo: hi");
    }

    @Test
    void behindATrustedProxyTheOriginIsTheOneThatTheClientSees() {
        open(
                        "/ws/echo",
                        "Origin",
                        "https://parley.example",
                        "X-Forwarded-Proto",
                        "https",
                        "X-Forwarded-Host",
                        "parley.example")
                .text("hi")
                .expectText("echo: hi");
        assertThat(socket().handshake(
                                "/ws/echo",
                                "Origin",
                                own(),
                                "X-Forwarded-Proto",
                                "https",
                                "X-Forwarded-Host",
                                "parley.example")
                        .status())
                .isEqualTo(403);
    }

    /** As Traefik forwards a WebSocket. */
    @ParameterizedTest
    @CsvSource({
        "https://parley.example,101",
        "wss://parley.example,101",
        "http://parley.example,403",
        "wss://evil.example,403"
    })
    void aProxyMayCallTheSchemeWss(String origin, int status) {
        assertThat(socket().handshake(
                                "/ws/echo",
                                "Origin",
                                origin,
                                "X-Forwarded-Proto",
                                "wss",
                                "X-Forwarded-Host",
                                "parley.example")
                        .status())
                .isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(strings = {"evil.example", "evil.example:80", "127.0.0.1.evil.example", "parley.example:80"})
    void anotherHostIs421(String host) {
        for (var target : List.of("/ws/echo", "/ws/chat/main", GateEndpoint.PATH)) {
            for (var origin : List.of("http://" + host, own())) {
                assertThat(socket().handshake(target, "X-Forwarded-Host", host, "Origin", origin)
                                .status())
                        .isEqualTo(421);
            }
        }
        var api = new Api(base());
        api.get("/api/rooms", "X-Forwarded-Host", host).problem(421, "host");
        api.post("/api/rooms/main/messages", "{\"text\":\"x\"}", "X-Forwarded-Host", host)
                .problem(421, "host");
        var raw = socket().write(
                        ("GET /api/rooms HTTP/1.1\r\nHost: evil.example\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        assertThat(raw.answer().status()).isEqualTo(421);
    }

    @Test
    void withoutSecretAndKeysATokenIsIgnoredWhereverItIs() {
        open("/ws/echo", "Authorization", "Bearer x").text("hi").expectText("echo: hi");
        var first = open("/ws/chat/tokens", "Sec-WebSocket-Protocol", "parley.v1, parley.token.x");
        assertThat(first.nextText()).contains("welcome"); // or it would join while the other reads
        var client =
                new RoomClient(connect("/ws/chat/tokens?user=ann", "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
        assertThat(client.next("welcome").getString("user")).isEqualTo("ann");
        client.say("auth", "token", "x");
        assertThat(client.next("welcome").getString("user")).isEqualTo("ann");
        new Api(base()).get("/api/rooms?token=x", "Authorization", "Bearer x").expect(200);
    }

    @Test
    void withoutAnOriginItIsNoBrowserAndPasses() {
        open("/ws/echo").text("hi").expectText("echo: hi");
    }

    @Test
    void oneMoreFromAnAddressIs429UntilOneGoes() {
        var first = from("192.0.2.1");
        for (int i = 1; i < PEERS_PER_ADDRESS; i++) {
            from("192.0.2.1");
        }
        assertRefused("192.0.2.1", 429);
        assertRefused("6.6.6.6, 192.0.2.1", 429);
        from("192.0.2.2").text("hi").expectText("echo: hi");
        awaitSeats(PEERS_PER_ADDRESS + 1);
        first.close(1000, "").expectClose(1000);
        awaitSeats(PEERS_PER_ADDRESS);
        from("192.0.2.1").text("hi").expectText("echo: hi");
        assertRefused("192.0.2.1", 429);
    }

    @Test
    void anIpv6SiteIsOneAddress() {
        for (int i = 0; i < PEERS_PER_ADDRESS; i++) {
            from("2001:db8:0:1::" + i);
        }
        assertRefused("2001:db8:0:1:ffff::1", 429);
        from("2001:db8:0:2::1").text("hi").expectText("echo: hi");
    }

    @Test
    void oneMoreInAllIs503UntilOneGoes() {
        var gate = connect(GateEndpoint.PATH);
        var first = from("192.0.2.100");
        for (int i = 1; i < PEERS; i++) {
            from("192.0.2." + i);
        }
        assertRefused("192.0.2.200", 503);
        first.reset();
        awaitSeats(gate, PEERS - 1);
        from("192.0.2.200").text("hi").expectText("echo: hi");
    }

    /** Refused for each of the reasons, aborted within the handshake, on no path, closed, and reset. */
    @Test
    void afterAFloodNoSeatIsTaken() {
        for (int batch = 0; batch < 50; batch++) {
            var sockets = new ArrayList<RawSocket>();
            for (int i = 0; i < 10; i++) {
                var socket = RawSocket.connect(base());
                sockets.add(socket);
                var address = "198.51." + batch + "." + i;
                switch ((batch + i) % 6) {
                    case 0 -> socket.handshake("/ws/chat/main?user=a%0Ab", "X-Forwarded-For", address);
                    case 1 -> socket.handshake("/ws/echo", "X-Forwarded-For", address, "Origin", "http://evil.example");
                    case 2 -> socket.handshake("/ws/none", "X-Forwarded-For", address);
                    case 3 ->
                        RawSocket.connect(base())
                                .write(("GET /ws/chat/main HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                                                + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: "
                                                + address + "\r\n\r\n")
                                        .getBytes(StandardCharsets.US_ASCII))
                                .reset();
                    case 4 -> socket.handshake("/ws/echo", "X-Forwarded-For", address);
                    default -> {
                        if (socket.handshake("/ws/echo", "X-Forwarded-For", address)
                                        .status()
                                == 101) {
                            socket.close(1000, "");
                        }
                    }
                }
            }
            sockets.forEach(RawSocket::reset);
        }
        awaitSeats(0);
        for (int i = 0; i < PEERS; i++) {
            from("192.0.2." + i).text("hi").expectText("echo: hi");
        }
        assertRefused("192.0.2.200", 503);
    }

    private RawSocket from(String address) {
        return open("/ws/echo", "X-Forwarded-For", address);
    }

    private void assertRefused(String address, int status) {
        var response = socket().handshake("/ws/echo", "X-Forwarded-For", address);
        assertThat(response.status()).as("%s", response).isEqualTo(status);
        assertThat(Integer.parseInt(response.header("Retry-After"))).isBetween(1, 60);
    }

    private void awaitSeats(int count) {
        var gate = Awaitility.await()
                .atMost(DEADLINE.multipliedBy(3))
                .ignoreExceptionsInstanceOf(CompletionException.class) // refused, as others have all seats
                .until(() -> connect(GateEndpoint.PATH), Objects::nonNull);
        awaitSeats(gate, count);
    }

    private static void awaitSeats(Client gate, int count) {
        Awaitility.await().atMost(DEADLINE.multipliedBy(3)).untilAsserted(() -> assertThat(
                        gate.text("?").nextText().split(" ")[0])
                .as("seats")
                .isEqualTo(String.valueOf(count)));
    }
}
