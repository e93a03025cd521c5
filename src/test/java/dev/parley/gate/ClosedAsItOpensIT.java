package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.ClosingEndpoint;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Connections that the server closes while they open, and whose clients send at that moment. */
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
        var clients = Executors.newFixedThreadPool(AT_ONCE);
        try {
            Callable<List<String>> client = () -> IntStream.range(0, CONNECTIONS / AT_ONCE)
                    .mapToObj(i -> closed())
                    .filter(outcome -> !outcome.equals("101 1008"))
                    .toList();
            var odd = new ArrayList<String>();
            for (Future<List<String>> outcomes : clients.invokeAll(
                    IntStream.range(0, AT_ONCE).mapToObj(i -> client).toList())) {
                odd.addAll(outcomes.get());
            }
            assertThat(odd).isEmpty();
        } finally {
            clients.shutdownNow();
        }
    }

    private static String closed() {
        try (var socket = RawSocket.connect(base())) {
            int status = socket.handshake(ClosingEndpoint.PATH).status();
            var frame = socket.offer(RawSocket.encode(RawSocket.TEXT, true, true, (byte) 'x'))
                    .nextOrEnd();
            return status + " " + (frame == null ? "end" : frame.opcode() == RawSocket.CLOSE ? frame.code() : frame);
        } catch (RuntimeException | AssertionError e) {
            return e.toString();
        }
    }
}
