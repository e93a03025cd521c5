package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused before the upgrade, and how. */
class RefusalIT extends OnServer {

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a\nb",
                "a\r\nb",
                "a\tb",
                "a\u0000b",
                "a\u001B[31mb",
                "a\u007Fb",
                "a\u0085b",
                "a\u2028b",
                "a\u200Bb",
                "a\u202Eb",
                "a\u2066b",
                "a\u00A0b",
                "alice: x",
                "alice:",
                "*",
                "* alice",
                "*alice",
                " alice",
                "alice ",
                "a  b",
                "${jndi:x}",
                "<b>",
                "a/b",
                "a\"b",
                "a,b",
                "\uFFFD",
                "\u3164",
                "\u2800",
                "\u115F",
                "alice\uFE0F",
                "alice\u034F",
                "ali\u200Cce",
                "\u0334",
                "a \u0301b"
            })
    void aBadUserNameIs400(String user) {
        refused("/ws/chat/main?user=" + encode(user), user, "user name");
    }

    @Test
    void aUserNameOf65CharactersIs400() {
        refused("/ws/chat/main?user=" + "n".repeat(65), "n".repeat(65), "user name");
        refused("/ws/chat/main?user=" + encode("\u0334".repeat(64)), "\u0334\u0334", "user name");
        refused("/ws/chat/main?user=" + encode("\uD83D\uDE00".repeat(65)), "\uD83D\uDE00", "user name");
        open("/ws/chat/main?user=" + encode("\uD83D\uDE00".repeat(64)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"_a", ".a", "-a", "a b", "a*", "\u00FCber", "a\nb", "a\u202Eb", "${x}", "<script>"})
    void aBadRoomNameIs400(String room) {
        refused("/ws/chat/" + encode(room), room, "room name");
    }

    @Test
    void aRoomNameOf65CharactersIs400() {
        refused("/ws/chat/" + "r".repeat(65), "r".repeat(65), "room name");
        open("/ws/chat/" + "r".repeat(64));
    }

    @Test
    void anEmptyRoomNameIs400() {
        refused("/ws/chat/", "no such input", "room name");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/ws/chat/main?user=%zz",
                "/ws/chat/main?user=%",
                "/ws/chat/main?user=%4",
                "/ws/chat/main?user=%C3%28",
                "/ws/chat/main?user=a%00b"
            })
    void aBadPercentEscapeIs400(String target) {
        assertThat(socket().handshake(target).status()).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "%C3%A9", "/a", "*"})
    void refusesVeryLongPathsInOnePass(String piece) {
        var path = "/ws/nothing/" + piece.repeat(6000 / piece.length());
        assertThat(socket().handshake(path).status()).isIn(400, 404, 414);
    }

    private void refused(String target, String input, String rule) {
        var response = socket().handshake(target);
        assertThat(response.status()).as("%s", response).isEqualTo(400);
        assertThat(response.header("Content-Type").replace(" ", "")).isEqualToIgnoringCase("text/plain;charset=UTF-8");
        assertThat(response.body()).contains(rule, "64").hasSizeLessThan(300);
        if (input.length() > 3) {
            assertThat(response.body()).doesNotContain(input);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/ws", "/ws/echo", "/ws/reverse", "/ws/json", "/ws/chat", "/ws/chat/main"})
    void aPlainGetOnASocketPathIs400AndSaysWhatItIs(String target) {
        var response = socket().request("GET", target, Map.of());
        assertThat(response.status()).isEqualTo(400);
        assertThat(response.body()).contains("WebSocket");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/ws/nothing", "/ws/echo/more", "/ws/chat/main/more", "/wsx", "/nothing"})
    void anUnknownPathIs404(String target) {
        assertThat(socket().handshake(target).status()).isEqualTo(404);
        assertThat(socket().request("GET", target, Map.of()).status()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"12", "14", "8", "0", "x", ""})
    void aWrongVersionIs400AndNamesTheRightOne(String version) {
        var response = socket().handshake("/ws/echo", "Sec-WebSocket-Version", version);
        assertThat(response.status()).isEqualTo(400);
        assertThat(response.header("Sec-WebSocket-Version")).isEqualTo("13");
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "HEAD", "OPTIONS"})
    void anotherMethodIs400(String method) {
        assertThat(socket().request(method, "/ws/echo", Map.of("Content-Length", "0"))
                        .status())
                .isEqualTo(400);
    }

    @Test
    void anUpgradeByPostIs400() {
        assertThat(socket().request(
                                "POST",
                                "/ws/echo",
                                Map.of(
                                        "Upgrade", "websocket",
                                        "Connection", "Upgrade",
                                        "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==",
                                        "Sec-WebSocket-Version", "13",
                                        "Content-Length", "0"))
                        .status())
                .isEqualTo(400);
    }

    @Test
    void aHandshakeWithoutAKeyIs400() {
        assertThat(socket().handshake("/ws/echo", "Sec-WebSocket-Key", null).status())
                .isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource({"Upgrade,h2c", "Connection,keep-alive"})
    void aHandshakeThatAsksForSomethingElseIs400(String header, String value) {
        assertThat(socket().handshake("/ws/echo", header, value).status()).isEqualTo(400);
    }

    @Test
    void headerNamesAndTokensMayBeInAnyCase() {
        var socket = socket();
        socket.upgrade("/ws/echo", "upgrade", "WebSocket", "connection", "keep-alive, upgrade");
        socket.text("hi").expectText("echo: hi");
    }

    @Test
    void compressionIsNotNegotiated() {
        var socket = socket();
        var response =
                socket.upgrade("/ws/echo", "Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits");
        assertThat(response.header("Sec-WebSocket-Extensions")).isEmpty();
        socket.frame(RawSocket.TEXT, true, (byte) 'x').expectText("echo: x");
    }

    /** RFC 6455 §4.1 has a client wait. Undertow does not tell what follows, and serves it; Tyrus would block a thread for ever. */
    @Test
    void aFrameRightBehindTheHandshakeHoldsNoThread() {
        var handshake = ("GET /ws/echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        var frame = RawSocket.encode(RawSocket.TEXT, true, true, (byte) 'x');
        var both = ByteBuffer.allocate(handshake.length + frame.length)
                .put(handshake)
                .put(frame)
                .array();
        for (int i = 0; i < 20; i++) {
            var socket = socket().write(both);
            assertThat(socket.answer().status()).isEqualTo(on("wildfly") || readsFrames() ? 101 : 400);
            if (on("wildfly") || readsFrames()) {
                socket.expectText("echo: x");
            }
        }
        open("/ws/echo").text("hi").expectText("echo: hi");
    }
}
