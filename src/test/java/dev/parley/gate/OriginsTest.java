package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.ops.TestSettings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which pages may make requests, and for which hosts. */
class OriginsTest {

    private static final String LISTED = "https://friend.example";
    private static final String OWN = "http://chat.example";

    @ParameterizedTest
    @CsvSource({
        "ws://chat.example,0",
        "WS://Chat.Example:80,0",
        "http://chat.example,0",
        "wss://chat.example,403",
        "https://chat.example,403",
        "wss://evil.example,403",
        "ws://evil.example,403",
        "ws://chat.example:8080,403",
        "wss://friend.example,0",
        "ws://friend.example,403"
    })
    void aNativeClientMayCallTheSchemesWsAndWss(String origin, int status) {
        assertThat(status(origins(), "GET", false, "Host", "chat.example", "Origin", origin))
                .isEqualTo(status);
    }

    /** As Traefik forwards a WebSocket. */
    @ParameterizedTest
    @CsvSource({
        "https://chat.example,wss,0",
        "http://chat.example,wss,403",
        "wss://chat.example,wss,0",
        "wss://chat.example,https,0",
        "http://chat.example,ws,0",
        "https://chat.example,ws,403",
        "https://evil.example,wss,403"
    })
    void behindAProxyThatSaysWssThePageIsOfHttps(String origin, String scheme, int status) {
        Origins origins = origins("parley.gate.trusted-proxies=127.0.0.1");
        assertThat(status(
                        origins,
                        "GET",
                        false,
                        "Host",
                        "backend:8080",
                        "Origin",
                        origin,
                        "X-Forwarded-Host",
                        "chat.example",
                        "X-Forwarded-Proto",
                        scheme))
                .isEqualTo(status);
    }

    /**
     * The image of a foreign page, and whatever else makes a browser send a request: each method, site and origin, for requests
     * that only read and for those that join.
     */
    @Test
    void aPageOfAnotherSiteNeitherJoinsNorChangesAnything() {
        int refused = 0;
        for (String method : List.of("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")) {
            for (String site : List.of("", "none", "same-origin", "same-site", "cross-site", "Cross-Site", "x")) {
                for (String origin : List.of("", OWN, LISTED, "https://evil.example", "null")) {
                    for (boolean joins : List.of(true, false)) {
                        List<String> headers = new ArrayList<>(List.of("Host", "chat.example"));
                        Collections.addAll(
                                headers, site.isEmpty() ? new String[0] : new String[] {"Sec-Fetch-Site", site});
                        Collections.addAll(headers, origin.isEmpty() ? new String[0] : new String[] {"Origin", origin});
                        boolean acts =
                                joins || !List.of("GET", "HEAD", "OPTIONS").contains(method);
                        boolean foreign = origin.isEmpty()
                                ? acts && !List.of("", "none", "same-origin").contains(site)
                                : !List.of(OWN, LISTED).contains(origin);
                        assertThat(status(origins(), method, joins, headers.toArray(String[]::new)))
                                .as("%s %s, joins: %s", method, headers, joins)
                                .isEqualTo(foreign ? 403 : 0);
                        refused += foreign ? 1 : 0;
                    }
                }
            }
        }
        assertThat(refused).isBetween(1, 7 * 7 * 5 * 2 - 1);
    }

    @ParameterizedTest
    @CsvSource({
        "chat.example,0",
        "CHAT.example:80,0",
        "chat.example:8080,0",
        "localhost:9000,0",
        "[::1],0",
        "localhost,421",
        "localhost:9001,421",
        "127.0.0.1,421",
        "evil.example,421",
        "chat.example.,421",
        "chat.example.evil.example,421",
        "evil.example/chat.example,421",
        "'evil.example,chat.example',421",
        "chat.example@evil.example,421",
        "'',421",
        ",421"
    })
    void onlyTheNamesOfThisServerAreAnswered(@Nullable String host, int status) {
        Origins origins = origins("parley.gate.hosts=Chat.Example, localhost:9000, [::1]");
        String[] headers = host == null ? new String[0] : new String[] {"Host", host};
        assertThat(status(origins, "GET", false, headers)).isEqualTo(status);
        String origin = "http://" + host;
        String[] page =
                Stream.concat(Stream.of(headers), Stream.of("Origin", origin)).toArray(String[]::new);
        assertThat(status(origins, "GET", true, page)).isEqualTo(status); // a page that has rebound its name
    }

    @Test
    void behindAProxyTheNameIsTheForwardedOne() {
        Origins origins = origins("parley.gate.hosts=chat.example", "parley.gate.trusted-proxies=127.0.0.1");
        assertThat(status(origins, "GET", false, "Host", "backend:8080")).isEqualTo(421);
        assertThat(status(origins, "GET", false, "Host", "backend:8080", "X-Forwarded-Host", "chat.example"))
                .isZero();
        assertThat(status(origins, "GET", false, "Host", "chat.example", "X-Forwarded-Host", "evil.example"))
                .isEqualTo(421);
    }

    @Test
    void withoutASettingAnyNameIsAnswered() {
        assertThat(status(origins(), "GET", true, "Host", "any.example")).isZero();
        assertThat(status(origins(), "GET", true)).isZero();
    }

    private static Origins origins(String... settings) {
        var gate = TestSettings.defaultsWith(
                        Stream.concat(Stream.of("parley.gate.origins=" + LISTED), Stream.of(settings))
                                .toArray(String[]::new))
                .gate();
        return new Origins(gate, new Proxies(gate.trustedProxies(), false));
    }

    /** The status of the refusal, 0 if there is none. */
    private static int status(Origins origins, String method, boolean joins, String... headers) {
        Refusal refusal = catchThrowableOfType(Refusal.class, () -> {
            var request = Requests.with(method, "127.0.0.1", headers);
            origins.check(request);
            if (joins) {
                origins.checkSite(request);
            }
        });
        return refusal == null ? 0 : refusal.status();
    }
}
