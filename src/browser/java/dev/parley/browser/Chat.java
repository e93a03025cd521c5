package dev.parley.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;

/** The chat of one tab, as a person finds it: by labels and roles. */
record Chat(Page page) {

    static Chat joined(BrowserContext context, String user, String room) {
        return joined(BrowserTest.open(context), user, room);
    }

    static Chat joined(Page page, String user, String room) {
        return joined(page, user, room, "");
    }

    static Chat joined(Page page, String user, String room, String way) {
        Chat chat = new Chat(page);
        chat.join(user, room);
        assertThat(chat.status()).hasText("Connected as " + user + way);
        return chat;
    }

    void join(String user, String room) {
        user().fill(user);
        room().fill(room);
        button("Join the room").click();
    }

    /** Joins one more room, under the same name. */
    void joinAnother(String room) {
        region().getByText("Join another room").click();
        room().fill(room);
        button("Join the room").click();
        assertThat(heading()).hasText("# " + room);
        assertThat(status()).containsText("Connected as ");
    }

    void say(String text) {
        message().fill(text);
        message().press("Enter");
    }

    Locator user() {
        return region().getByLabel("Your name");
    }

    Locator room() {
        return region().getByLabel("Room", new Locator.GetByLabelOptions().setExact(true));
    }

    Locator message() {
        return region().getByRole(AriaRole.TEXTBOX, new Locator.GetByRoleOptions().setName("Message"));
    }

    Locator button(String name) {
        return region().getByRole(
                        AriaRole.BUTTON,
                        new Locator.GetByRoleOptions().setName(name).setExact(true));
    }

    /** The button of a room in the list, which also says how much in it is unread. */
    Locator inList(String room) {
        return region().getByRole(AriaRole.NAVIGATION, new Locator.GetByRoleOptions().setName("Rooms"))
                .getByRole(AriaRole.BUTTON)
                .filter(new Locator.FilterOptions().setHasText(room));
    }

    Locator heading() {
        return region().getByRole(AriaRole.HEADING, new Locator.GetByRoleOptions().setLevel(3));
    }

    Locator status() {
        return region().getByRole(AriaRole.STATUS);
    }

    Locator banner() {
        return region().locator(".banner").filter(new Locator.FilterOptions().setVisible(true));
    }

    Locator people() {
        return region().locator(".people bdi").filter(new Locator.FilterOptions().setVisible(true));
    }

    Locator typing() {
        return region().locator(".typing").filter(new Locator.FilterOptions().setVisible(true));
    }

    Locator log() {
        return region().getByRole(AriaRole.LOG);
    }

    Locator lines() {
        return log().locator("li");
    }

    /** What is on its way and has not come back. */
    Locator pending() {
        return log().locator(".outgoing li");
    }

    private Locator region() {
        return page.getByRole(
                AriaRole.REGION, new Page.GetByRoleOptions().setName("Chat").setExact(true));
    }
}
