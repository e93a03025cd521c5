package dev.parley.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.Response;
import com.microsoft.playwright.options.AriaRole;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The page as it arrives. */
final class PageIT extends BrowserTest {

    /** Without the policy, no violation of it could be seen by the other tests. */
    @Test
    void thePageArrivesUnderAStrictPolicy() {
        Response response = profile.newPage().navigate(url());
        assertThat(response.headerValue("content-security-policy"))
                .contains("default-src 'none'", "script-src 'self'", "style-src 'self'")
                .doesNotContain("unsafe");
    }

    @Test
    void everythingComesFromTheServerItself() {
        List<String> hosts = new ArrayList<>();
        profile.onRequest(request -> hosts.add(URI.create(request.url()).getAuthority()));
        Page page = open(profile);
        assertThat(page.getByRole(AriaRole.TAB)).hasCount(5);
        assertThat(hosts).isNotEmpty().containsOnly(URI.create(url()).getAuthority());
    }

    @Test
    void thePageConnectsToNothingUnasked() {
        Page page = profile.newPage();
        page.onWebSocket(socket -> complaints.add("Connected to " + socket.url()));
        page.navigate(url() + "?room=main&user=Ada");
        assertThat(new Chat(page).user()).hasValue("Ada");
        assertThat(page.getByText("It is quiet here")).isVisible();
        assertThat(page.getByRole(AriaRole.TABPANEL).getByText("Nothing on the wire yet"))
                .isVisible();
    }
}
