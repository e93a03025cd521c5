package dev.parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReversalTest {

    @ParameterizedTest
    @CsvSource({"hello,olleh", "a🎉b,b🎉a", "'',''", "e\u0301x,x\u0301e"})
    void byCodePointKeepsSurrogatePairsWhole(String text, String reversed) {
        assertThat(Reversal.CODE_POINT.apply(text)).isEqualTo(reversed);
    }

    @ParameterizedTest
    @CsvSource({"hello,olleh", "e\u0301x,xe\u0301", "a🇩🇪🇫🇷,🇫🇷🇩🇪a", "x👨‍👩‍👧y,y👨‍👩‍👧x", "👍🏽!,!👍🏽"})
    void byGraphemeKeepsWhatAReaderCallsOneCharacter(String text, String reversed) {
        assertThat(Reversal.GRAPHEME.apply(text)).isEqualTo(reversed);
    }

    @Test
    void aWordNamesAWay() {
        assertThat(Reversal.of("grapheme")).isEqualTo(Reversal.GRAPHEME);
        assertThat(Reversal.of("code-point")).isEqualTo(Reversal.CODE_POINT);
        assertThat(Reversal.of(null)).isEqualTo(Reversal.CODE_POINT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"🇩", "e", "\u0301", "👨‍", "\r\n", "क\u094d"})
    @Timeout(20)
    void theLongestMessageOfOneKindOfClusterIsReversedInBoundedTime(String unit) {
        String text = unit.repeat(65_536 / unit.getBytes(java.nio.charset.StandardCharsets.UTF_8).length);
        assertThat(Reversal.GRAPHEME.apply(text)).hasSize(text.length());
    }
}
