package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {

    @Test
    void theDefaultsAreThoseOfTheProtocol() {
        Settings settings = Settings.load();
        assertThat(settings.limits().text()).isEqualTo(65_536);
        assertThat(settings.limits().binary()).isEqualTo(65_536);
        assertThat(settings.limits().fragments()).isEqualTo(1024);
        assertThat(settings.heartbeat().ping()).isEqualTo(Duration.ofSeconds(25));
        assertThat(settings.writer()).isEqualTo("auto");
    }

    @Test
    void aSystemPropertyWins() {
        System.setProperty("parley.limits.text", "128 KiB");
        try {
            assertThat(Settings.load().limits().text()).isEqualTo(131_072);
        } finally {
            System.clearProperty("parley.limits.text");
        }
        assertThat(Settings.load().limits().text()).isEqualTo(65_536);
    }

    @ParameterizedTest
    @CsvSource({
        "parley.limits.text,lots",
        "parley.limits.text,0",
        "parley.limits.fragments,-1",
        "parley.heartbeat.ping,2m",
        "parley.room.messages,many",
        "parley.gate.origins,https://example.org/path",
        "parley.gate.trusted-proxies,proxy.example",
        "parley.gate.peers,0",
        "parley.token.keys,ftp://id.example/keys",
        "parley.token.algorithms,none",
        "parley.token.algorithms,EdDSA",
        "parley.token.required,true",
        "parley.rate.messages,fast",
        "parley.rate.burst,0s",
        "parley.broker,redis",
        "parley.nats.servers,http://nats.example:4222",
        "parley.nats.servers,nats://user@nats.example",
        "parley.nats.stream,a.b",
        "parley.nats.replicas,0",
        "parley.nats.credentials,user.creds",
        "parley.writer,magic"
    })
    void aWrongValueIsToldWithItsKeyTheValueAndWhatIsAllowed(String key, String value) {
        assertThatThrownBy(() -> TestSettings.defaultsWith(key + "=" + value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(key + " is " + value + ", but must be ")
                .hasNoCause();
    }
}
