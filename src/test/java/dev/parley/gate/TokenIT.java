package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Jwt;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that needs tokens: who is refused before the upgrade, and what ends a connection after it. */
class TokenIT extends OnServer {

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(List.of(
                "parley.token.required = true",
                "parley.token.secret = \"" + Jwt.SECRET + '"',
                "parley.token.auth-within = 1s"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/ws", "/ws/echo", "/ws/reverse", "/ws/json", "/ws/chat", "/ws/chat/main"})
    void withoutATokenItIs401(String target) {
        assertRefused(socket().handshake(target), 401);
        assertRefused(socket().handshake(target, "Authorization", "Basic YTpi"), 401);
        assertRefused(socket().handshake(target + "?token=" + Jwt.alice()), 401);
    }

    @Test
    void aBadTokenIs401() {
        var late = Jwt.alice(claims -> claims.expirationTime(Jwt.in(Duration.ofMinutes(-2))));
        var forged = Jwt.signed("another secret that is only for tests", Jwt.claims(claims -> claims));
        for (var token : List.of(late, forged, "x", Jwt.alice().replaceAll("[^.]*$", ""))) {
            var response = socket().handshake("/ws/echo", "Authorization", "Bearer " + token);
            assertRefused(response, 401);
            assertThat(response.header("WWW-Authenticate")).contains("error=\"invalid_token\"");
            assertRefused(socket().handshake("/ws/echo", "Sec-WebSocket-Protocol", "parley.token." + token), 401);
        }
    }

    @Test
    void aGoodTokenNamesItsUser() {
        var alice = connect("/ws/chat/named", "Authorization", "Bearer " + Jwt.alice());
        alice.expectText("* alice joined").text("hi").expectText("alice: hi");
        connect("/ws/chat/asked?user=alice", "Authorization", "bearer " + Jwt.alice())
                .expectText("* alice joined");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "auth0|507f",
                "google-oauth2|114",
                "f:1234:alice",
                "system:serviceaccount:ns:x",
                "65 characters aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            })
    void aSubjectThatIsNoUserNameGetsIn(String subject) {
        var bearer = "Bearer " + Jwt.alice(claims -> claims.subject(subject));
        var name = connect("/ws/chat/" + UUID.randomUUID() + "?user=" + encode(subject), "Authorization", bearer)
                .nextText();
        assertThat(name)
                .matches("\\* " + (subject.contains("|") ? Pattern.quote(subject) : "user-[0-9a-f]{10}") + " joined");
        var shown = name.split(" ")[1];
        connect("/ws/chat/" + UUID.randomUUID() + "?user=" + encode(shown), "Authorization", bearer)
                .expectText(name);
        assertRefused(socket().handshake("/ws/chat/x?user=bob", "Authorization", bearer), 403);
        assertThat(socket().handshake("/ws/chat/x?user=" + encode(subject)).status())
                .isIn(400, 401);
    }

    @Test
    void aTokenForAnotherUserOrRoomIs403() {
        var bearer = "Bearer " + Jwt.alice(claims -> claims.claim("rooms", List.of("team-*")));
        assertRefused(socket().handshake("/ws/chat/team-a?user=bob", "Authorization", bearer), 403);
        assertRefused(socket().handshake("/ws/chat/main", "Authorization", bearer), 403);
        assertRefused(socket().handshake("/ws", "Authorization", bearer), 403);
        connect("/ws/chat/team-a", "Authorization", bearer).expectText("* alice joined");
        connect("/ws/echo", "Authorization", bearer).text("hi").expectText("echo: hi");
        var writer = "Bearer " + Jwt.alice(claims -> claims.claim("rights", List.of("publish")));
        assertRefused(socket().handshake("/ws/chat/main", "Authorization", writer), 403);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/ws/chat/quiet", "/ws"})
    void whoMayNotPublishReadsAndIsClosedWith1008WhenItTries(String target) {
        var reader = connect(
                target, "Authorization", "Bearer " + Jwt.alice(claims -> claims.claim("rights", List.of("read"))));
        reader.nextText();
        var bob = connect(target, "Authorization", "Bearer " + Jwt.alice(claims -> claims.subject("bob")));
        bob.nextText();
        bob.text("news");
        var lines = List.of(reader.nextText(), target.equals("/ws") ? "news" : reader.nextText());
        assertThat(lines.get(1)).endsWith("news");
        assertThat(reader.text("forged").expectClose(1008)).contains("not allow");
    }

    @Test
    void aNameIsTheSameInTokenAndQueryHoweverItsAccentsAreEncoded() {
        for (var names : List.of(List.of("Jos\u00E9", "Jose\u0301"), List.of("Jose\u0301", "Jos\u00E9"))) {
            var token = Jwt.alice(claims -> claims.subject(names.get(0)));
            connect("/ws/chat/accents?user=" + encode(names.get(1)), "Authorization", "Bearer " + token)
                    .expectText("* Jos\u00E9 joined");
        }
    }

    @Test
    void aBrowserBringsItsTokenAsASubprotocolAndNeverGetsItBack() {
        var socket = socket();
        var response = socket.upgrade("/ws/chat/browser", "Sec-WebSocket-Protocol", "parley.token." + Jwt.alice());
        assertThat(response.headers().toString()).doesNotContain("parley.token");
        socket.expectText("* alice joined");
    }

    @Test
    void anExpiredTokenClosesWith1008AndNothingIsDeliveredAfter() {
        var shortLived = Jwt.alice(claims -> claims.expirationTime(Jwt.in(Duration.ofSeconds(2))));
        var alice =
                open("/ws/chat/clock", "Authorization", "Bearer " + shortLived).expectText("* alice joined");
        var idle = open("/ws/echo", "Authorization", "Bearer " + shortLived);
        var bob = connect("/ws/chat/clock", "Authorization", "Bearer " + Jwt.alice(c -> c.subject("bob")));
        bob.expectText("* bob joined");
        alice.expectText("* bob joined");
        bob.text("in time").expectText("bob: in time");
        alice.expectText("bob: in time");
        assertThat(bob.nextText()).isEqualTo("* alice left");
        bob.text("late").expectText("bob: late");
        assertThat(alice.expectClose(1008)).contains("expired");
        alice.close(1008, "").expectEnd();
        assertThat(idle.expectClose(1008)).contains("expired");
    }

    private static void assertRefused(RawSocket.Response response, int status) {
        assertThat(response.status()).as("%s", response).isEqualTo(status);
        assertThat(response.body()).contains("token");
        assertThat(response.headers().containsKey("www-authenticate")).isEqualTo(status == 401);
        if (status == 401) {
            assertThat(response.header("WWW-Authenticate")).startsWith("Bearer");
        }
    }
}
