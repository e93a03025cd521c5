package dev.parley.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import dev.parley.testing.Proxy;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The chat on a network that fails. */
final class ReconnectIT extends BrowserTest {

    @Test
    void whatIsSaidWhileAwayIsReadAndSentOnce() {
        String room = freshRoom();
        Proxy proxy = keep(new Proxy(base()));
        Chat ada = Chat.joined(open(profile, proxy.url()), "Ada", room);
        Chat bashir = Chat.joined(profile, "Bashir", room);
        assertThat(ada.lines()).hasCount(1);

        proxy.refuses = true;
        proxy.cut();
        assertThat(ada.status()).hasText("Reconnecting…");
        assertThat(ada.banner()).containsText("The connection was lost.");
        ada.say("Into the tunnel");
        ada.say("Still in it");
        assertThat(ada.pending()).hasCount(2);
        bashir.say("Where are you?");
        assertThat(bashir.lines().last()).containsText("Where are you?");
        proxy.refuses = false;

        assertThat(ada.status()).hasText("Connected as Ada");
        assertThat(ada.pending()).hasCount(0);
        assertThat(ada.banner()).hasCount(0);
        Pattern[] said = {
            Pattern.compile("Where are you\\?$"), Pattern.compile("Into the tunnel$"), Pattern.compile("Still in it$")
        };
        assertThat(ada.lines().and(ada.page().locator(".message"))).hasText(said);
        assertThat(bashir.lines().and(bashir.page().locator(".message"))).hasText(said);
        assertThat(ada.log().locator(".gap")).hasCount(0);
        forgetWhatWasCut();
    }

    @Test
    void aSilentNetworkIsLeftAndWhatWasSentIntoItIsSentAgain() {
        String room = freshRoom();
        Proxy proxy = keep(new Proxy(base()));
        Page page = profile.newPage();
        // Beats of half a second instead of fifteen.
        page.addInitScript("const real = setInterval;"
                + "window.setInterval = (work, ms) => real(work, ms === 15000 ? 500 : ms);");
        page.navigate(proxy.url());
        Chat ada = Chat.joined(page, "Ada", room);
        Chat bashir = Chat.joined(profile, "Bashir", room);
        assertThat(ada.lines()).hasCount(1);

        proxy.dark = true;
        ada.say("Is anybody there?");
        assertThat(ada.status()).hasText("Reconnecting…");
        proxy.dark = false;

        assertThat(ada.pending()).hasCount(0);
        assertThat(bashir.log().locator(".message")).hasCount(1);
        assertThat(bashir.lines().and(bashir.page().locator(".message")))
                .containsText(new String[] {"Is anybody there?"});
        forgetWhatWasCut();
    }

    @Test
    void aNetworkWithoutWebSocketsIsServedOverHttp() {
        String room = freshRoom();
        Proxy proxy = keep(new Proxy(base()));
        proxy.blocksUpgrades = true;
        Chat ada = Chat.joined(open(profile, proxy.url()), "Ada", room, ", over HTTP");
        Chat bashir = Chat.joined(profile, "Bashir", room);

        ada.say("Only HTTP here");
        assertThat(bashir.lines().last()).containsText("Only HTTP here");
        bashir.say("I can read you");
        assertThat(ada.lines().last()).containsText("I can read you");
        assertThat(ada.pending()).hasCount(0);
        assertThat(complaints).allMatch(text -> text.contains("WebSocket connection to"));
        forgetWhatWasCut();
    }

    @Test
    void aGapIsShownWhereItIs() {
        String welcome =
                "{\"type\":\"welcome\",\"room\":\"main\",\"user\":\"Ada\",\"peer\":\"1\",\"epoch\":\"e\",\"offset\":9,"
                        + "\"recovered\":false,\"members\":1,\"users\":[\"Ada\"],\"limits\":{\"text\":65536,\"id\":64}}";
        String message =
                "{\"type\":\"message\",\"offset\":%d,\"from\":\"Bashir\",\"text\":\"%d\",\"at\":\"2026-01-02T10:00:00Z\"}";
        profile.routeWebSocket(
                Pattern.compile(".*/ws/chat/.*"),
                route -> route.send("[" + welcome + "," + message.formatted(3, 3)
                        + ",{\"type\":\"gap\",\"from\":4,\"to\":7}," + message.formatted(8, 8) + "]"));
        Chat ada = Chat.joined(profile, "Ada", "main");
        assertThat(ada.lines()).hasText(new Pattern[] {
            Pattern.compile("2"),
            Pattern.compile("3$"),
            Pattern.compile("^Messages are missing here"),
            Pattern.compile("8$")
        });
    }

    @Test
    void roomsAreSwitchedAndCountWhatIsUnread() {
        String harbour = freshRoom();
        String pilots = freshRoom();
        Chat ada = Chat.joined(profile, "Ada", harbour);
        Chat bashir = Chat.joined(profile, "Bashir", harbour);
        ada.message().fill("a draft");
        ada.joinAnother(pilots);
        assertThat(ada.lines()).hasCount(0);

        bashir.say("One");
        bashir.say("Two");
        assertThat(ada.inList(harbour)).containsText("2 unread");
        assertThat(ada.page()).hasTitle("(2) " + pilots + " · Parley");
        ada.say("In the other room");
        assertThat(ada.lines()).hasCount(1);

        ada.inList(harbour).click();
        assertThat(ada.inList(harbour)).not().containsText("unread");
        assertThat(ada.page()).hasTitle(harbour + " · Parley");
        assertThat(ada.message()).hasValue("a draft");
        assertThat(ada.lines().last()).containsText("Two");
        assertThat(ada.page()).hasURL(Pattern.compile("room=" + harbour));

        ada.button("Leave").click();
        assertThat(ada.heading()).hasText("# " + pilots);
        assertThat(ada.inList(harbour)).hasCount(0);
        assertThat(bashir.people()).hasText(new String[] {"Bashir"});
    }
}
