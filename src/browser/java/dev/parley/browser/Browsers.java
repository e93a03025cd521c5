package dev.parley.browser;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Starts the Chromium of the machine; none is downloaded. */
final class Browsers {

    private static final List<String> QUIET = List.of(
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync");

    private Browsers() {}

    static Playwright playwright() {
        return Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    }

    static Browser launch(Playwright playwright) {
        return playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(executable())
                        .setArgs(QUIET));
    }

    /** System property {@code browser.executable}, else {@code CHROMIUM} in the environment, else what is installed. */
    private static Path executable() {
        String asked = System.getProperty("browser.executable", System.getenv().getOrDefault("CHROMIUM", ""));
        if (!asked.isBlank()) {
            return Path.of(asked);
        }
        Optional<Path> found = Stream.concat(
                        Stream.of("/usr/bin"), Stream.of(System.getenv("PATH").split(":")))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
        return found.orElseThrow(() -> new IllegalStateException(
                "No Chromium found: install one, or name it with -Dbrowser.executable=PATH."));
    }
}
