package dev.parley.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.WebSocketRoute;
import com.microsoft.playwright.options.AriaRole;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The chat between two tabs. */
final class ChatIT extends BrowserTest {

    private static final String CLOCK = " \\d\\d:\\d\\d$";

    @Test
    void twoTabsSeeEachOtherComeSpeakAndGo() {
        String room = freshRoom();
        Chat ada = Chat.joined(profile, "Ada", room);
        assertThat(ada.lines()).hasCount(0);
        Chat bashir = Chat.joined(profile, "Bashir", room);
        assertThat(ada.lines()).hasText(lines("Bashir joined"));

        ada.say("Good morning");
        assertThat(bashir.lines()).hasCount(1);
        bashir.say("Good morning, Ada");
        assertThat(ada.lines()).hasCount(3);
        bashir.say("How is the harbour?");
        assertThat(ada.lines()).hasCount(4);
        ada.say("Calm");

        String[] spoken = {
            "Ada.*Good morning", "Bashir.*Good morning, Ada", "Bashir.*How is the harbour\\?", "Ada.*Calm"
        };
        assertThat(bashir.lines()).hasText(lines(List.of(), spoken));
        assertThat(ada.lines()).hasText(lines("Bashir joined", spoken));
        assertThat(ada.log().getByText("you", exactly())).hasCount(2);
        assertThat(bashir.log().getByText("you", exactly())).hasCount(2);

        bashir.button("Leave").click();
        assertThat(bashir.status()).hasText("You left " + room);
        assertThat(ada.lines().last()).hasText(Pattern.compile("^Bashir left" + CLOCK));
        bashir.button("Join the room").click();
        assertThat(ada.lines().last()).hasText(Pattern.compile("^Bashir joined" + CLOCK));
        bashir.page().close();
        assertThat(ada.lines().last()).hasText(Pattern.compile("^Bashir left" + CLOCK));
    }

    @Test
    void aMessageStaysInItsRoom() {
        Chat ada = Chat.joined(profile, "Ada", freshRoom());
        String room = freshRoom();
        Chat bashir = Chat.joined(profile, "Bashir", room);
        Chat chen = Chat.joined(profile, "Chen", room);

        bashir.say("Only here");

        assertThat(chen.lines().last()).containsText("Only here");
        ada.say("Alone");
        assertThat(ada.lines()).hasText(lines(List.of(), "Ada.*Alone"));
    }

    @Test
    void whoIsThereIsListedUntilTheyLeave() {
        String room = freshRoom();
        Chat ada = Chat.joined(profile, "Ada", room);
        Chat bashir = Chat.joined(profile, "Bashir", room);
        assertThat(ada.people()).hasText(new String[] {"Ada", "Bashir"});
        assertThat(bashir.people()).hasText(new String[] {"Ada", "Bashir"});
        assertThat(bashir.button("2 here")).isVisible();

        ada.button("Leave").click();

        assertThat(bashir.people()).hasText(new String[] {"Bashir"});
        assertThat(bashir.button("1 here")).isVisible();
        bashir.button("1 here").click();
        assertThat(bashir.people()).hasCount(0);
    }

    @Test
    void whoTypesIsShownUntilItIsSaid() {
        String room = freshRoom();
        Chat ada = Chat.joined(profile, "Ada", room);
        Chat bashir = Chat.joined(profile, "Bashir", room);
        bashir.message().pressSequentially("Good");
        assertThat(ada.typing()).hasText("Bashir is typing…");
        bashir.message().press("Enter");
        assertThat(ada.lines().last()).containsText("Good");
        assertThat(ada.typing()).hasText("");
    }

    @Test
    void whoComesLaterReadsWhatWasSaidBefore() {
        String room = freshRoom();
        Chat ada = Chat.joined(profile, "Ada", room);
        ada.say("First");
        ada.say("Second");
        assertThat(ada.pending()).hasCount(0);
        assertThat(ada.lines()).hasCount(2);
        Chat bashir = Chat.joined(profile, "Bashir", room);
        assertThat(bashir.lines()).hasText(lines(List.of(), "Ada.*First", "Ada.*Second"));
        assertThat(bashir.page()).hasTitle(room + " · Parley");
    }

    @Test
    void aNewLineIsShiftEnter() {
        String room = freshRoom();
        Chat ada = Chat.joined(profile, "Ada", room);
        ada.message().fill("one");
        ada.message().press("Shift+Enter");
        ada.message().pressSequentially("two");
        ada.message().press("Enter");
        assertThat(ada.pending()).hasCount(0);
        assertThat(ada.lines().last().locator(".text")).hasText(Pattern.compile("one\\s+two"));
        assertThat(ada.message()).hasValue("");
    }

    @Test
    void markupInAMessageOrANameIsShownAsText() {
        String room = freshRoom();
        String markup = "<img src=x onerror=\"console.error('ran')\"><b>bold</b> &amp;";
        Chat ada = Chat.joined(profile, "Ada", room);
        ada.say(markup);
        assertThat(ada.lines().last().locator(".text")).hasText(markup);
        assertThat(ada.lines().locator("img, b")).hasCount(0);

        // The server refuses such a name; what the page does with one must not rest on that.
        Page page = open(profile);
        page.routeWebSocket(Pattern.compile(".*/ws/chat/.*"), route -> {
            route.send(welcome("<i>mallory</i>"));
            route.send("{'type':'joined','user':'<i>mallory</i>','members':2,'connections':1}".replace('\'', '"'));
            route.send("{'type':'message','offset':1,'from':'<i>mallory</i>','text':'<u>hello</u>',".replace('\'', '"')
                    + "\"at\":\"" + Instant.now() + "\"}");
        });
        page.reload();
        Chat bashir = new Chat(page);
        bashir.join("Bashir", room);
        assertThat(bashir.lines()).hasText(lines("<i>mallory</i> joined", "<i>mallory</i>.*<u>hello</u>"));
        assertThat(bashir.people()).hasText(new String[] {"<i>mallory</i>"});
        assertThat(bashir.page().locator("#chat").locator("i, u, b")).hasCount(0);
    }

    @Test
    void nobodysWordsPassForTheServers() {
        String room = freshRoom();
        Chat ada = Chat.joined(profile, "Ada", room);
        Chat bashir = Chat.joined(profile, "Bashir", room);

        bashir.say("* Chen joined");

        assertThat(ada.lines()).hasCount(2);
        assertThat(ada.lines().last().locator(".author")).hasText("Bashir");
        assertThat(ada.lines().last().locator(".text")).hasText("* Chen joined");
        assertThat(ada.people()).hasText(new String[] {"Ada", "Bashir"});
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "\"\" | Enter a name.",
                "Ada: | A name cannot hold “:”.",
                "* Ada | A name cannot hold “*”.",
                "<Ada> | A name cannot hold “<”.",
                "A\u200bda | A name cannot hold the invisible character U+200B.",
                "A\ufffdda | A name cannot hold “\ufffd”.",
                "Ada  Lovelace | A name has single spaces, and only between its words.",
            })
    void aBadNameIsRefusedInWordsWithoutAConnection(String name, String words) {
        Page page = open(profile);
        List<String> connections = connections(page);
        Chat chat = new Chat(page);

        chat.join(name, "main");

        assertThat(page.getByText(words)).isVisible();
        assertThat(chat.user()).isFocused();
        assertThat(chat.user()).hasAttribute("aria-invalid", "true");
        assertThat(chat.user()).hasAccessibleDescription(Pattern.compile(quote(words) + ".*64 letters.*"));
        assertThat(chat.status()).hasText("Not connected");
        assertThat(connections).isEmpty();
    }

    @Test
    void aNameThatIsTooLongIsRefusedInWordsWithoutAConnection() {
        Page page = open(profile);
        List<String> connections = connections(page);

        new Chat(page).join("a".repeat(65), "main");

        assertThat(page.getByText("A name has at most 64 characters; this one has 65."))
                .isVisible();
        assertThat(connections).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "two words | A room cannot hold a space.",
                "../main | A room cannot hold “/”.",
                ".hidden | A room begins with a letter or a digit.",
            })
    void aBadRoomIsRefusedInWordsWithoutAConnection(String room, String words) {
        Page page = open(profile);
        List<String> connections = connections(page);
        Chat chat = new Chat(page);

        chat.join("Ada", room);

        assertThat(page.getByText(words)).isVisible();
        assertThat(chat.room()).isFocused();
        assertThat(connections).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Ada Lovelace", "o'Brien+1@home", "Æsa_Þórr", "李明", "نور", "☕.🙂"})
    void aNameWithinTheRuleJoins(String name) {
        Chat chat = Chat.joined(profile, name, freshRoom());
        assertThat(chat.people()).hasText(new String[] {name});
    }

    @Test
    void aRefusalByTheServerIsToldInItsWords() {
        profile.routeWebSocket(Pattern.compile(".*/ws/chat/.*"), WebSocketRoute::close);
        profile.route(
                Pattern.compile(".*/api/rooms/.*/events.*"),
                route -> route.fulfill(new Route.FulfillOptions()
                        .setStatus(403)
                        .setContentType("application/problem+json")
                        .setBody("{\"code\":\"forbidden\",\"detail\":\"The token is not for this room.\"}")));
        Chat chat = new Chat(open(profile));

        chat.join("Ada", freshRoom());

        assertThat(chat.status()).hasText("Closed");
        assertThat(chat.banner()).containsText("Not let in: The token is not for this room.");
        assertThat(chat.button("Join again")).isVisible();
        assertThat(chat.lines()).hasCount(0);
        assertThat(complaints).isNotEmpty().allMatch(text -> text.contains("403"));
        complaints.clear();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1000 | bye | Closed with 1000 “bye”: it ended as agreed.",
                "1008 | rate | Closed with 1008 “rate”: the server does not allow this.*",
                "1009 | too long | Closed with 1009 “too long”: the message was too long.",
            })
    void aCloseThatIsFinalIsToldWithCodeReasonAndMeaning(int code, String reason, String words) {
        closing(code, reason);
        Chat chat = Chat.joined(profile, "Ada", "main");

        chat.say("hello");

        assertThat(chat.status()).hasText("Closed");
        assertThat(chat.banner()).containsText(Pattern.compile(words));
        assertThat(chat.pending()).containsText(Pattern.compile("Not sent: .*Try again.*Discard"));
        chat.button("Discard").click();
        assertThat(chat.pending()).hasCount(0);
        chat.button("Join again").click();
        assertThat(chat.status()).hasText("Connected as Ada");
        assertThat(chat.banner()).hasCount(0);
        assertThat(chat.message()).isFocused();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1001 | away | The server is going away\\.",
                "1012 | drain | The server is restarting\\.",
                "1013 | too slow | The server is full, or this page read too slowly\\.",
                "4321 | other | The connection was lost\\.",
            })
    void aCloseThatIsNotIsToldAndOvercome(int code, String reason, String words) {
        List<String> connections = closing(code, reason);
        Page page = profile.newPage();
        page.addInitScript("Math.random = () => 0.999"); // the wait is long enough to be seen
        page.navigate(url());
        Chat chat = Chat.joined(page, "Ada", "main");

        chat.say("hello");

        assertThat(chat.banner()).containsText(Pattern.compile(words));
        assertThat(chat.pending()).containsText("Is sent when the connection is back");
        chat.button("Try now").click();
        assertThat(chat.message()).isFocused();
        assertThat(chat.status()).hasText("Connected as Ada");
        assertThat(connections).hasSizeGreaterThan(1);
    }

    @Test
    void theAddressOfThePageKeepsNameAndRoom() {
        String room = freshRoom();
        Chat ada = Chat.joined(profile, "Ada Lovelace", room);
        assertThat(ada.page()).hasURL(Pattern.compile(".*\\?room=" + room + "&user=Ada\\+Lovelace"));

        ada.page().reload();

        assertThat(ada.user()).hasValue("Ada Lovelace");
        assertThat(ada.room()).hasValue(room);
        assertThat(ada.status()).hasText("Not connected");
    }

    @Test
    void aSecondTabOpensInTheSameRoomForSomebodyElse() {
        String room = freshRoom();
        Chat ada = Chat.joined(profile, "Ada", room);

        Page second = profile.waitForPage(() -> ada.page()
                .getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("Open a second tab"))
                .click());

        Chat bashir = new Chat(second);
        assertThat(bashir.room()).hasValue(room);
        assertThat(bashir.user()).hasValue("");
        bashir.join("Bashir", room);
        assertThat(ada.lines().last()).containsText("Bashir joined");
    }

    /** A server that welcomes, and closes on the first message of its first connection; gives what connected. */
    private List<String> closing(int code, String reason) {
        List<String> connections = new ArrayList<>();
        profile.routeWebSocket(Pattern.compile(".*/ws/chat/.*"), route -> {
            connections.add(route.url());
            route.send(welcome("Ada"));
            route.onMessage(frame -> {
                if (connections.size() == 1 && frame.text().contains("chat")) {
                    route.close(new WebSocketRoute.CloseOptions().setCode(code).setReason(reason));
                }
            });
        });
        return connections;
    }

    private static String welcome(String user) {
        return "{\"type\":\"welcome\",\"room\":\"main\",\"user\":\"Ada\",\"peer\":\"1\",\"epoch\":\"e\",\"offset\":0,"
                + "\"recovered\":false,\"members\":1,\"users\":[\"" + user + "\"],"
                + "\"limits\":{\"text\":65536,\"id\":64}}";
    }

    private static List<String> connections(Page page) {
        List<String> connections = new ArrayList<>();
        page.onWebSocket(socket -> connections.add(socket.url()));
        return connections;
    }

    private static Locator.GetByTextOptions exactly() {
        return new Locator.GetByTextOptions().setExact(true);
    }

    private static Pattern[] lines(String first, String... others) {
        return lines(List.of(first), others);
    }

    private static Pattern[] lines(List<String> first, String... others) {
        List<Pattern> patterns = new ArrayList<>();
        for (String line : first) {
            patterns.add(Pattern.compile("^" + line + CLOCK));
        }
        for (String line : others) {
            patterns.add(Pattern.compile(line + "$"));
        }
        return patterns.toArray(Pattern[]::new);
    }
}
