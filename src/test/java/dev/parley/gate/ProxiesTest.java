package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.ops.Network;
import dev.parley.ops.Origin;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxiesTest {

    private static final List<Network> TRUSTED = List.of(Network.parse("10.0.0.0/8"), Network.parse("::1"));
    private static final Proxies NONE = new Proxies(List.of(), false);
    private static final Proxies LEGACY = new Proxies(TRUSTED, false);
    private static final Proxies STANDARD = new Proxies(TRUSTED, true);

    @Test
    void theHeadersAreReadOnceForARequest() throws Refusal {
        var request = Requests.from("10.0.0.1", "X-Forwarded-For", "203.0.113.7");
        assertThat(LEGACY.client(request)).isSameAs(LEGACY.client(request));
        assertThat(NONE.client(request)).as("by others, who trust nobody").isEqualTo(Network.parse("10.0.0.1"));
    }

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
    void theClientIsTheLastThatIsNoTrustedProxy(String peer, String header, String client) throws Refusal {
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
                "for=6.6.6.6, proto=https|10.0.0.1",
                "for=\"203.0.113.7\\:1234\"|203.0.113.7",
                "for=6.6.6.6, ext=\"a,for=6.6.6.6;b\\\\\";for=203.0.113.7|203.0.113.7",
                "ext=\"x;y,z\";for=203.0.113.7|203.0.113.7",
                " for = 203.0.113.7 ; proto = https |203.0.113.7",
                "for=203.0.113.7:1234|203.0.113.7",
                "for=203.0.113.7,|203.0.113.7",
                "for=203.0.113.7;|203.0.113.7",
                ",;, ;for=203.0.113.7;;proto=https;, ,|203.0.113.7",
                "for=6.6.6.6, ext=\", for=\"203.0.113.7\"|10.0.0.1",
                "for=6.6.6.6, ext=\", for=203.0.113.7|10.0.0.1",
                "for=6.6.6.6;for=203.0.113.7|10.0.0.1",
                "for=6.6.6.6, for|10.0.0.1",
                "for=6.6.6.6, =203.0.113.7|10.0.0.1",
                "nonsense|10.0.0.1"
            })
    void theStandardHeaderSaysTheSame(String header, String client) throws Refusal {
        assertThat(STANDARD.client(Requests.from("10.0.0.1", "Forwarded", header)))
                .isEqualTo(Network.parse(client));
    }

    @Test
    void aLongHeaderIsReadWithoutRecursion() throws Refusal {
        String quoted = "ext=\"" + "\\\\x".repeat(20_000) + "\";for=203.0.113.7";
        assertThat(STANDARD.client(Requests.from("10.0.0.1", "Forwarded", quoted)))
                .isEqualTo(Network.parse("203.0.113.7"));
    }

    @Test
    void theHostIsTheOneThatTheOutermostTrustedProxySaw() throws Refusal {
        assertThat(STANDARD.own(Requests.from(
                        "10.0.0.1",
                        "Host",
                        "backend:8080",
                        "Forwarded",
                        "for=6.6.6.6;host=evil.example;proto=http, for=203.0.113.7;host=parley.example;proto=https,"
                                + " for=10.0.0.9;host=inner.example")))
                .isEqualTo(Origin.parse("https://parley.example"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-Forwarded-Proto", "Forwarded"})
    void aProxyMayCallTheSchemesWsAndWss(String header) throws Refusal {
        Proxies proxies = header.equals("Forwarded") ? STANDARD : LEGACY;
        for (var schemes : Map.of("wss", "https", "ws", "http", "WSS", "https").entrySet()) {
            String value = (header.equals("Forwarded") ? "for=203.0.113.7;proto=" : "") + schemes.getKey();
            assertThat(proxies.own(Requests.from("10.0.0.1", "Host", "parley.example", header, value)))
                    .isEqualTo(Origin.parse(schemes.getValue() + "://parley.example"));
        }
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "proxy.example", "unknown", "10.0.0", "10.0.0.256", "%", "[::1"})
    void aClientWithoutAnAddressIs400(String address) {
        for (Proxies proxies : List.of(NONE, LEGACY, STANDARD)) {
            var request = Requests.from(address, "Host", "parley.example", "X-Forwarded-For", "1.2.3.4");
            for (ThrowingCallable call :
                    List.<ThrowingCallable>of(() -> proxies.client(request), () -> proxies.own(request))) {
                assertThatThrownBy(call).isInstanceOfSatisfying(Refusal.class, refusal -> assertThat(refusal.status())
                        .isEqualTo(400));
            }
        }
    }

    @Test
    void linesOfAHeaderAreOneList() throws Refusal {
        assertThat(LEGACY.client(Requests.from(
                        "10.0.0.1", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "203.0.113.7, 10.0.0.3")))
                .isEqualTo(Network.parse("203.0.113.7"));
    }

    @Test
    void onlyTheHeaderThatTheProxyWritesIsBelieved() throws Refusal {
        assertThat(LEGACY.client(Requests.from("10.0.0.1", "Forwarded", "for=6.6.6.6")))
                .isEqualTo(Network.parse("10.0.0.1"));
        assertThat(STANDARD.client(Requests.from("10.0.0.1", "X-Forwarded-For", "6.6.6.6")))
                .isEqualTo(Network.parse("10.0.0.1"));
    }

    @Test
    void withoutTrustedProxiesNoHeaderIsBelieved() throws Refusal {
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
    void anAddressMayHaveAZone() throws Refusal {
        assertThat(NONE.client(Requests.from("fe80:0:0:0:0:0:0:1%2"))).isEqualTo(Network.parse("fe80::1"));
    }

    @Test
    void theOwnOriginIsTheOneThatTheClientSees() throws Refusal {
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
