package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.Api;
import dev.parley.testing.HubEndpoint;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way in which a connection can end is told to its endpoint once, with the code that fits. */
class EndsIT extends OnServer {

    private static final byte[] TEXT = RawSocket.encode(RawSocket.TEXT, true, true, (byte) 'x');

    /** A container that reads tells its endpoint what it likes of frames that break a rule: Undertow 1006. */
    private static final Set<Integer> BROKEN_FRAMES = Set.of(1002, 1007);

    @Deployment(testable = false)
    static WebArchive war() {
        return parley(HubEndpoint.class);
    }

    @BeforeEach
    void quiet() {
        awaitHub(0, 0);
    }

    static Stream<Arguments> ends() {
        return Stream.of(
                end("FIN before any message", 1006, RawSocket::halfClose),
                end("reset before any message", 1006, RawSocket::reset),
                end("FIN after a message", 1006, socket -> echoed(socket).halfClose()),
                end("reset after a message", 1006, socket -> echoed(socket).reset()),
                end("FIN within a frame", 1006, socket -> socket.write(Arrays.copyOf(TEXT, 5))
                        .halfClose()),
                end("FIN within a message", 1006, socket -> socket.frame(RawSocket.TEXT, false, (byte) 'x')
                        .halfClose()),
                end("close 1000", 1000, socket -> socket.close(1000, "done").expectClose(1000)),
                end("close 4001", 4001, socket -> socket.close(4001, "").expectClose(4001)),
                end("close and FIN at once", 1000, socket -> socket.close(1000, "")
                        .halfClose()),
                end(
                        "close behind messages",
                        1000,
                        socket -> socket.write(TEXT).write(TEXT).close(1000, "").drain()),
                end("close within a message", 1000, socket -> socket.frame(RawSocket.TEXT, false, (byte) 'x')
                        .close(1000, "")
                        .expectClose(1000)),
                end("invalid UTF-8", 1007, socket -> socket.frame(RawSocket.TEXT, true, (byte) 0xff)
                        .expectClose(1007)),
                end("reserved bits", 1002, socket -> socket.frame(0x70 | RawSocket.TEXT, true, (byte) 'x')
                        .expectClose(1002)),
                end("too long", 1009, socket -> socket.offer(
                                RawSocket.encode(RawSocket.TEXT, true, true, new byte[64 * 1024 + 1]))
                        .expectClose(1009)));
    }

    private static Arguments end(String words, int code, Consumer<RawSocket> end) {
        return Arguments.of(words, code, end);
    }

    private static RawSocket echoed(RawSocket socket) {
        return socket.write(TEXT).expectText("echo: x");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ends")
    void anEndIsToldOnceWithItsCode(String words, int code, Consumer<RawSocket> end) {
        double before = closes(code);
        double all = closes(0);
        var sockets = Stream.generate(() -> open("/ws/echo")).limit(5).toList();
        awaitHub(5, 0);
        sockets.forEach(end);
        awaitHub(0, 0);
        await().untilAsserted(() -> assertThat(closes(0) - all).as("all codes").isEqualTo(5));
        if (readsFrames() || !BROKEN_FRAMES.contains(code)) {
            assertThat(closes(code) - before).isEqualTo(5);
        }
    }

    /** How often connections have ended with a code, or with any if it is 0. */
    private static double closes(int code) {
        var word = code >= 3000 ? "other" : String.valueOf(code);
        return new Api(base()).metric("parley_closes_total" + (code == 0 ? "" : "{code=\"" + word + '"'));
    }
}
