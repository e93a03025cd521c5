package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OriginTest {

    @ParameterizedTest
    @CsvSource({
        "http://example.org,http://example.org:80",
        "https://example.org,https://example.org:443",
        "https://example.org,HTTPS://Example.ORG",
        "http://[::1]:8080,http://[::1]:8080",
        "ws://example.org,http://example.org",
        "wss://example.org,https://example.org:443",
        "WSS://example.org:8443,https://example.org:8443",
        "capacitor://localhost,capacitor://LOCALHOST"
    })
    void theSameOriginMayBeWrittenInTwoWays(String one, String other) {
        assertThat(Origin.parse(one)).isNotNull().isEqualTo(Origin.parse(other));
    }

    @ParameterizedTest
    @CsvSource({
        "http://example.org,https://example.org",
        "ws://example.org,https://example.org",
        "wss://example.org,http://example.org",
        "http://example.org,http://example.org:8080",
        "http://example.org,http://www.example.org",
        "http://example.org,http://example.org.evil.net",
        "http://example.org,http://evilexample.org",
        "http://example.org,http://example.org.",
        "http://example.org:443,https://example.org"
    })
    void whatDiffersInSchemeHostOrPortIsAnother(String one, String other) {
        assertThat(Origin.parse(one)).isNotEqualTo(Origin.parse(other));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "*",
                "example.org",
                "http://",
                "http://example.org/",
                "http://example.org/path",
                "http://user@example.org",
                "http://example.org http://evil.net",
                "http://example.org,http://evil.net",
                "http://example.org:",
                "http://example.org:x",
                "http://ex ample.org",
                "//example.org",
                "http:example.org",
                "http://example.org#",
                "http://example.org?",
                "http://*.example.org",
                "file://",
                "http://example.org\n"
            })
    void anythingElseIsNone(String text) {
        assertThat(Origin.parse(text)).isNull();
    }
}
