package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.ClosingEndpoint;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Connections that are closed while they open, or right behind that, and whose clients send at that moment. */
class ClosedAsItOpensIT extends OnServer {

    private static final int CONNECTIONS = 2000;
    private static final int AT_ONCE = 8;

    @Deployment(testable = false)
    static WebArchive war() {
        return parley(ClosingEndpoint.class);
    }

    /**
     * Where the container reads on GlassFish and Payara, Grizzly may give bytes that come at the moment of a close to the request
     * of another connection (hostile.md).
     */
    @Test
    void noBytesReachAnotherConnection() throws Exception {
        Assumptions.assumeTrue(readsFrames());
        assertAll(
                "101 1008",
                () -> closed(ClosingEndpoint.PATH, RawSocket.encode(RawSocket.TEXT, true, true, (byte) 'x')));
    }

    /** Where the container reads on GlassFish and Payara, the request may go to another connection under the thread that is in it. */
    @Test
    void aCloseRightBehindTheHandshakeIsAnswered() throws Exception {
        Assumptions.assumeTrue(readsFrames());
        byte[] close = RawSocket.encode(RawSocket.CLOSE, true, true, (byte) 3, (byte) 0xE8);
        assertAll("101 1000", () -> closed("/ws/echo", close));
    }

    private static void assertAll(String expected, Supplier<String> connection) throws Exception {
        var clients = Executors.newFixedThreadPool(AT_ONCE);
        try {
            Callable<List<String>> client = () -> IntStream.range(0, CONNECTIONS / AT_ONCE)
                    .mapToObj(i -> connection.get())
                    .filter(outcome -> !outcome.equals(expected))
                    .toList();
            var odd = new ArrayList<String>();
            for (Future<List<String>> outcomes : clients.invokeAll(Collections.nCopies(AT_ONCE, client))) {
                odd.addAll(outcomes.get());
            }
            assertThat(odd).isEmpty();
        } finally {
            clients.shutdownNow();
        }
    }

    /** What becomes of a connection whose client sends a frame right behind the handshake. */
    private static String closed(String target, byte[] sent) {
        try (var socket = RawSocket.connect(base())) {
            int status = socket.handshake(target).status();
            var frame = socket.offer(sent).nextOrEnd();
            return status + " " + (frame == null ? "end" : frame.opcode() == RawSocket.CLOSE ? frame.code() : frame);
        } catch (RuntimeException | AssertionError e) {
            return e.toString();
        }
    }
}
