package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
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
        assertThat(settings.writer()).isEqualTo(Settings.Writer.AUTO);
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

    @Test
    void secretsAndPasswordsAreMaskedInEveryError() {
        String secret = "hunter2hunter2hunter2hunter2hunt";
        for (var wrong : List.of(
                List.of("parley.token.secret=" + secret, "parley.token.algorithms=HS512"),
                List.of("parley.token.secret=short"),
                List.of("parley.nats.password=" + secret),
                List.of("parley.nats.token=" + secret, "parley.nats.user=a", "parley.nats.password=b"),
                List.of("parley.token.keys=https://me:" + secret + "@id.example/keys"),
                List.of("parley.token.keys=https://me:hunter2/" + secret + "@id.example/keys"),
                List.of("parley.token.secret=" + secret, "parley.token.keys=https://id.example/keys?key=" + secret))) {
            assertThatThrownBy(() -> TestSettings.defaultsWith(wrong.toArray(String[]::new)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(" is ")
                    .hasMessageContaining("****")
                    .hasMessageContaining(", but must be ")
                    .message()
                    .doesNotContain("hunter2");
        }
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
        "parley.token.algorithms,HS256",
        "parley.token.issuer,https://id.example",
        "parley.token.audience,chat",
        "parley.token.subject-claim,''",
        "parley.token.keys,file:/keys.json?x",
        "parley.token.secret-file,secret.txt",
        "parley.gate.hosts,https://chat.example",
        "parley.gate.hosts,chat.example/",
        "parley.gate.hosts,*.chat.example",
        "parley.nats.user,parley",
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
