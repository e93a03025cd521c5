package dev.parley.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.OnServer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /ws/reverse}. */
class ReverseIT extends OnServer {

    private static final String GERMANY = "\uD83C\uDDE9\uD83C\uDDEA";
    private static final String FRANCE = "\uD83C\uDDEB\uD83C\uDDF7";
    private static final String FAMILY = "\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67";

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    @ParameterizedTest
    @CsvSource({"hello,olleh", "a,a", "'',''", "\u00FCber,reb\u00FC", "'a b ','\u0020b a'"})
    void aTextComesBackReversed(String text, String reversed) {
        connect("/ws/reverse").text(text).expectText(reversed).expectNothing();
    }

    @Test
    void surrogatePairsStayWhole() {
        connect("/ws/reverse").text("a\uD83D\uDE00b\uD835\uDD38").expectText("\uD835\uDD38b\uD83D\uDE00a");
    }

    @Test
    void byCodePointACombiningMarkMovesToAnotherLetter() {
        connect("/ws/reverse").text("ae\u0301").expectText("\u0301ea");
    }

    @Test
    void byGraphemeACombiningMarkStaysWithItsLetter() {
        connect("/ws/reverse?by=grapheme").text("ae\u0301x").expectText("xe\u0301a");
    }

    @Test
    void byGraphemeFlagsAndFamiliesStayWhole() {
        connect("/ws/reverse?by=grapheme")
                .text("1" + GERMANY + FRANCE + FAMILY + "2")
                .expectText("2" + FAMILY + FRANCE + GERMANY + "1")
                .text("")
                .expectText("")
                .text("hello")
                .expectText("olleh");
    }

    @ParameterizedTest
    @ValueSource(strings = {"word", "", "Grapheme", "grapheme%20"})
    void anyOtherWayIsRefusedBeforeTheUpgrade(String by) {
        var response = socket().handshake("/ws/reverse?by=" + by);
        assertThat(response.status()).isEqualTo(400);
        assertThat(response.body()).contains("grapheme");
    }

    @Test
    void bytesComeBackUnchanged() {
        connect("/ws/reverse")
                .binary((byte) 1, (byte) 2)
                .expectBinary((byte) 1, (byte) 2)
                .binary()
                .expectBinary()
                .expectNothing();
    }

    @Test
    void fragmentsAreJoinedBeforeTheyAreReversed() {
        connect("/ws/reverse").fragments("hel", "lo").expectText("olleh").expectNothing();
    }
}
