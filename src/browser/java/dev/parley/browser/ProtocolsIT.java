package dev.parley.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Each of the five protocols, tried by hand. */
final class ProtocolsIT extends BrowserTest {

    private static final String HELLO = "binary, 5 bytes: 68 65 6c 6c 6f";

    @Test
    void theLobbyWelcomesEchoesAndPassesOn() {
        Panel here = Panel.open(open(profile), "Lobby").connect();
        here.shows("note Connected", "received welcome");
        Panel there = Panel.open(open(profile), "Lobby").connect();
        there.shows("note Connected", "received welcome");

        here.send("hello");
        here.shows("note Connected", "received welcome", "sent hello", "received echo: hello");
        there.shows("note Connected", "received welcome", "received hello");

        here.field("Send as binary (the bytes of its UTF-8)").check();
        here.button("Send").click();
        there.shows("note Connected", "received welcome", "received hello", "received " + HELLO);
    }

    @Test
    void theEchoAnswersBehindItsPrefix() {
        Page page = open(profile);
        Panel echo = Panel.open(page, "Echo").connect();
        echo.send("hello");
        echo.shows("note Connected", "sent hello", "received echo: hello");
        echo.button("Disconnect").click();
        assertThat(echo.status()).hasText(Pattern.compile("Closed with 1000.*: it ended as agreed\\."));
        echo.button("Clear the log").click();

        echo.field("Prefix").fill("A & B + 100%: ");
        echo.connect().send("hello");
        echo.shows("note Connected", "sent hello", "received A & B + 100%: hello");
        echo.button("Disconnect").click();
        assertThat(echo.status()).containsText("Closed with 1000");
        echo.button("Clear the log").click();

        echo.field("Prefix").fill("");
        echo.connect().send("");
        echo.send("as it is");
        echo.shows("note Connected", "sent (empty)", "received (empty)", "sent as it is", "received as it is");
    }

    @Test
    void aBinaryMessageComesBackUnchanged() {
        for (String protocol : new String[] {"Echo", "Reverse"}) {
            Panel panel = Panel.open(open(profile), protocol).connect();
            panel.field("Send as binary (the bytes of its UTF-8)").check();
            panel.send("hello");
            panel.shows("note Connected", "sent " + HELLO, "received " + HELLO);
        }
    }

    @Test
    void theReverseTurnsCodePointsOrGraphemes() {
        Panel reverse = Panel.open(open(profile), "Reverse").connect();
        reverse.send("hello 😀");
        reverse.shows("note Connected", "sent hello 😀", "received 😀 olleh");
        reverse.button("Disconnect").click();
        assertThat(reverse.status()).containsText("Closed with 1000");
        reverse.button("Clear the log").click();

        reverse.field("By grapheme").check();
        reverse.connect().send("ae\u0301i");
        reverse.shows("note Connected", "sent ae\u0301i", "received ie\u0301a");
    }

    @Test
    void aRoomIsSeenAsItIsOnTheWire() {
        String name = freshRoom();
        Page page = open(profile);
        Panel room = Panel.open(page, "Room");
        room.field("Room").fill(name);
        room.field("User").fill("Ada");
        room.connect().shows("note Connected", "received * Ada joined");
        Chat bashir = Chat.joined(profile, "Bashir", name);

        room.send("hello");
        assertThat(bashir.lines().last()).containsText("hello");
        bashir.button("Leave").click();

        room.shows(
                "note Connected",
                "received * Ada joined",
                "received * Bashir joined",
                "sent hello",
                "received Ada: hello",
                "received * Bashir left");
    }

    @Test
    void aRoomWithoutANameHasAUserInIt() {
        Panel room = Panel.open(open(profile), "Room");
        room.field("Room").fill(freshRoom());
        room.connect().shows("note Connected", "received * a user joined");
        room.send("hello");
        room.shows("note Connected", "received * a user joined", "sent hello", "received user: hello");
    }

    @Test
    void aBinaryMessageToARoomIsClosedWith1003() {
        Panel room = Panel.open(open(profile), "Room");
        room.field("Room").fill(freshRoom());
        room.connect().field("Send as binary (the bytes of its UTF-8)").check();
        room.send("hello");
        assertThat(room.status())
                .hasText(Pattern.compile(
                        "Closed with 1003 “.+”: this endpoint speaks text only, and got a binary message\\."));
    }

    @Test
    void aBadNameIsRefusedInWordsWithoutAConnection() {
        Page page = open(profile);
        page.onWebSocket(socket -> complaints.add("Connected to " + socket.url()));
        Panel room = Panel.open(page, "Room");
        room.field("User").fill("Ada:");
        room.button("Connect").click();
        assertThat(room.root().getByText("A name cannot hold “:”.")).isVisible();
        assertThat(room.field("User")).isFocused();

        Panel echo = Panel.open(page, "Echo");
        echo.field("Prefix").fill("x".repeat(65));
        echo.button("Connect").click();
        assertThat(echo.root().getByText("A prefix has at most 64 characters; this one has 65."))
                .isVisible();
    }

    @Test
    void jsonIsTyped() {
        Panel json = Panel.open(open(profile), "JSON").connect();

        json.field("Text of a chat message").fill("say \"hello\"");
        json.button("Send chat").click();
        json.shows(
                "note Connected",
                "sent {\"type\":\"chat\",\"text\":\"say \\\"hello\\\"\"}",
                "received {\"type\":\"echo\",\"text\":\"say \\\"hello\\\"\"}");
        json.button("Clear the log").click();

        json.button("Ping").click();
        json.shows("sent {\"type\":\"ping\"}", "received {\"type\":\"pong\"}");

        json.field("Raw JSON").fill("{oops");
        json.button("Send raw").click();
        assertThat(json.lines()).hasCount(4);
        assertThat(json.lines().last()).containsText("{\"type\":\"error\",\"message\":\"");
        assertThat(json.status()).hasText("Connected");
    }

    @Test
    void byeIsClosedWith1000AndItsReason() {
        Panel json = Panel.open(open(profile), "JSON").connect();
        json.button("Bye").click();
        assertThat(json.status()).hasText("Closed with 1000 “bye”: it ended as agreed.");
        json.shows("note Connected", "sent {\"type\":\"bye\"}", "note Closed with 1000 “bye”: it ended as agreed.");
        assertThat(json.button("Connect")).isVisible();
    }

    @Test
    void sendingWithoutAConnectionSaysWhatToDo() {
        Panel lobby = Panel.open(open(profile), "Lobby");
        lobby.send("hello");
        lobby.shows("note Not sent: connect first.");
    }

    @Test
    void eachProtocolKeepsItsConnectionWhileAnotherIsShown() {
        Page page = open(profile);
        Panel.open(page, "Lobby").connect();
        Panel.open(page, "Echo").connect().send("hello");
        Panel lobby = Panel.open(page, "Lobby");
        assertThat(lobby.status()).hasText("Connected");
        lobby.shows("note Connected", "received welcome");
        Panel.open(page, "Echo").shows("note Connected", "sent hello", "received echo: hello");
    }

    @Test
    void aLogKeepsItsNewestLines() {
        Panel lobby = talkative();

        lobby.send("600");
        assertThat(lobby.lines().last()).containsText("line 600");
        assertThat(lobby.lines()).hasCount(500);
        assertThat(lobby.lines().first()).containsText("line 101");
        assertThat(lobby.lines().last()).isInViewport();

        lobby.send("1");
        assertThat(lobby.lines().last()).hasText(Pattern.compile("line 1$"));
        assertThat(lobby.lines()).hasCount(500);
        assertThat(lobby.lines().last()).isInViewport();
    }

    @Test
    void aLogFollowsOnlyAReaderAtItsEnd() {
        Panel lobby = talkative();
        lobby.send("50");
        assertThat(lobby.lines().last()).containsText("line 50");
        assertThat(lobby.lines().last()).isInViewport();

        lobby.log().hover();
        lobby.root().page().mouse().wheel(0, -500);
        assertThat(lobby.lines().last()).not().isInViewport();
        Object where = lobby.log().evaluate("log => log.scrollTop");
        lobby.send("20");
        assertThat(lobby.lines()).hasCount(1 + 51 + 21);
        drawn(lobby.root().page());
        assertThat(lobby.log().evaluate("log => log.scrollTop")).isEqualTo(where);

        lobby.log().hover();
        lobby.root().page().mouse().wheel(0, 5000);
        assertThat(lobby.lines().last()).isInViewport();
        lobby.send("50");
        assertThat(lobby.lines()).hasCount(1 + 51 + 21 + 51);
        assertThat(lobby.lines().last()).isInViewport();
    }

    /** A lobby that answers a number with as many lines. */
    private Panel talkative() {
        profile.routeWebSocket(
                Pattern.compile(".*/ws"),
                route -> route.onMessage(frame -> {
                    for (int i = 1; i <= Integer.parseInt(frame.text()); i++) {
                        route.send("line " + i);
                    }
                }));
        return Panel.open(open(profile), "Lobby").connect();
    }

    /** Returns once what happened before is on the screen, two frames later. */
    private static void drawn(Page page) {
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
    }
}
