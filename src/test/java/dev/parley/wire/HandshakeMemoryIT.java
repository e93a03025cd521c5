package dev.parley.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.OnServer;
import dev.parley.testing.ServerProcess;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** What Undertow keeps of a handshake while its socket is open; Grizzly's socket goes on with its request. */
@EnabledIfSystemProperty(named = "it.server", matches = "wildfly")
class HandshakeMemoryIT extends OnServer {

    private static final int SOCKETS = 400; // many more than threads, each of which may hold its last

    /** A line of the histogram, with the number of instances. */
    private static final Pattern EXCHANGES =
            Pattern.compile("(?m)^\\s*\\d+:\\s+(\\d+)\\s+\\d+\\s+io\\.undertow\\.server\\.HttpServerExchange");

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    @Test
    void anOpenSocketHoldsNoExchange() {
        int before = exchanges(); // of tests before: a pool's thread holds its last task, and that an application
        var sockets = IntStream.range(0, SOCKETS)
                .mapToObj(i -> open("/ws/echo?prefix="))
                .toList();
        sockets.forEach(socket -> socket.text("here").expectText("here"));
        assertThat(exchanges() - before).isLessThan(SOCKETS / 2);
        sockets.forEach(socket -> socket.text("still").expectText("still"));
    }

    private static int exchanges() {
        return EXCHANGES
                .matcher(ServerProcess.jcmd("GC.class_histogram"))
                .results()
                .mapToInt(found -> Integer.parseInt(found.group(1)))
                .sum();
    }
}
