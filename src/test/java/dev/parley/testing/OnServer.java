package dev.parley.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.awaitility.Awaitility;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test that is a client of the WAR, deployed on whichever server this build runs.
 *
 * <p>What a test opens is closed after it. Nothing here sleeps: each wait ends with what it waits for, or fails at
 * {@link #DEADLINE}.
 */
@ExtendWith(ArquillianExtension.class)
public abstract class OnServer {

    /** How long anything may take that takes milliseconds: long, because the build machine may be busy. */
    public static final Duration DEADLINE = Duration.ofSeconds(20);

    /** Where the build had the server listen; the WAR's context root is {@code /}, whatever an adapter makes of it. */
    private static final URI BASE = URI.create("http://127.0.0.1:" + Integer.getInteger("it.http.port"));

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /** For subclasses. */
    protected OnServer() {}

    /** The WAR as the build packaged it, with classes of the test added. */
    protected static WebArchive parley(Class<?>... more) {
        var file = new File(System.getProperty("it.war"));
        return ShrinkWrap.createFromZipFile(WebArchive.class, file).addClasses(more);
    }

    /** The same with settings of its own, each a line of {@code META-INF/parley.conf}; a system property still wins. */
    protected static WebArchive parleyWith(List<String> settings, Class<?>... more) {
        return parley(more).addAsResource(new StringAsset(String.join("\n", settings)), "META-INF/parley.conf");
    }

    /** Whether this run is on that server: {@code glassfish}, {@code wildfly} or {@code payara}. */
    protected static boolean on(String server) {
        return server.equals(System.getProperty("it.server"));
    }

    /** Whether Parley reads the connections itself, on this server and with this {@code -Dparley.writer}; else the container does. */
    protected static boolean readsFrames() {
        return "auto".equals(System.getProperty("parley.writer"));
    }

    /** The server's root. */
    protected static URI base() {
        return BASE;
    }

    /** A client of messages, open. */
    protected final Client connect(String target, String... headers) {
        return keep(Client.connect(base(), target, headers));
    }

    /** A client of frames, open. */
    protected final RawSocket open(String target, String... headers) {
        return keep(RawSocket.open(base(), target, headers));
    }

    /** A socket that has said nothing yet. */
    protected final RawSocket socket() {
        return keep(RawSocket.connect(base()));
    }

    /** Waits until the hub counts so many peers and rooms; for a deployment with {@link HubEndpoint}. */
    protected final void awaitHub(int peers, int rooms) {
        try (var client = Client.connect(base(), HubEndpoint.PATH)) {
            Awaitility.await().atMost(DEADLINE.multipliedBy(3)).untilAsserted(() -> assertThat(
                            client.text("how many?").nextText())
                    .as("peers and rooms")
                    .isEqualTo(peers + " " + rooms));
        }
    }

    /** Closes it after the test. */
    protected final <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    /** A text as one part of a URL. */
    protected static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @AfterEach
    final void closeWhatWasOpened() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }
}
