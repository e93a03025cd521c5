package dev.parley.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Jwt;
import dev.parley.testing.OnServer;
import dev.parley.testing.RoomClient;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A server that needs tokens, and clients of {@code parley.v1} that bring theirs as a message. */
class AuthMessageIT extends OnServer {

    private final String room = "/ws/chat/" + UUID.randomUUID();

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(List.of(
                "parley.token.required = true",
                "parley.token.secret = \"" + Jwt.SECRET + '"',
                "parley.token.auth-within = 5s"));
    }

    /** Connected without a token. */
    private RoomClient stranger(String query) {
        return new RoomClient(connect(room + query, "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
    }

    private RoomClient stranger() {
        return stranger("");
    }

    /** In the room, by a token that came as a message. */
    private RoomClient member(String token) {
        RoomClient client = stranger().say("auth", "token", token);
        client.next("welcome");
        return client;
    }

    private static String token(String user) {
        return Jwt.alice(claims -> claims.subject(user));
    }

    private static String shortLived() {
        return Jwt.alice(claims -> claims.expirationTime(Jwt.in(Duration.ofSeconds(3))));
    }

    @Test
    void beforeItsTokenAClientIsNoMemberGetsNothingAndStoresNothing() {
        var alice = member(Jwt.alice());
        var eve = stranger();
        eve.say("chat", "text", "forged", "id", "k");
        assertThat(eve.error("forbidden").getString("id")).isEqualTo("k");
        eve.say("typing").error("forbidden");
        long offset = alice.expectNothing().publish("hi", "1");
        eve.expectNothing();
        eve.say("auth", "token", token("eve"));
        var welcome = eve.next("welcome");
        assertThat(welcome.getString("user")).isEqualTo("eve");
        assertThat(welcome.getInt("members")).isEqualTo(2);
        assertThat(RoomClient.offset(welcome)).isEqualTo(offset);
        var joined = alice.next("joined");
        assertThat(joined.getString("user")).isEqualTo("eve");
        assertThat(joined.getInt("members")).isEqualTo(2);
        eve.publish("here", "k"); // the id was not used up by what was refused
        assertThat(alice.message("here").getString("from")).isEqualTo("eve");
        var late = stranger("?history=10").say("auth", "token", token("late"));
        assertThat(late.next("welcome").getInt("members")).isEqualTo(3);
        late.message("hi");
        late.message("here");
        late.expectNothing();
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                Arguments.of("", "x", "bad-token"),
                Arguments.of("", "", "bad-token"),
                Arguments.of("", Jwt.signed("another secret that is only for tests", Jwt.claims(c -> c)), "bad-token"),
                Arguments.of("", Jwt.alice(c -> c.expirationTime(Jwt.in(Duration.ofMinutes(-2)))), "bad-token"),
                Arguments.of("", Jwt.alice(c -> c.claim("rooms", List.of("another"))), "forbidden"),
                Arguments.of("", Jwt.alice(c -> c.claim("rights", List.of("publish"))), "forbidden"),
                Arguments.of("?user=bob", Jwt.alice(), "forbidden"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void aTokenThatIsNotGoodHereIsAnErrorAndAnotherMayFollow(String query, String token, String code) {
        var client = stranger(query).say("auth", "token", token);
        var error = client.error(code);
        assertThat(error.keySet()).containsExactlyInAnyOrder("type", "code", "message");
        assertThat(token.isEmpty() || !error.getString("message").contains(token))
                .isTrue();
        client.say("chat", "text", "x").error("forbidden");
        client.say("auth", "token", token("bob"));
        assertThat(client.next("welcome").getString("user")).isEqualTo("bob");
    }

    @Test
    void withoutAGoodTokenInTimeItIsClosedWith1008() {
        var silent = stranger();
        var guessing = stranger().say("auth", "token", "x");
        guessing.error("bad-token");
        guessing.expectNothing();
        assertThat(silent.client().expectClose(1008)).contains("no token");
        assertThat(guessing.client().expectClose(1008)).contains("no token");
    }

    @Test
    void itOutlivesItsFirstTokenIfItRenewsItInTime() {
        String first = shortLived();
        var alice = member(first);
        var other = member(first);
        alice.next("joined");
        alice.say("auth", "token", Jwt.alice());
        var welcome = alice.next("welcome");
        assertThat(welcome.getString("user")).isEqualTo("alice");
        assertThat(welcome.getBoolean("recovered")).isTrue();
        assertThat(other.client().expectClose(1008)).contains("expired");
        alice.next("left");
        alice.publish("still here", "1");
    }

    @Test
    void aRenewalMayTakeARight() {
        var alice = member(Jwt.alice());
        alice.publish("hi", "1");
        alice.say("auth", "token", Jwt.alice(claims -> claims.claim("rights", List.of("read"))))
                .next("welcome");
        alice.say("chat", "text", "no").error("forbidden");
        alice.say("typing").error("forbidden");
    }

    @Test
    void aTokenOfAnotherUserOrABadOneRenewsNothing() {
        String first = shortLived();
        var alice = member(first);
        alice.say("auth", "token", token("bob")).error("forbidden");
        alice.say("auth", "token", "x").error("bad-token");
        alice.publish("hi", "1");
        var bob = member(token("bob"));
        alice.next("joined");
        alice.say("chat", "text", "me");
        assertThat(bob.message("me").getString("from")).isEqualTo("alice");
        alice.next();
        alice.next(); // the message and its ack
        assertThat(alice.client().expectClose(1008)).contains("expired");
    }

    @Test
    void anExpiredTokenClosesWith1008AndNothingIsDeliveredAfter() {
        var bob = member(token("bob"));
        var alice = member(shortLived());
        bob.next("joined");
        bob.publish("in time", "1");
        alice.message("in time");
        assertThat(bob.next("left").getString("user")).isEqualTo("alice");
        bob.publish("late", "2");
        assertThat(alice.client().expectClose(1008)).contains("expired");
    }

    @Test
    void whoMayNotPublishReadsAndGetsAnErrorWhenItTries() {
        var reader = member(Jwt.alice(claims -> claims.claim("rights", List.of("read"))));
        var bob = member(token("bob"));
        reader.next("joined");
        reader.say("chat", "text", "forged", "id", "k");
        assertThat(reader.error("forbidden").getString("id")).isEqualTo("k");
        reader.say("typing").error("forbidden");
        bob.expectNothing().publish("news", "1");
        reader.message("news");
    }
}
