package dev.parley.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import dev.parley.testing.Proxy;
import org.junit.jupiter.api.Test;

/** What axe-core finds, and whether a phone has to scroll sideways: the page at rest, in use, and in error. */
final class AccessibilityIT extends BrowserTest {

    private static final String[] PROTOCOLS = {"Lobby", "Echo", "Reverse", "Room", "JSON"};

    @Test
    void thePageIsAccessibleInLight() {
        everyStateIsAccessible(profile);
    }

    @Test
    void thePageIsAccessibleInDark() {
        everyStateIsAccessible(dark());
    }

    @Test
    void thePageIsAccessibleOnAPhone() {
        everyStateIsAccessible(phone(ColorScheme.LIGHT));
    }

    @Test
    void thePageIsAccessibleOnAPhoneInDark() {
        everyStateIsAccessible(phone(ColorScheme.DARK));
    }

    private void everyStateIsAccessible(BrowserContext context) {
        Proxy proxy = keep(new Proxy(base()));
        Page page = open(context, proxy.url());
        nothingFound(page);

        Chat ada = new Chat(page);
        ada.join("Ada:", "two words");
        assertThat(ada.user()).isFocused();
        nothingFound(page);

        String room = freshRoom();
        ada.join("Ada", room);
        Chat bashir = Chat.joined(context, "a-name-without-a-space-" + "long".repeat(10), room);
        bashir.say("Long-words-do-not-widen-the-page-".repeat(20));
        bashir.say("Nor do many short ones. ".repeat(20));
        assertThat(ada.lines()).hasCount(3);
        ada.say("So I see");
        assertThat(ada.lines()).hasCount(4);
        assertThat(ada.pending()).hasCount(0);
        bashir.message().pressSequentially("And");
        assertThat(ada.typing()).containsText("is typing");
        nothingFound(page);

        ada.joinAnother("another-room-with-a-name-" + "x".repeat(30));
        nothingFound(page);
        bashir.say("Where are you?");
        assertThat(ada.inList(room)).containsText("1 unread");
        nothingFound(page);

        ada.inList(room).click();
        proxy.refuses = true;
        proxy.cut();
        assertThat(ada.status()).hasText("Reconnecting…");
        ada.say("Now I am away");
        assertThat(ada.pending()).containsText("Is sent when the connection is back");
        nothingFound(page);
        proxy.refuses = false;
        // After some attempts it may be over HTTP.
        assertThat(ada.status()).containsText("Connected as Ada");
        assertThat(ada.pending()).hasCount(0);
        bashir.page().close();
        ada.button("Leave").click();
        ada.button("Leave").click();
        assertThat(ada.status()).containsText("You left");
        nothingFound(page);
        forgetWhatWasCut();

        for (String protocol : PROTOCOLS) {
            Panel panel = Panel.open(page, protocol).connect();
            panel.root().locator(".composer input").first().fill("x".repeat(300));
            panel.root().locator(".composer button").first().click();
            assertThat(panel.log().locator("[data-direction=received]").last()).containsText("xxx");
            nothingFound(page);
        }
    }

    private static void nothingFound(Page page) {
        assertThat(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
                .as("fits the width of the window")
                .isEqualTo(true);
        assertThat(new AxeBuilder(page).analyze().getViolations())
                .extracting(rule -> rule.getId() + " " + rule.getNodes())
                .isEmpty();
    }
}
