package dev.parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever comes in, {@link JsonCodec} gives a message or says what is wrong, and soon. jqwik prints the seed of a failure. */
class JsonCodecPropertyTest {

    /** As long as a message may be, in characters of one byte. */
    private static final int LONGEST = 64 * 1024;

    private static final long MOST_MILLIS = 50;
    private static final int TRIES = 3;

    private final JsonCodec codec = new JsonCodec();

    @Property
    void anyTextIsAMessageOrABadMessage(@ForAll String text) {
        decode(text);
    }

    @Property
    void anyDamagedMessageIsAMessageOrABadMessage(@ForAll("damaged") String json) {
        decode(json);
    }

    @Property
    void anyTextComesBackAsItWasSaid(@ForAll("wellFormed") String text) throws Exception {
        var json = Json.createObjectBuilder()
                .add("text", text)
                .add("type", "chat")
                .build()
                .toString();
        assertThat(codec.decode(json)).isEqualTo(new ClientMessage.Chat(text));
    }

    /** In processor time of this thread, and the best of three: a busy machine makes nothing slower than it is. */
    @Property(tries = 100)
    void theLongestTextIsReadSoon(@ForAll("repeated") String longest) {
        var clock = ManagementFactory.getThreadMXBean();
        long best = Long.MAX_VALUE;
        for (int i = 0; i < TRIES && best > MOST_MILLIS; i++) {
            long start = clock.getCurrentThreadCpuTime();
            decode(longest);
            best = Math.min(best, TimeUnit.NANOSECONDS.toMillis(clock.getCurrentThreadCpuTime() - start));
        }
        assertThat(best).isLessThanOrEqualTo(MOST_MILLIS);
    }

    /** Any other exception than the one for the client fails the test, a stack overflow too. */
    private void decode(String text) {
        try {
            assertThat(codec.decode(text)).isNotNull();
        } catch (BadMessageException e) {
            assertThat(e.reason()).isNotEmpty().hasSizeLessThan(200);
        }
    }

    @Provide
    Arbitrary<String> wellFormed() {
        return Arbitraries.integers()
                .between(0, Character.MAX_CODE_POINT)
                .filter(codePoint -> codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE)
                .map(Character::toString)
                .list()
                .ofMaxSize(50)
                .map(letters -> String.join("", letters));
    }

    /** Pieces of JSON in an order that may make sense. */
    @Provide
    Arbitrary<String> pieces() {
        return Arbitraries.of(
                        "{",
                        "}",
                        "[",
                        "]",
                        ":",
                        ",",
                        "\"type\"",
                        "\"text\"",
                        "\"chat\"",
                        "\"ping\"",
                        "\"bye\"",
                        "\"a\"",
                        "null",
                        "true",
                        "12",
                        "-0.5e9",
                        "1e999999999",
                        "\"\\ud83c\"",
                        "\"\\u0000\"",
                        "\"\\",
                        "\n",
                        " ",
                        "\u0000",
                        "é",
                        "{\"type\":\"ping\"}",
                        "{\"type\":\"chat\",\"text\":\"hi\"}",
                        "\"x\":")
                .list()
                .ofMinSize(1)
                .ofMaxSize(25)
                .map(pieces -> String.join("", pieces));
    }

    /** A message with a piece put in, or some characters taken out. */
    @Provide
    Arbitrary<String> damaged() {
        var message = Arbitraries.of(
                "{\"type\":\"chat\",\"text\":\"hi \\ud83c\\udf89\"}",
                "{\"type\":\"ping\",\"x\":[{\"y\":1.5e3},null,true]}",
                "{\"text\":\"\",\"type\":\"bye\"}");
        return Combinators.combine(
                        message,
                        pieces(),
                        Arbitraries.integers().between(0, 50),
                        Arbitraries.integers().between(0, 5))
                .as((whole, piece, at, gone) -> {
                    int from = Math.min(at, whole.length());
                    return whole.substring(0, from) + piece + whole.substring(Math.min(whole.length(), from + gone));
                });
    }

    /** Pieces over and over, up to the longest message there is, inside a message or alone. */
    @Provide
    Arbitrary<String> repeated() {
        return Combinators.combine(
                        Arbitraries.of("", "{\"type\":\"chat\",\"text\":", "{\"type\":\"ping\",\"x\":\""), pieces())
                .as((start, piece) -> (start + piece.repeat(LONGEST / piece.length() + 1)).substring(0, LONGEST));
    }
}
