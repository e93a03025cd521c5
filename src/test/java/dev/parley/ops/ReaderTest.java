package dev.parley.ops;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReaderTest {

    @TempDir
    private Path directory;

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

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "https://me:pw@id.example/keys|https://me:****@id.example/keys",
                "https://me:p/w@x@id.example/keys|https://me:****@id.example/keys",
                "https://id.example/keys?key=a,b&c=d|https://id.example/keys?****",
                "https://id.example/keys#a|https://id.example/keys#****",
                "https://id.example:8443/keys|https://id.example:8443/keys"
            })
    void whatMayBeSecretInAnAddressIsNeverTold(String address, String told) {
        assertThatThrownBy(() -> reader(address).text("k", text -> false, "another"))
                .hasMessage("k is " + told + ", but must be another");
        Reader reader = reader(address);
        assertThat(reader.text("k", text -> true, "any")).isEqualTo(address);
        assertThat(reader).hasToString("k=" + told);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "\r\n"})
    void aSecretMayBeInAFile(String end) throws IOException {
        Path file = Files.writeString(directory.resolve("secret"), " correct horse \nbattery" + end);
        Secret secret = secret("", file.toString()).orElseThrow();
        assertThat(secret.matches(" correct horse \nbattery")).isTrue();
    }

    @Test
    void aSecretFileThatCannotBeUsedIsNamedWithWhatIsAllowed() throws IOException {
        Path missing = directory.resolve("missing");
        assertThatThrownBy(() -> secret("", missing.toString()))
                .hasMessage("k-file is " + missing
                        + ", but must be the absolute path of a readable file with at least 16 characters"
                        + " (NoSuchFileException)");
        Path file = directory.resolve("secret");
        for (byte[] content : List.of(
                new byte[0],
                "too short".getBytes(UTF_8),
                "fifteen letters\n".getBytes(UTF_8),
                new byte[] {-1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12, -13, -14, -15, -16, -17},
                new byte[1 << 20])) {
            Files.write(file, content);
            assertThatThrownBy(() -> secret("", file.toString()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("k-file is " + file + ", but must be the absolute path of a readable file");
        }
        assertThatThrownBy(() -> secret("", directory.toString())).hasMessageContaining("readable file");
        assertThatThrownBy(() -> secret("", "secret")).hasMessageContaining("the absolute path");
        assertThatThrownBy(() -> secret("", "/a\u0000b")).hasMessageContaining("the absolute path");
        assertThatThrownBy(() -> secret("correct horse battery", file.toString()))
                .hasMessage("k-file is " + file + ", but must be empty when k is set");
    }

    private static Optional<Secret> secret(String value, String file) {
        return new Reader(ConfigFactory.parseMap(Map.of("k", value, "k-file", file))).secret("k", 16);
    }

    @Test
    void aSecretIsNeverTold() {
        Reader reader = reader("correct horse battery");
        Secret secret = reader.secret("k", 16).orElseThrow();
        assertThat(secret).hasToString("****");
        assertThat(secret.matches("correct horse battery")).isTrue();
        assertThat(secret.matches("correct horse")).isFalse();
        assertThat(reader).hasToString("k=****, k-file=");
        assertThat(reader("").secret("k", 16)).isEmpty();
        assertThatThrownBy(() -> reader("hunter2").secret("k", 16))
                .hasMessage("k is ****, but must be empty, or at least 16 characters");
    }

    @Test
    void aWrongValueStaysOnOneLine() {
        assertThatThrownBy(() -> reader("a\\nb").flag("k")).hasMessageContaining("a?b");
    }

    private static Reader reader(String value) {
        return new Reader(ConfigFactory.parseString("k = \"" + value + "\"\nk-file = \"\""));
    }
}
