package dev.parley.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Payloads of the kinds that OWASP's filter evasion cheat sheet lists, as text and as names: none runs. */
final class PayloadsIT extends BrowserTest {

    private static final List<String> PAYLOADS = List.of(
            "<script>alert(1)</script>",
            "<ScRiPt>alert(1)</sCrIpT>",
            "<script src=//127.0.0.1:9/x.js></script>",
            "\"><script>alert(1)</script>",
            "'><img src=x onerror=alert(1)>",
            "<img src=\"javascript:alert(1)\">",
            "<img \"\"\"><script>alert(1)</script>\">",
            "<svg onload=alert(1)>",
            "<svg/onload=alert(1)//",
            "<svg><script>alert&#40;1&#41;</script>",
            "<iframe src=\"javascript:alert(1)\"></iframe>",
            "<iframe srcdoc=\"<script>parent.alert(1)</script>\"></iframe>",
            "<body onload=alert(1)>",
            "<details open ontoggle=alert(1)>",
            "<input autofocus onfocus=alert(1)>",
            "<a href=\"java&#09;script:alert(1)\">x</a>",
            "<meta http-equiv=\"refresh\" content=\"0;url=javascript:alert(1)\">",
            "<object data=\"javascript:alert(1)\"></object>",
            "<base href=\"javascript:alert(1);//\">",
            "<style>@import'javascript:alert(1)';</style>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<template><img src=x onerror=alert(1)></template>",
            "\\u003cimg src=x onerror=alert(1)\\u003e",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            "javascript:alert(1)",
            "${alert(1)} {{constructor.constructor('alert(1)')()}}");

    private static final String ELEMENTS =
            "script, img, svg, iframe, object, embed, base, meta, style, a, input, details, math, template";

    @BeforeEach
    void nothingMayRun() {
        profile.onDialog(dialog -> {
            complaints.add("A payload ran: " + dialog.message());
            dialog.dismiss();
        });
    }

    @Test
    void asTextOfTheChatTheyAreShownAsTheyAre() {
        String room = freshRoom();
        Chat reader = Chat.joined(profile, "Reader", room);
        Chat writer = Chat.joined(profile, "Writer", room);
        for (String payload : PAYLOADS) {
            writer.say(payload);
            assertThat(reader.lines().last().locator(".text")).hasText(payload);
            assertThat(writer.lines().last().locator(".text")).hasText(payload);
        }
        assertThat(reader.log().locator(ELEMENTS)).hasCount(0);
        assertThat(writer.log().locator(ELEMENTS)).hasCount(0);
    }

    @Test
    void asFramesOfAnotherProtocolTheyAreShownAsTheyAre() {
        Panel echo = Panel.open(open(profile), "Echo").connect();
        for (String payload : PAYLOADS) {
            echo.send(payload);
            assertThat(echo.lines().last()).containsText("echo: " + payload);
        }
        assertThat(echo.log().locator(ELEMENTS)).hasCount(0);
    }

    @Test
    void asNamesTheyAreRefusedInWords() {
        Chat chat = new Chat(open(profile));
        for (String payload : PAYLOADS) {
            chat.join(payload, "main");
            assertThat(chat.user()).hasAttribute("aria-invalid", "true");
            chat.join("Ada", payload);
            assertThat(chat.room()).hasAttribute("aria-invalid", "true");
        }
        assertThat(chat.page().locator("#chat").locator("script, img, svg, iframe, object"))
                .hasCount(0);
    }

    @Test
    void inTheAddressOfThePageTheyOnlyFillTheFields() {
        for (String payload : PAYLOADS) {
            Page page = tab(profile, "?user=" + encode(payload) + "&room=" + encode(payload));
            assertThat(new Chat(page).user()).hasValue(payload);
            page.close();
        }
    }

    private static Page tab(BrowserContext context, String query) {
        Page page = context.newPage();
        page.navigate(url() + query);
        return page;
    }
}
