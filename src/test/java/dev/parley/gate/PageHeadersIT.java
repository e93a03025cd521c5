package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Api;
import dev.parley.testing.OnServer;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every answer tells a browser, the errors too. */
class PageHeadersIT extends OnServer {

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/", "/index.html", "/js/main.js", "/style.css", "/ops/health/live", "/ws/echo", "/nothing"})
    void theBrowserMayDoNoMoreThanThePageNeeds(String path) throws Exception {
        var headers = Api.HTTP
                .send(HttpRequest.newBuilder(base().resolve(path)).build(), BodyHandlers.discarding())
                .headers();
        String policy = headers.firstValue("Content-Security-Policy").orElseThrow();
        assertThat(policy.split("; "))
                .contains(
                        "default-src 'none'",
                        "script-src 'self'",
                        "base-uri 'none'",
                        "form-action 'none'",
                        "frame-ancestors 'none'",
                        "require-trusted-types-for 'script'");
        assertThat(policy).doesNotContain("unsafe", "*");
        assertThat(headers.allValues("X-Content-Type-Options")).containsExactly("nosniff");
        assertThat(headers.allValues("Referrer-Policy")).containsExactly("no-referrer");
        assertThat(headers.allValues("Cross-Origin-Opener-Policy")).containsExactly("same-origin");
        assertThat(headers.allValues("Cross-Origin-Resource-Policy")).containsExactly("same-origin");
        assertThat(headers.firstValue("Permissions-Policy").orElseThrow()).contains("camera=()", "microphone=()");
    }
}
