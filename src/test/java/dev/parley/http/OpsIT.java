package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Api;
import dev.parley.testing.OnServer;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.awaitility.Awaitility;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Health and metrics, as operators' tools ask for them. */
class OpsIT extends OnServer {

    private static final String TOKEN = "a-token-for-this-test";
    private static final HttpClient HTTP = Api.HTTP;

    @Deployment(testable = false)
    static WebArchive war() {
        return parley().addAsResource(new StringAsset("parley.ops.token = " + TOKEN), "META-INF/parley.conf");
    }

    @Test
    void itIsLiveAndReady() throws Exception {
        var live = get("health/live");
        assertThat(live.statusCode()).isEqualTo(200);
        assertThat(live.body()).isEqualTo("{\"status\":\"up\"}");
        var ready = get("health/ready");
        assertThat(ready.statusCode()).isEqualTo(200);
        assertThat(ready.headers().firstValue("Content-Type")).hasValue("application/json");
        assertThat(ready.headers().firstValue("Cache-Control")).hasValue("no-store");
        assertThat(ready.body()).startsWith("{\"status\":\"up\",").contains("\"heartbeat\":true");
    }

    @Test
    void metricsAreInTheFormatThatIsAskedFor() throws Exception {
        var text = get("metrics");
        assertThat(text.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain");
        assertThat(text.body()).doesNotContain("# EOF");
        var open = get("metrics", "Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
        assertThat(open.headers().firstValue("Content-Type").orElseThrow()).startsWith("application/openmetrics-text");
        assertThat(open.body()).endsWith("# EOF\n");
    }

    @Test
    void whatPeersDoIsCounted() throws Exception {
        double in = metric("parley_messages_in_total");
        var peer = connect("/ws/echo");
        peer.text("hello").expectText("echo: hello");
        assertThat(metric("parley_messages_in_total")).isEqualTo(in + 1);
        assertThat(metric("parley_peers")).isEqualTo(1);
        assertThat(metric("parley_received_bytes_total")).isGreaterThanOrEqualTo(5);
        Awaitility.await().atMost(DEADLINE).untilAsserted(() -> assertThat(metric("parley_send_latency_seconds_count"))
                .isPositive());
        double refused = metric("parley_refusals_total{reason=\"bad-request\"}");
        assertThat(HTTP.send(HttpRequest.newBuilder(base().resolve("/ws/echo")).build(), BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(400);
        assertThat(metric("parley_refusals_total{reason=\"bad-request\"}")).isEqualTo(refused + 1);
    }

    @Test
    void closesAreCountedByCodeAndReason() throws Exception {
        double bye = metric("parley_closes_total{code=\"1000\",reason=\"bye\"}");
        connect("/ws/json").text("{\"type\":\"bye\"}").expectClose(1000);
        Awaitility.await().atMost(DEADLINE).untilAsserted(() -> assertThat(
                        metric("parley_closes_total{code=\"1000\",reason=\"bye\"}"))
                .isEqualTo(bye + 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"health/live", "health/ready", "metrics", "nothing"})
    void whatComesThroughAProxyNeedsTheToken(String path) throws Exception {
        var refused = get(path, "X-Forwarded-For", "127.0.0.1");
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(refused.body()).contains("\"status\":403").doesNotContain("parley_");
        assertThat(get(path, "X-Forwarded-For", "192.0.2.1", "Authorization", "Bearer wrong")
                        .statusCode())
                .isEqualTo(403);
        assertThat(get(path, "X-Forwarded-For", "192.0.2.1", "Authorization", "Bearer " + TOKEN)
                        .statusCode())
                .isEqualTo(path.equals("nothing") ? 404 : 200);
    }

    @Test
    void drainingNeedsTheTokenAlsoFromThisMachine() {
        var api = new Api(base());
        for (var method : new String[] {"POST", "DELETE"}) {
            assertThat(api.ops(method, "drain").problem(403, "forbidden").getString("detail"))
                    .contains("parley.ops.token");
            api.ops(method, "drain", "Authorization", "Bearer wrong").problem(403, "forbidden");
        }
        api.ops("GET", "health/ready").expect(200);
    }

    @Test
    void problemsAreThoseOfTheApi() {
        var api = new Api(base(), TOKEN);
        api.ops("GET", "nothing").problem(404, "not-found");
        api.ops("POST", "nothing").problem(404, "not-found");
        assertThat(api.ops("DELETE", "metrics").header("Allow")).isEqualTo("OPTIONS, HEAD, GET");
        api.ops("DELETE", "metrics").problem(405, "method-not-allowed");
        assertThat(api.ops("GET", "drain").header("Allow")).isEqualTo("OPTIONS, POST, DELETE");
        assertThat(api.ops("OPTIONS", "drain").expect(204).header("Allow")).isEqualTo("OPTIONS, POST, DELETE");
        assertThat(api.ops("HEAD", "health/ready").expect(200).text()).isEmpty();
    }

    private static double metric(String series) {
        return new Api(base()).metric(series);
    }

    private static HttpResponse<String> get(String path, String... headers) throws Exception {
        var request = HttpRequest.newBuilder(base().resolve("/ops/" + path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }
}
