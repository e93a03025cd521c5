package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReaderTest {

    @Test
    void valuesHaveUnits() {
        assertThat(reader("64 KiB").bytes("k", 1, 1 << 20)).isEqualTo(65_536);
        assertThat(reader("90s").duration("k", Duration.ZERO, Duration.ofHours(1)))
                .isEqualTo(Duration.ofSeconds(90));
        assertThat(reader("true").flag("k")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"20/s,20", "600/m,10", "64 KiB/s,65536", "1 / s,1", "3600/h,1"})
    void aRateIsAnAmountInATime(String rate, double perSecond) {
        assertThat(reader(rate).rate("k", 0, 1 << 20)).isEqualTo(perSecond);
    }

    @ParameterizedTest
    @ValueSource(strings = {"20", "20/x", "/s", "fast", "-1/s", "21/s", ""})
    void whatIsNoRateIsRefused(String rate) {
        assertThatThrownBy(() -> reader(rate).rate("k", 0, 20))
                .hasMessageStartingWith("k is " + rate + ", but must be an amount in a time")
                .hasMessageEndingWith("from 0/s to 20/s");
    }

    @Test
    void aListIsSeparatedByCommas() {
        assertThat(reader(" a, b ,,c").list("k", text -> true, "words")).containsExactly("a", "b", "c");
        assertThat(reader("").list("k", text -> true, "words")).isEmpty();
        var list = new Reader(ConfigFactory.parseString("k = [a, b]"));
        assertThat(list.list("k", text -> true, "words")).containsExactly("a", "b");
        assertThatThrownBy(() -> reader("a,B").list("k", text -> text.equals("a"), "small letters"))
                .hasMessage("k is a,B, but must be a list, separated by commas, of small letters");
    }

    @Test
    void whatIsOptionalMayBeEmpty() {
        assertThat(reader("").optional("k", text -> false, "never")).isEmpty();
        assertThat(reader("x").optional("k", text -> true, "ever")).contains("x");
        assertThatThrownBy(() -> reader("x").optional("k", text -> false, "an address"))
                .hasMessage("k is x, but must be empty, or an address");
    }

    @Test
    void thePasswordInAnAddressIsNeverTold() {
        assertThatThrownBy(() -> reader("nats://a:1,nats://eve:hunter2@b:1").list("k", text -> false, "addresses"))
                .hasMessage(
                        "k is nats://a:1,nats://eve:****@b:1, but must be a list, separated by commas, of addresses");
    }

    @Test
    void aSecretIsNeverTold() {
        Reader reader = reader("correct horse battery");
        Secret secret = reader.secret("k", 16).orElseThrow();
        assertThat(secret).hasToString("****");
        assertThat(secret.matches("correct horse battery")).isTrue();
        assertThat(secret.matches("correct horse")).isFalse();
        assertThat(reader).hasToString("k=****");
        assertThat(reader("").secret("k", 16)).isEmpty();
        assertThatThrownBy(() -> reader("hunter2").secret("k", 16))
                .hasMessage("k is ****, but must be empty, or at least 16 characters");
    }

    @Test
    void aWrongValueStaysOnOneLine() {
        assertThatThrownBy(() -> reader("a\\nb").flag("k")).hasMessageContaining("a?b");
    }

    private static Reader reader(String value) {
        return new Reader(ConfigFactory.parseString("k = \"" + value + "\""));
    }
}
