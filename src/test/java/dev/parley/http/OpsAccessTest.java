package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ops.Settings;
import dev.parley.ops.TestSettings;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Proxy;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpsAccessTest {

    private static final String TOKEN = "0123456789abcdef";
    private static final Settings CLOSED = TestSettings.defaultsWith();
    private static final Settings WITH_TOKEN = TestSettings.defaultsWith("parley.ops.token=" + TOKEN);
    private static final Settings BEHIND_PROXIES =
            TestSettings.defaultsWith("parley.ops.token=" + TOKEN, "parley.gate.trusted-proxies=10.0.0.0/8");

    @ParameterizedTest
    @CsvSource({"127.0.0.1,localhost", "127.0.0.1,127.0.0.1", "::1,[::1]", "0:0:0:0:0:0:0:1,localhost"})
    void thisMachineMayReadAndNoMore(String address, String host) {
        var request = request(address, host, Map.of());
        assertThat(mayRead(request, CLOSED)).isTrue();
        assertThat(mayRead(request, WITH_TOKEN)).isTrue();
        assertThat(refusalOfChange(request, CLOSED)).contains("set parley.ops.token");
        assertThat(refusalOfChange(request, WITH_TOKEN)).contains("parley.ops.token");
    }

    @Test
    void behindTrustedProxiesThisMachineNeedsTheToken() {
        assertThat(mayRead(request("127.0.0.1", "localhost", Map.of()), BEHIND_PROXIES))
                .isFalse();
        var request = request("127.0.0.1", "localhost", Map.of("Authorization", "Bearer " + TOKEN));
        assertThat(mayRead(request, BEHIND_PROXIES)).isTrue();
        assertThat(refusalOfChange(request, BEHIND_PROXIES)).isEmpty();
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"192.0.2.1", "2001:db8::1", "127.0.0.1.example.org"})
    void anotherMachineMayNotRead(String address) {
        assertThat(mayRead(request(address, "localhost", Map.of()), CLOSED)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"})
    void aForwardedRequestIsNotLocal(String header) {
        assertThat(mayRead(request("127.0.0.1", "localhost", Map.of(header, "127.0.0.1")), CLOSED))
                .isFalse();
    }

    @Test
    void aPageThatReboundItsNameIsNotLocal() {
        assertThat(mayRead(request("127.0.0.1", "evil.example", Map.of()), CLOSED))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "Bearer 0123456789abcdef,true",
        "bearer 0123456789abcdef,true",
        "Bearer 0123456789abcdeF,false",
        "Bearer 0123456789abcdef0,false",
        "Bearer,false",
        "Basic 0123456789abcdef,false"
    })
    void theTokenAllowsEverything(String authorization, boolean allowed) {
        var request = request("192.0.2.1", "parley.example", Map.of("Authorization", authorization));
        for (var settings : new Settings[] {WITH_TOKEN, BEHIND_PROXIES}) {
            assertThat(mayRead(request, settings)).isEqualTo(allowed);
            assertThat(refusalOfChange(request, settings).isEmpty()).isEqualTo(allowed);
        }
        assertThat(mayRead(request, CLOSED)).isFalse();
        assertThat(refusalOfChange(request, CLOSED)).contains("none is configured: set parley.ops.token");
    }

    private static boolean mayRead(HttpServletRequest request, Settings settings) {
        try {
            new OpsAccess(settings).requireRead(request);
            return true;
        } catch (ProblemException e) {
            assertThat(e.status()).isEqualTo(403);
            return false;
        }
    }

    private static String refusalOfChange(HttpServletRequest request, Settings settings) {
        try {
            new OpsAccess(settings).requireChange(request);
            return "";
        } catch (ProblemException e) {
            assertThat(e.status()).isEqualTo(403);
            return e.body().detail();
        }
    }

    private static HttpServletRequest request(String address, String host, Map<String, String> headers) {
        return (HttpServletRequest) Proxy.newProxyInstance(
                OpsAccessTest.class.getClassLoader(),
                new Class<?>[] {HttpServletRequest.class},
                (proxy, method, args) -> switch (method.getName()) {
                    case "getRemoteAddr" -> address;
                    case "getServerName" -> host;
                    case "getHeader" -> headers.get(String.valueOf(args[0]));
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }
}
