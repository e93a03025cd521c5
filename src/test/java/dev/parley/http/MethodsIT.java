package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** Every method on every resource: it is allowed, or it gets a 405 that lists what is. CONNECT takes no path (RFC 9112 §3.2.3). */
class MethodsIT extends OnServer {

    private static final String TOKEN = "of the operators";
    private static final List<String> METHODS = List.of(
            "GET",
            "HEAD",
            "POST",
            "PUT",
            "DELETE",
            "PATCH",
            "OPTIONS",
            "TRACE",
            "QUERY",
            "PROPFIND",
            "BREW",
            "get",
            "TRACE1",
            "M-SEARCH",
            "X");

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(List.of("parley.ops.token = " + TOKEN));
    }

    private static Map<String, List<String>> resources() {
        var resources = new LinkedHashMap<String, List<String>>();
        for (Route route : Route.values()) {
            var allowed = new ArrayList<>(List.of("OPTIONS", "HEAD"));
            allowed.addAll(route.methods());
            resources.put(route.template().replace("{room}", "methods"), allowed);
        }
        var read = List.of("OPTIONS", "HEAD", "GET");
        for (var path :
                List.of("/ops/health/live", "/ops/health/ready", "/ops/metrics", "/", "/parley.js", "/openapi.yaml")) {
            resources.put(path, read);
        }
        resources.put("/ops/drain", List.of("OPTIONS", "POST", "DELETE"));
        return resources;
    }

    @Test
    void aMethodThatAResourceDoesNotHaveGets405WithAllow() {
        int tried = 0;
        for (var resource : resources().entrySet()) {
            for (var method : METHODS) {
                if (resource.getValue().contains(method)) {
                    continue;
                }
                try (var socket = RawSocket.connect(base())) {
                    var answer = socket.request(
                            method, resource.getKey(), Map.of("X-Secret", "do-not-echo", "Content-Length", "0"));
                    assertThat(answer.status())
                            .as("%s %s", method, resource.getKey())
                            .isEqualTo(405);
                    var allow = List.of(answer.header("Allow").split(", ", -1));
                    if (method.equals("TRACE") && !on("wildfly")) { // Grizzly refuses it, with an Allow of its own
                        assertThat(allow).contains("OPTIONS");
                    } else {
                        assertThat(allow)
                                .as("Allow of %s %s", method, resource.getKey())
                                .containsExactlyInAnyOrderElementsOf(resource.getValue());
                    }
                    assertThat(answer.body()).doesNotContain("do-not-echo");
                    tried++;
                }
            }
        }
        assertThat(tried).isGreaterThan(120);
    }

    /** As shipped, the Grizzly of the other servers refuses TRACE itself, and takes the body for a request. */
    @Test
    void aBodyBehindTraceIsNotTakenForARequest() {
        assumeTrue(on("wildfly"));
        var body = "GET /api/rooms/smuggled HTTP/1.1\r\nHost: " + base().getAuthority() + "\r\n\r\n";
        for (var path : resources().keySet()) {
            var socket = socket();
            socket.write(("TRACE " + path + " HTTP/1.1\r\nHost: " + base().getAuthority() + "\r\nContent-Length: "
                            + body.length() + "\r\n\r\n" + body)
                    .getBytes(StandardCharsets.US_ASCII));
            var answer = socket.answer();
            assertThat(answer.status()).as(path).isEqualTo(405);
            assertThat(answer.header("Connection")).as(path).isEqualTo("close");
            socket.expectEnd();
        }
    }

    @Test
    void optionsListsTheSameMethods() {
        resources().forEach((path, allowed) -> {
            var answer = socket().request("OPTIONS", path, Map.of());
            assertThat(answer.status()).as(path).isEqualTo(204);
            assertThat(List.of(answer.header("Allow").split(", ", -1)))
                    .as(path)
                    .containsExactlyInAnyOrderElementsOf(allowed);
        });
    }
}
