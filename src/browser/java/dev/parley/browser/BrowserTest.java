package dev.parley.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import dev.parley.testing.OnServer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/**
 * A test in a browser of its own, which fails if the page complains: an error or a warning on the console, an uncaught
 * error, a violation of the content security policy, a request that failed.
 */
abstract class BrowserTest extends OnServer {

    private static final int WIDE = 1200;
    private static final int PHONE = 360;
    private static final int HIGH = 844;

    /** The console tells of some violations only; the event tells of all. */
    private static final String TELL_OF_VIOLATIONS = "document.addEventListener('securitypolicyviolation', event =>"
            + " console.error('Violates ' + event.violatedDirective + ': ' + event.blockedURI));";

    /** What a browser says of a connection that failed; no script can keep it from doing so. */
    private static final Pattern CUT =
            Pattern.compile("^WebSocket connection to|^Failed: |^Failed to load resource: net::ERR_");

    private static Playwright playwright;
    private static Browser browser;

    private final List<BrowserContext> contexts = new ArrayList<>();
    final List<String> complaints = new ArrayList<>();

    /** The first browser profile of a test: light, and wide as on a desk. */
    BrowserContext profile;

    @BeforeAll
    static void start() {
        playwright = Browsers.playwright();
        browser = Browsers.launch(playwright);
    }

    @AfterAll
    static void stop() {
        playwright.close();
    }

    @BeforeEach
    void openProfile() {
        profile = profile(ColorScheme.LIGHT, WIDE);
    }

    @AfterEach
    void thePageDidNotComplain() {
        contexts.forEach(BrowserContext::close);
        assertThat(complaints).isEmpty();
    }

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    /** The address of the page. */
    static String url() {
        return base() + "/";
    }

    BrowserContext dark() {
        return profile(ColorScheme.DARK, WIDE);
    }

    BrowserContext phone(ColorScheme scheme) {
        return profile(scheme, PHONE);
    }

    private BrowserContext profile(ColorScheme scheme, int width) {
        BrowserContext context = browser.newContext(new Browser.NewContextOptions()
                .setColorScheme(scheme)
                .setReducedMotion(ReducedMotion.REDUCE)
                .setViewportSize(width, HIGH));
        contexts.add(context);
        context.addInitScript(TELL_OF_VIOLATIONS);
        context.onConsoleMessage(message -> {
            if (message.type().equals("error") || message.type().equals("warning")) {
                complaints.add(message.text());
            }
        });
        context.onWebError(error -> complaints.add(error.error()));
        context.onRequestFailed(request -> complaints.add("Failed: " + request.url()));
        context.onResponse(response -> {
            if (response.status() >= 400) {
                complaints.add(response.status() + ": " + response.url());
            }
        });
        return context;
    }

    static Page open(BrowserContext context) {
        return open(context, url());
    }

    /** The page at another address than the server's, such as a proxy's. */
    static Page open(BrowserContext context, String url) {
        Page page = context.newPage();
        page.navigate(url);
        return page;
    }

    /** Holds that the page complained of nothing but connections that the test cut. */
    void forgetWhatWasCut() {
        assertThat(complaints).allMatch(CUT.asPredicate());
        complaints.clear();
    }

    /** A pattern, as the browser reads it, for exactly this text: it does not know Java's {@code \Q}. */
    static String quote(String text) {
        return text.replaceAll("[\\\\^$.*+?()\\[\\]{}|/]", "\\\\$0");
    }

    /** A room that no other test is in. */
    static String freshRoom() {
        return "room-" + UUID.randomUUID();
    }
}
