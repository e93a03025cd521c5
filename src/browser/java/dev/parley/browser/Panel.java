package dev.parley.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.util.regex.Pattern;

/** The panel in which one protocol is tried, as a person finds it: by labels and roles. */
record Panel(Locator root) {

    private static final Pattern ISO = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    private static final Pattern MILLIS = Pattern.compile("\\d\\d:\\d\\d:\\d\\d\\.\\d{3}");

    static Panel open(Page page, String protocol) {
        page.getByRole(AriaRole.TAB, new Page.GetByRoleOptions().setName(Pattern.compile("^" + protocol)))
                .click();
        Locator root = page.getByRole(AriaRole.TABPANEL);
        assertThat(root).hasCount(1);
        return new Panel(root);
    }

    Panel connect() {
        button("Connect").click();
        assertThat(status()).hasText("Connected");
        return this;
    }

    void send(String text) {
        field("Message").fill(text);
        button("Send").click();
    }

    Locator field(String label) {
        return root.getByLabel(label, new Locator.GetByLabelOptions().setExact(true));
    }

    Locator button(String name) {
        return root.getByRole(
                AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(name).setExact(true));
    }

    Locator status() {
        return root.getByRole(AriaRole.STATUS);
    }

    Locator log() {
        return root.getByRole(AriaRole.LOG);
    }

    Locator lines() {
        return log().locator("li");
    }

    /** Holds the whole log: each line as its direction, a space and what was carried, and each with its time. */
    void shows(String... lines) {
        Pattern[] patterns = new Pattern[lines.length];
        for (int i = 0; i < lines.length; i++) {
            patterns[i] = Pattern.compile("^" + MILLIS + " [↑↓•] " + BrowserTest.quote(lines[i]) + "$");
        }
        assertThat(lines()).hasText(patterns);
        for (int i = 0; i < lines.length; i++) {
            assertThat(lines().nth(i).locator("time")).hasAttribute("datetime", ISO);
        }
    }
}
