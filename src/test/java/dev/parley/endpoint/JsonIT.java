package dev.parley.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Client;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import jakarta.json.Json;
import java.io.StringReader;
import java.util.Set;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /ws/json}. */
class JsonIT extends OnServer {

    private static final String PING = "{\"type\":\"ping\"}";
    private static final String PONG = "{\"type\":\"pong\"}";
    private static final String BYE = "{\"type\":\"bye\"}";

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    private Client json() {
        return connect("/ws/json");
    }

    private static String chat(String text) {
        return "{\"type\":\"chat\",\"text\":\"" + text + "\"}";
    }

    private static String echo(String text) {
        return "{\"type\":\"echo\",\"text\":\"" + text + "\"}";
    }

    @Test
    void nothingComesUnasked() {
        json().expectNothing();
    }

    @ParameterizedTest
    @ValueSource(strings = {"hi", "", "\u00FC\u20AC\uD83D\uDE00", "with \\\"quotes\\\" and \\\\", "two\\nlines"})
    void chatIsEchoed(String text) {
        json().text(chat(text)).expectText(echo(text)).expectNothing();
    }

    @Test
    void escapesInAChatAreUnderstood() {
        json().text(chat("\\u0041\\uD83D\\uDE00")).expectText(echo("A\uD83D\uDE00"));
    }

    @Test
    void pingIsAnsweredByPong() {
        json().text(PING).expectText(PONG).expectNothing();
    }

    @Test
    void membersMayStandInAnyOrderWithSpaceBetween() {
        json().text(" { \"text\" : \"hi\" ,\n\"type\"\t: \"chat\" } ").expectText(echo("hi"));
    }

    @Test
    void unknownMembersAreIgnored() {
        json().text("{\"type\":\"ping\",\"more\":{\"type\":\"x\",\"deep\":[1,null,{\"a\":true}]},\"text\":\"t\"}")
                .expectText(PONG)
                .text("{\"type\":\"chat\",\"text\":\"hi\",\"text2\":7}")
                .expectText(echo("hi"));
    }

    @Test
    void byeIsAnsweredByAClose1000() {
        assertThat(json().text(BYE).expectClose(1000)).isEqualTo("bye");
    }

    @Test
    void repliesBeforeAByeAreStillDelivered() {
        var socket = open("/ws/json");
        for (int i = 0; i < 20; i++) {
            socket.text(chat("m" + i));
        }
        socket.text(PING).text(BYE);
        for (int i = 0; i < 20; i++) {
            socket.expectText(echo("m" + i));
        }
        socket.expectText(PONG);
        assertThat(socket.expectClose(1000)).isEqualTo("bye");
    }

    @Test
    void nothingAfterAByeIsAnswered() {
        var socket = open("/ws/json");
        socket.text(BYE).text(PING);
        socket.expectClose(1000);
        socket.close(1000, "");
        socket.expectEnd();
    }

    static Stream<Arguments> bad() {
        return Stream.of(
                Arguments.of("hello", "JSON"),
                Arguments.of("", "JSON"),
                Arguments.of("   ", "JSON"),
                Arguments.of("{", "JSON"),
                Arguments.of("{\"type\":\"ping\"", "JSON"),
                Arguments.of("{\"type\":\"ping\",}", "JSON"),
                Arguments.of("{'type':'ping'}", "JSON"),
                Arguments.of("{\"type\":\"chat\",\"text\":\"a\nb\"}", "JSON"),
                Arguments.of(PING + "x", "JSON"),
                Arguments.of(PING + PING, "JSON"),
                Arguments.of("null", "object"),
                Arguments.of("[]", "object"),
                Arguments.of("[" + PING + "]", "object"),
                Arguments.of("12", "object"),
                Arguments.of("\"ping\"", "object"),
                Arguments.of("{\"type\":\"ping\",\"type\":\"ping\"}", "twice"),
                Arguments.of("{\"type\":\"ping\",\"a\":{\"b\":1,\"b\":2}}", "twice"),
                Arguments.of("{}", "type"),
                Arguments.of("{\"text\":\"hi\"}", "type"),
                Arguments.of("{\"type\":null}", "type"),
                Arguments.of("{\"type\":7}", "type"),
                Arguments.of("{\"type\":[\"ping\"]}", "type"),
                Arguments.of("{\"type\":{\"type\":\"ping\"}}", "type"),
                Arguments.of("{\"type\":\"\"}", "type"),
                Arguments.of("{\"type\":\"PING\"}", "type"),
                Arguments.of("{\"type\":\"<script>\"}", "type"),
                Arguments.of("{\"type\":\"echo\",\"text\":\"hi\"}", "type"),
                Arguments.of("{\"type\":\"dev.parley.protocol.ClientMessage$Chat\"}", "type"),
                Arguments.of("{\"type\":\"chat\"}", "text"),
                Arguments.of("{\"type\":\"chat\",\"text\":null}", "text"),
                Arguments.of("{\"type\":\"chat\",\"text\":12}", "text"),
                Arguments.of("{\"type\":\"chat\",\"text\":true}", "text"),
                Arguments.of("{\"type\":\"chat\",\"text\":[\"a\"]}", "text"),
                Arguments.of("{\"type\":\"chat\",\"text\":{\"a\":\"b\"}}", "text"),
                Arguments.of("{\"type\":\"chat\",\"Text\":\"hi\"}", "text"),
                Arguments.of("{\"type\":\"ping\",\"a\":" + "[".repeat(32) + "]".repeat(32) + "}", "deep"),
                Arguments.of("{\"type\":\"ping\",\"a\":" + "{\"a\":".repeat(32) + "1" + "}".repeat(33), "deep"),
                Arguments.of("[".repeat(60_000), ""),
                Arguments.of("{\"a\":".repeat(10_000), ""));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void whatIsNoMessageGetsAnErrorAndTheConnectionStaysOpen(String bad, String word) {
        var client = json().text(bad);
        var reply = client.nextText();
        assertThat(reply).startsWith("{\"type\":\"error\",\"message\":\"").endsWith("\"}");
        var error = Json.createReader(new StringReader(reply)).readObject();
        assertThat(error.keySet()).isEqualTo(Set.of("type", "message"));
        assertThat(error.getString("message"))
                .contains(word)
                .hasSizeBetween(8, 200)
                .doesNotContain("Exception", "dev.parley", "jakarta.", "org.", "java.", "hello", "<script>", "\n");
        client.text(PING).expectText(PONG).expectNothing();
    }

    @Test
    void anErrorSaysWhere() {
        var client = json().text("{\"type\":\"chat\",\n \"text\":12}");
        assertThat(client.nextText()).contains("text must be a string", "line 2");
    }

    @Test
    void nestingOf32Passes() {
        json().text("{\"type\":\"ping\",\"a\":" + "[".repeat(31) + "]".repeat(31) + "}")
                .expectText(PONG);
    }

    static Stream<String> numbers() {
        return Stream.of("1e999999999", "-1e-999999999", "0.1e+2147483648", "9".repeat(60_000));
    }

    /** A server's JSON-B may refuse such a number; what counts is that it does so in words, soon, and goes on. */
    @ParameterizedTest
    @MethodSource("numbers")
    void aMonstrousNumberHurtsNobody(String number) {
        var client = json().text("{\"type\":\"ping\",\"n\":" + number + "}");
        assertThat(client.nextText())
                .satisfiesAnyOf(reply -> assertThat(reply).isEqualTo(PONG), reply -> assertThat(reply)
                        .startsWith("{\"type\":\"error\",")
                        .doesNotContain("type must be"));
        client.text(PING).expectText(PONG);
    }

    @Test
    void aLongChatIsEchoedWhole() {
        var text = "x".repeat(65_000);
        json().text(chat(text)).expectText(echo(text));
    }

    @Test
    void fragmentsAreJoined() {
        json().fragments("{\"type\":", "\"pi", "ng\"}").expectText(PONG).expectNothing();
    }

    @Test
    void bytesAreClosedWith1003() {
        assertThat(json().binary((byte) '{', (byte) '}').expectClose(1003)).isNotBlank();
    }

    @Test
    void invalidUtf8IsClosedWith1007() {
        var socket = open("/ws/json");
        socket.frame(RawSocket.TEXT, true, (byte) '"', (byte) 0xC3, (byte) '"');
        socket.expectClose(1007);
    }

    @Test
    void aMessageOverTheLimitIsClosedWith1009() {
        var socket = open("/ws/json");
        socket.frame(RawSocket.TEXT, true, new byte[64 * 1024 + 1]);
        socket.expectClose(1009);
    }

    @Test
    void aCloseIsAnsweredWithItsCode() {
        var socket = open("/ws/json");
        socket.close(3000, "");
        socket.expectClose(3000);
        socket.expectEnd();
    }
}
