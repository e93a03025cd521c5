package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Api;
import dev.parley.testing.EventReader;
import dev.parley.testing.Jwt;
import dev.parley.testing.OnServer;
import java.time.Duration;
import java.util.List;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The HTTP API of a server that needs tokens: the same tokens, rights, origins, quotas and rates as for sockets. */
class ApiGateIT extends OnServer {

    private static final String LISTED = "https://app.example";
    private static final String BODY = "{\"text\":\"x\"}";
    private static final String MESSAGES = "/api/rooms/team-a/messages";

    private final Api api = new Api(base());

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(List.of(
                "parley.token.required = true",
                "parley.token.secret = \"" + Jwt.SECRET + '"',
                "parley.token.leeway = 0s",
                "parley.gate.origins = \"" + LISTED + '"',
                "parley.rate.messages = 1/s",
                "parley.rate.burst = 10s"));
    }

    private static String bearer(Object... claims) {
        return "Bearer "
                + Jwt.alice(builder -> {
                    for (int i = 0; i < claims.length; i += 2) {
                        builder.claim((String) claims[i], claims[i + 1]);
                    }
                    return builder;
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/rooms", "/api/rooms/a", "/api/rooms/a/messages", "/api/rooms/a/events"})
    void withoutAGoodTokenItIs401(String target) {
        assertThat(api.get(target).expect(401).header("WWW-Authenticate")).isEqualTo("Bearer");
        api.get(target).problem(401, "unauthorized");
        api.get(target, "Authorization", "Bearer x").problem(401, "unauthorized");
        api.get(target + "?token=" + Jwt.alice()).problem(401, "unauthorized");
    }

    @Test
    void aTokenNamesTheUserAndNobodyElse() {
        var bearer = bearer("sub", "ann");
        api.post(MESSAGES, BODY, "Authorization", bearer).expect(201);
        assertThat(api.get(MESSAGES, "Authorization", bearer).expect(200).text())
                .contains("\"from\":\"ann\"");
        api.post(MESSAGES + "?user=bob", BODY, "Authorization", bearer).problem(403, "forbidden");
    }

    @Test
    void aTokenIsForItsRoomsAndRights() {
        var reads = bearer("sub", "rea", "rooms", List.of("team-*"), "rights", List.of("read"));
        api.get(MESSAGES, "Authorization", reads).expect(200);
        api.get("/api/rooms/team-a", "Authorization", reads).expect(200);
        api.post(MESSAGES, BODY, "Authorization", reads).problem(403, "forbidden");
        api.get("/api/rooms/other", "Authorization", reads).problem(403, "forbidden");
        api.get("/api/rooms/other/events", "Authorization", reads).problem(403, "forbidden");
        var publishes = bearer("sub", "pub", "rooms", List.of("team-*"), "rights", List.of("publish"));
        api.post(MESSAGES, BODY, "Authorization", publishes).expect(201);
        api.get(MESSAGES, "Authorization", publishes).problem(403, "forbidden");
        api.get("/api/rooms/team-a/events", "Authorization", publishes).problem(403, "forbidden");
    }

    @Test
    void roomsThatOneMayNotReadAreNotListed() {
        var all = bearer("sub", "lis");
        keep(EventReader.open(base(), "/api/rooms/team-z/events", "Authorization", all))
                .next("welcome");
        keep(EventReader.open(base(), "/api/rooms/secret/events", "Authorization", all))
                .next("welcome");
        var some = api.get("/api/rooms", "Authorization", bearer("sub", "lis", "rooms", List.of("team-*")))
                .expect(200)
                .text();
        assertThat(some).contains("team-z").doesNotContain("secret");
    }

    @Test
    void aStreamEndsWithItsToken() {
        var bearer =
                "Bearer " + Jwt.alice(claims -> claims.subject("exp").expirationTime(Jwt.in(Duration.ofSeconds(2))));
        var reader = keep(EventReader.open(base(), "/api/rooms/team-a/events", "Authorization", bearer));
        reader.next("welcome");
        reader.expectEnd();
        api.get("/api/rooms/team-a/events", "Authorization", bearer).problem(401, "unauthorized");
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://evil.example", "null", "https://app.example.evil.example", "http://app.example"})
    void aPageOfAForeignOriginMayNothing(String origin) {
        var bearer = bearer("sub", "ori");
        for (var target : List.of("/api/rooms", "/api/rooms/team-a/events", MESSAGES)) {
            var answer = api.get(target, "Origin", origin, "Authorization", bearer);
            answer.problem(403, "origin");
            assertThat(answer.header("Access-Control-Allow-Origin")).isEmpty();
        }
        api.post(MESSAGES, BODY, "Origin", origin, "Authorization", bearer).problem(403, "origin");
        var preflight = api.send("OPTIONS", MESSAGES, null, "Origin", origin);
        assertThat(preflight.header("Access-Control-Allow-Origin")).isEmpty();
    }

    @Test
    void aPageOfAListedOriginMayAskAndRead() {
        var preflight = api.send("OPTIONS", MESSAGES, null, "Origin", LISTED).expect(204);
        assertThat(preflight.header("Access-Control-Allow-Origin")).isEqualTo(LISTED);
        assertThat(preflight.header("Access-Control-Allow-Methods")).contains("POST");
        assertThat(preflight.header("Access-Control-Allow-Headers"))
                .contains("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID");
        assertThat(preflight.header("Vary")).isEqualTo("Origin");
        var answer = api.post(MESSAGES, BODY, "Origin", LISTED, "Authorization", bearer("sub", "lst"))
                .expect(201);
        assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(LISTED);
        var refused = api.get(MESSAGES, "Origin", LISTED);
        refused.problem(401, "unauthorized");
        assertThat(refused.header("Access-Control-Allow-Origin")).isEqualTo(LISTED);
    }

    @Test
    void aPageOfThisServerIsNotForeign() {
        api.get(MESSAGES, "Origin", base().toString(), "Authorization", bearer("sub", "own"))
                .expect(200);
    }

    @Test
    void moreThanTheRateIs429AndTellsWhenToComeBack() {
        var bearer = bearer("sub", "fast");
        var answer = api.post(MESSAGES, BODY, "Authorization", bearer);
        for (int i = 0; i < 200 && answer.status() == 201; i++) {
            answer = api.post(MESSAGES, BODY, "Authorization", bearer);
        }
        answer.problem(429, "rate");
        assertThat(answer.header("Retry-After")).isEqualTo("1");
        api.post(MESSAGES, BODY, "Authorization", bearer("sub", "slow")).expect(201);
    }
}
