package dev.parley.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.ColorScheme;
import dev.parley.testing.Proxy;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Takes the pictures of the README, into {@code target/screenshots}. */
final class ScreenshotsIT extends BrowserTest {

    private static final Path FOLDER = Path.of(System.getProperty("screenshots", "target/screenshots"));
    private static final int MARGIN = 24;
    private static final String[][] TALK = {
        {"Ada", "Good morning! The north crane is free again."},
        {"Bashir", "Splendid. The Aurora comes in at eleven, with forty containers for the north quay."},
        {"Bashir", "Can you take her?"},
        {"Ada", "Yes. The crew is there by half past ten."},
        {"Bashir", "Thank you, Ada."},
    };

    @Test
    void theChatInLight() {
        take(talk(profile, "harbour").page(), "chat-light.png");
    }

    @Test
    void theChatInDarkWhileTheConnectionIsLost() {
        Proxy proxy = keep(new Proxy(base()));
        Chat ada = talk(open(dark(), proxy.url()), "quay");
        proxy.refuses = true;
        proxy.cut();
        assertThat(ada.status()).hasText("Reconnecting…");
        ada.say("I am in the tunnel, and back in a minute.");
        assertThat(ada.pending()).hasCount(1);
        take(ada.page(), "chat-dark.png");
        ada.page().close();
        forgetWhatWasCut();
    }

    @Test
    void theChatOnAPhone() {
        take(talk(phone(ColorScheme.LIGHT), "dock").page(), "chat-phone.png");
    }

    @Test
    void theProtocols() {
        Page page = open(profile);
        Panel json = Panel.open(page, "JSON").connect();
        json.button("Send chat").click();
        assertThat(json.lines()).hasCount(3);
        json.button("Ping").click();
        assertThat(json.lines()).hasCount(5);
        json.button("Bye").click();
        assertThat(json.lines()).hasCount(7);
        Locator protocols = page.getByRole(AriaRole.REGION, new Page.GetByRoleOptions().setName("Try each protocol"));
        page.evaluate("scrollTo(0, 0)");
        BoundingBox box = protocols.boundingBox();
        page.screenshot(new Page.ScreenshotOptions()
                .setPath(FOLDER.resolve("protocols.png"))
                .setFullPage(true)
                .setClip(box.x - MARGIN, box.y + MARGIN, box.width + 2 * MARGIN, box.height));
    }

    private Chat talk(BrowserContext context, String room) {
        return talk(open(context), room);
    }

    /** A talk that Ada, on her page, has been in for some time; somebody says something in another room meanwhile. */
    private Chat talk(Page page, String room) {
        Chat ada = Chat.joined(page, "Ada", room);
        Chat bashir = Chat.joined(profile, "Bashir", room);
        Chat chen = Chat.joined(profile, "Chen", room);
        assertThat(ada.lines()).hasCount(2);
        for (int i = 0; i < TALK.length; i++) {
            (TALK[i][0].equals("Ada") ? ada : bashir).say(TALK[i][1]);
            assertThat(ada.pending()).hasCount(0);
            assertThat(ada.lines()).hasCount(3 + i);
            assertThat(bashir.lines()).hasCount(2 + i);
        }
        ada.joinAnother(room + "-pilots");
        Chat dara = Chat.joined(profile, "Dara", room + "-pilots");
        ada.inList(room).first().click();
        dara.say("The tug is free from ten on.");
        assertThat(ada.inList(room + "-pilots")).containsText("1 unread");
        chen.message().pressSequentially("I");
        assertThat(ada.typing()).hasText("Chen is typing…");
        return ada;
    }

    private static void take(Page page, String file) {
        page.evaluate("scrollTo(0, 0)");
        page.screenshot(new Page.ScreenshotOptions().setPath(FOLDER.resolve(file)));
    }
}
