package dev.parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import jakarta.json.bind.JsonbBuilder;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonCodecTest {

    private final JsonCodec codec = new JsonCodec();

    static Stream<Arguments> messages() {
        return Stream.of(
                arguments("{\"type\":\"chat\",\"text\":\"hi\"}", new ClientMessage.Chat("hi")),
                arguments("{\"text\":\"type last\",\"type\":\"chat\"}", new ClientMessage.Chat("type last")),
                arguments(" \n{\"type\" : \"chat\", \"text\" : \"\"} ", new ClientMessage.Chat("")),
                arguments("{\"type\":\"chat\",\"text\":\"\\ud83c\\udf89\"}", new ClientMessage.Chat("🎉")),
                arguments("{\"type\":\"ping\"}", new ClientMessage.Ping()),
                arguments("{\"type\":\"bye\"}", new ClientMessage.Bye()),
                arguments("{\"type\":\"ping\",\"text\":12,\"x\":[{\"type\":1}]}", new ClientMessage.Ping()),
                arguments("{\"type\":\"ping\",\"n\":1e999999999}", new ClientMessage.Ping()),
                arguments(
                        "{\"type\":\"ping\",\"x\":" + "[".repeat(31) + "]".repeat(31) + "}", new ClientMessage.Ping()));
    }

    @ParameterizedTest
    @MethodSource("messages")
    void readsAMessageAndIgnoresWhatItDoesNotKnow(String json, ClientMessage message) throws Exception {
        assertThat(codec.decode(json)).isEqualTo(message);
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                arguments("nope", "not JSON, at line 1, column 2"),
                arguments("", "not JSON"),
                arguments("{", "not JSON"),
                arguments("{\"type\":\"ping\"} x", "not JSON, at line 1, column 17"),
                arguments("{\"type\":\"ping\"}{\"type\":\"ping\"}", "not JSON"),
                arguments("{\"type\":\"chat\",\n\"text\":\"a\nb\"}", "not JSON, at line 2"),
                arguments("{\"a\":1,\"a\":2}", "a key stands twice in one object, at line 1, column 11"),
                arguments("{\"type\":\"ping\",\"x\":{\"a\":1,\"a\":2}}", "a key stands twice"),
                arguments("{}", "type is missing: it must be chat, ping or bye"),
                arguments("{\"type\":\"shout\"}", "unknown type: it must be chat, ping or bye"),
                arguments("{\"type\":7}", "type must be a string, at line 1"),
                arguments("{\"type\":null}", "type must be a string, at line 1"),
                arguments("{\"type\":{\"type\":\"ping\"}}", "type must be a string, at line 1"),
                arguments("{\"type\":\"chat\"}", "text is missing"),
                arguments("{\"type\":\"chat\",\"text\":12}", "text must be a string, at line 1"),
                arguments("{\"type\":\"chat\",\"text\":null}", "text must be a string, at line 1"),
                arguments("{\"type\":\"chat\",\"text\":[\"a\"]}", "text must be a string, at line 1"),
                arguments("{\"type\":\"chat\",\"text\":\"\\ud800\"}", "text holds half a surrogate pair"),
                arguments("{\"type\":\"chat\",\"text\":\"\\udc00\\ud800\"}", "text holds half a surrogate pair"),
                arguments("null", "a message is a JSON object"),
                arguments("12", "a message is a JSON object"),
                arguments("\"ping\"", "a message is a JSON object"),
                arguments("[{\"type\":\"ping\"}]", "a message is a JSON object"),
                arguments("{\"type\":\"ping\",\"x\":" + "[".repeat(32) + "]".repeat(32) + "}", "nested deeper than 32"),
                arguments("{\"a\":".repeat(10_000), "nested deeper than 32"),
                arguments("{\"type\":\"ping\",\"n\":" + "9".repeat(60_000) + "}", "a value is out of range"),
                arguments("[".repeat(100_000), "a message is a JSON object"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void saysWhatIsWrongAndWhere(String json, String reason) {
        assertThatThrownBy(() -> codec.decode(json))
                .isInstanceOfSatisfying(
                        BadMessageException.class, e -> assertThat(e.reason()).startsWith(reason));
    }

    @ParameterizedTest
    @ValueSource(strings = {"<script>", "${jndi:x}", "\u001b[31m"})
    void neverRepeatsWhatCameIn(String input) {
        for (String json :
                new String[] {input, "{\"" + input + "\":1,\"" + input + "\":2}", "{\"type\":\"" + input + "\"}"}) {
            assertThatThrownBy(() -> codec.decode(json))
                    .isInstanceOfSatisfying(BadMessageException.class, e -> assertThat(e.reason())
                            .doesNotContain(input));
        }
    }

    @Test
    void writesTypeFirstAndEscapes() {
        assertThat(codec.encode(new ServerMessage.Echo("a\"\n🎉")))
                .isEqualTo("{\"type\":\"echo\",\"text\":\"a\\\"\\n🎉\"}");
        assertThat(codec.encode(new ServerMessage.Pong())).isEqualTo("{\"type\":\"pong\"}");
        assertThat(codec.encode(new ServerMessage.Problem("no"))).isEqualTo("{\"type\":\"error\",\"message\":\"no\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "plain",
                "\"\\/",
                "\b\f\n\r\t",
                "\u0000\u0001\u001f\u007f\u0085",
                "\u2028\ufeff",
                "é€🎉",
                "\ud83d",
                "<&'>"
            })
    void anEchoIsTheSameToTheByteAsJsonBWouldWriteIt(String text) {
        var echo = new ServerMessage.Echo(text);
        assertThat(codec.encode(echo)).isEqualTo(JsonbBuilder.create().toJson(echo));
    }
}
