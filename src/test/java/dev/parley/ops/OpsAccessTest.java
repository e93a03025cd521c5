package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Proxy;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpsAccessTest {

    private static final Settings.Ops CLOSED = TestSettings.defaultsWith().ops();
    private static final Settings.Ops WITH_TOKEN =
            TestSettings.defaultsWith("parley.ops.token=0123456789abcdef").ops();

    @ParameterizedTest
    @CsvSource({"127.0.0.1,localhost", "127.0.0.1,127.0.0.1", "::1,[::1]", "0:0:0:0:0:0:0:1,localhost"})
    void thisMachineMayAsk(String address, String host) {
        assertThat(OpsAccess.allows(request(address, host, Map.of()), CLOSED)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.1", "2001:db8::1", "127.0.0.1.example.org"})
    void anotherMachineMayNot(String address) {
        assertThat(OpsAccess.allows(request(address, "localhost", Map.of()), CLOSED))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"})
    void whatAProxyForwardsIsNotLocal(String header) {
        assertThat(OpsAccess.allows(request("127.0.0.1", "localhost", Map.of(header, "127.0.0.1")), CLOSED))
                .isFalse();
    }

    @Test
    void aPageThatReboundItsNameIsNotLocal() {
        assertThat(OpsAccess.allows(request("127.0.0.1", "evil.example", Map.of()), CLOSED))
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
    void theTokenLetsIn(String authorization, boolean allowed) {
        var request = request("192.0.2.1", "parley.example", Map.of("Authorization", authorization));
        assertThat(OpsAccess.allows(request, WITH_TOKEN)).isEqualTo(allowed);
        assertThat(OpsAccess.allows(request, CLOSED)).isFalse();
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
