package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ops.Network;
import dev.parley.ops.Origin;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProxiesTest {

    private static final List<Network> TRUSTED = List.of(Network.parse("10.0.0.0/8"), Network.parse("::1"));
    private static final Proxies NONE = new Proxies(List.of(), false);
    private static final Proxies LEGACY = new Proxies(TRUSTED, false);
    private static final Proxies STANDARD = new Proxies(TRUSTED, true);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "10.0.0.1|203.0.113.7|203.0.113.7",
                "10.0.0.1|203.0.113.7, 10.0.0.9|203.0.113.7",
                "10.0.0.1|6.6.6.6, 203.0.113.7|203.0.113.7",
                "10.0.0.1|6.6.6.6,203.0.113.7,10.0.0.9|203.0.113.7",
                "10.0.0.1|203.0.113.7:1234|203.0.113.7",
                "10.0.0.1|[2001:db8::7]:1234|2001:db8::7",
                "10.0.0.1|2001:db8::7|2001:db8::7",
                "::1|203.0.113.7|203.0.113.7",
                "10.0.0.1|203.0.113.7, unknown|10.0.0.1",
                "10.0.0.1|203.0.113.7, 0.0.0.0/0|10.0.0.1",
                "10.0.0.1|203.0.113.7, evil.example|10.0.0.1",
                "10.0.0.1|''|10.0.0.1",
                "10.0.0.1|[|10.0.0.1",
                "10.0.0.1|10.0.0.2|10.0.0.2",
                "203.0.113.9|6.6.6.6|203.0.113.9"
            })
    void theClientIsTheLastThatIsNoTrustedProxy(String peer, String header, String client) {
        assertThat(LEGACY.client(Requests.from(peer, "X-Forwarded-For", header)))
                .isEqualTo(Network.parse(client));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "for=203.0.113.7|203.0.113.7",
                "For=\"203.0.113.7:1234\";proto=https;by=10.0.0.1|203.0.113.7",
                "for=6.6.6.6, for=\"[2001:db8::7]:1234\"|2001:db8::7",
                "for=203.0.113.7;proto=http, for=10.0.0.9|203.0.113.7",
                "for=203.0.113.7, for=unknown|10.0.0.1",
                "for=203.0.113.7, for=_hidden|10.0.0.1",
                "nonsense|10.0.0.1"
            })
    void theStandardHeaderSaysTheSame(String header, String client) {
        assertThat(STANDARD.client(Requests.from("10.0.0.1", "Forwarded", header)))
                .isEqualTo(Network.parse(client));
    }

    @Test
    void linesOfAHeaderAreOneList() {
        assertThat(LEGACY.client(Requests.from(
                        "10.0.0.1", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "203.0.113.7, 10.0.0.3")))
                .isEqualTo(Network.parse("203.0.113.7"));
    }

    @Test
    void onlyTheHeaderThatTheProxyWritesIsBelieved() {
        assertThat(LEGACY.client(Requests.from("10.0.0.1", "Forwarded", "for=6.6.6.6")))
                .isEqualTo(Network.parse("10.0.0.1"));
        assertThat(STANDARD.client(Requests.from("10.0.0.1", "X-Forwarded-For", "6.6.6.6")))
                .isEqualTo(Network.parse("10.0.0.1"));
    }

    @Test
    void withoutTrustedProxiesNoHeaderIsBelieved() {
        assertThat(NONE.client(Requests.from("127.0.0.1", "X-Forwarded-For", "6.6.6.6", "Forwarded", "for=6.6.6.6")))
                .isEqualTo(Network.parse("127.0.0.1"));
        assertThat(NONE.own(Requests.from(
                        "127.0.0.1",
                        "Host",
                        "parley.example",
                        "X-Forwarded-Proto",
                        "https",
                        "X-Forwarded-Host",
                        "evil.example")))
                .isEqualTo(Origin.parse("http://parley.example"));
    }

    @Test
    void anAddressMayHaveAZone() {
        assertThat(NONE.client(Requests.from("fe80:0:0:0:0:0:0:1%2"))).isEqualTo(Network.parse("fe80::1"));
    }

    @Test
    void theOwnOriginIsTheOneThatTheClientSees() {
        assertThat(LEGACY.own(Requests.from("10.0.0.1", "Host", "parley.example", "X-Forwarded-Proto", "https")))
                .isEqualTo(Origin.parse("https://parley.example"));
        assertThat(LEGACY.own(Requests.from(
                        "10.0.0.1",
                        "Host",
                        "backend:8080",
                        "X-Forwarded-Proto",
                        "https, http",
                        "X-Forwarded-Host",
                        "parley.example",
                        "X-Forwarded-Port",
                        "8443")))
                .isEqualTo(Origin.parse("https://parley.example:8443"));
        assertThat(STANDARD.own(Requests.from(
                        "10.0.0.1",
                        "Host",
                        "backend:8080",
                        "Forwarded",
                        "for=1.2.3.4;proto=https;host=\"parley.example:8443\"")))
                .isEqualTo(Origin.parse("https://parley.example:8443"));
        assertThat(NONE.own(Requests.from("127.0.0.1"))).isNull();
    }
}
