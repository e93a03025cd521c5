package dev.parley.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page without a mouse. */
final class KeyboardIT extends BrowserTest {

    private static final int STOPS = 30;
    private static final String FOCUSED = "element => element === document.activeElement";
    private static final String OUTLINED = "element => getComputedStyle(element).outlineStyle !== 'none'";

    @Test
    void theChatNeedsNoMouse() {
        Page page = open(profile);
        Chat chat = new Chat(page);
        page.keyboard().press("Tab");
        assertThat(page.getByText("Skip to the chat")).isFocused();
        assertThat(page.getByText("Skip to the chat")).isInViewport();
        page.keyboard().press("Enter");

        tabTo(chat.user());
        page.keyboard().type("Ada");
        tabTo(chat.room());
        page.keyboard().press("ControlOrMeta+A");
        String first = freshRoom();
        page.keyboard().type(first);
        page.keyboard().press("Enter");

        assertThat(chat.message()).isFocused();
        assertThat(chat.status()).hasText("Connected as Ada");
        page.keyboard().type("hello");
        page.keyboard().press("Enter");
        assertThat(chat.lines().last()).containsText("hello");
        assertThat(chat.message()).isFocused();
        assertThat(chat.message()).hasValue("");

        backTo(chat.log());
        backTo(chat.button("1 here"));
        backTo(page.getByText("Join another room"));
        page.keyboard().press("Enter");
        assertThat(chat.room()).isFocused();
        String second = freshRoom();
        page.keyboard().type(second);
        page.keyboard().press("Enter");
        assertThat(chat.heading()).hasText("# " + second);
        assertThat(chat.message()).isFocused();
        backTo(chat.inList(first));
        page.keyboard().press("Enter");
        assertThat(chat.heading()).hasText("# " + first);
        assertThat(chat.message()).isFocused();

        backTo(chat.button("Leave"));
        page.keyboard().press("Enter");
        assertThat(chat.inList(second)).isFocused();
        tabTo(chat.button("Leave"));
        page.keyboard().press("Enter");
        assertThat(chat.status()).hasText("You left " + second);
        assertThat(chat.button("Join the room")).isFocused();
    }

    @Test
    void theProtocolsNeedNoMouse() {
        Page page = open(profile);
        tabTo(tab(page, "Lobby"));
        page.keyboard().press("ArrowRight");
        selected(page, "Echo");
        page.keyboard().press("End");
        selected(page, "JSON");
        page.keyboard().press("ArrowRight");
        selected(page, "Lobby");
        page.keyboard().press("ArrowLeft");
        selected(page, "JSON");
        page.keyboard().press("Home");
        page.keyboard().press("ArrowRight");
        selected(page, "Echo");

        Panel echo = new Panel(page.getByRole(AriaRole.TABPANEL));
        tabTo(echo.field("Prefix"));
        page.keyboard().press("Enter");
        assertThat(echo.field("Message")).isFocused();
        page.keyboard().press("Enter");
        echo.shows("note Connected", "sent hello", "received echo: hello");
        tabTo(echo.field("Send as binary (the bytes of its UTF-8)"));
        page.keyboard().press("Space");
        backTo(echo.field("Message"));
        page.keyboard().press("Enter");
        assertThat(echo.lines()).hasCount(5);

        backTo(echo.button("Disconnect"));
        page.keyboard().press("Enter");
        assertThat(echo.status()).containsText("Closed with 1000");
        assertThat(echo.button("Connect")).isFocused();
    }

    private static Locator tab(Page page, String name) {
        return page.getByRole(AriaRole.TAB, new Page.GetByRoleOptions().setName(Pattern.compile("^" + name)));
    }

    private static void selected(Page page, String name) {
        assertThat(tab(page, name)).isFocused();
        assertThat(tab(page, name)).hasAttribute("aria-selected", "true");
        assertThat(page.getByRole(AriaRole.TABPANEL)).hasCount(1);
        assertThat(page.getByRole(AriaRole.TABPANEL)).hasAccessibleName(Pattern.compile("^" + name));
    }

    private static void tabTo(Locator target) {
        pressUntilFocused("Tab", target);
    }

    private static void backTo(Locator target) {
        pressUntilFocused("Shift+Tab", target);
    }

    private static void pressUntilFocused(String key, Locator target) {
        for (int i = 0; i < STOPS && !Boolean.TRUE.equals(target.evaluate(FOCUSED)); i++) {
            target.page().keyboard().press(key);
        }
        assertThat(target).isFocused();
        assertThat(target.evaluate(OUTLINED)).as("a visible focus").isEqualTo(true);
    }
}
