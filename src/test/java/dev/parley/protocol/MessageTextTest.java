package dev.parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.dataformat.yaml.YAMLMapper;

class MessageTextTest {

    @ParameterizedTest
    @ValueSource(
            strings = {"", "hi", "\t", "a\nb", "a\r\nb", "a\rb", "a\u2028b", "\u202Eabc", "\uD83D\uDE00", "\uFFFE"})
    void acceptsText(String text) {
        assertThat(MessageText.problem(text)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0000", "a\u001B[31m", "\b", "\u000B", "\f", "\u007F", "\u0085", "\u009B"})
    void refusesControlCharacters(String text) {
        assertThat(MessageText.problem(text)).contains("control character");
    }

    @Test
    void refusesHalfASurrogatePair() {
        for (var text : new String[] {"\uD800", "a\uD800b", "\uDC00", "\uDC00\uD800"}) {
            assertThat(MessageText.problem(text)).contains("surrogate");
        }
    }

    @Test
    void theContractHasTheRuleOfTheServer() {
        var pattern = Pattern.compile(YAMLMapper.shared()
                .readTree(Path.of("src/main/webapp/asyncapi.yaml").toFile())
                .at("/components/schemas/text/pattern")
                .asString());
        assertThat(IntStream.range(0, 0x11000)
                        .filter(c ->
                                c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) // JSON Schema has no word
                        .mapToObj(c -> "a" + Character.toString(c) + "b")
                        .filter(text -> pattern.matcher(text).matches() != (MessageText.problem(text) == null)))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "hi|hi",
                "\ta\t |\ta\t ",
                "hi~* bob left|hi~\t* bob left",
                "a~~b~|a~\t~\tb~\t",
                "a#~b#c|a~\tb~\tc",
                "a\u2028b\u2029c|a~\tb~\tc",
                "a~\tb|a~\t\tb"
            })
    void indentsEachLineAfterTheFirst(String text, String lines) {
        assertThat(MessageText.indentLines(broken(text))).isEqualTo(broken(lines));
    }

    /** Line breaks as the cases above can hold them. */
    private static String broken(String text) {
        return text.replace('~', '\n').replace('#', '\r');
    }
}
