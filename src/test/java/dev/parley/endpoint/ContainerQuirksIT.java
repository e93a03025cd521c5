package dev.parley.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import java.time.Duration;
import java.util.Arrays;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where a container answers before the WAR is asked, or is wrong, what it does today. A test that fails here after an
 * upgrade of a server is good news.
 */
class ContainerQuirksIT extends OnServer {

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    /** RFC 6455 §5.1 wants such a connection closed; Tyrus's reader takes the frame as it is. */
    @Test
    void anUnmaskedFrameIsAcceptedByTyrus() {
        var socket = open("/ws/echo");
        socket.write(RawSocket.encode(RawSocket.TEXT, true, false, (byte) 'x'));
        if (on("wildfly") || readsFrames()) {
            socket.expectClose(1002);
        } else {
            socket.expectText("echo: x");
        }
    }

    /** A frame that does not fit the buffer of Tyrus's reader is closed as a bug of the server's instead of as too long. */
    @Test
    void aFrameLargerThanTheContainersBufferIs1011OnTyrus() {
        var socket = open("/ws/echo");
        socket.offer(RawSocket.encode(RawSocket.BINARY, true, true, new byte[2 * 1024 * 1024]));
        socket.expectClose(on("wildfly") || readsFrames() ? 1009 : 1011);
    }

    /** GlassFish takes a colon in a path for a list of URL patterns and fails before any filter is asked. */
    @ParameterizedTest
    @ValueSource(strings = {"/ws/chat/a:b", "/ws/chat/%24%7Bjndi%3Ax%7D"})
    void aColonInAPathIsRefusedByGlassFishItself(String target) {
        int status = socket().handshake(target).status();
        assertThat(status).isEqualTo(on("glassfish") ? 503 : 400);
    }

    /** Grizzly decodes the path before any filter is asked; what it makes of a failure is no handshake at least. */
    @ParameterizedTest
    @CsvSource({"/ws/chat/%zz, 500, 200, 400", "/ws/chat/a%00b, 500, 400, 400"})
    void aPathThatCannotBeDecodedIsAnsweredByTheServerItself(String target, int glassfish, int payara, int wildfly) {
        assertThat(socket().handshake(target).status())
                .isEqualTo(on("glassfish") ? glassfish : on("payara") ? payara : wildfly);
    }

    /** RFC 6455 §5.2 has the top bit of a length at 0. Undertow's reader neither answers nor reads on; the heartbeat ends it. */
    @Test
    void aLengthWithItsTopBitSetIsNeverAnsweredByUndertow() {
        var socket = open("/ws/echo");
        var head = RawSocket.encode(RawSocket.BINARY, true, true, new byte[0x10000]);
        head[2] = (byte) 0x80;
        socket.write(head);
        if (on("wildfly") && !readsFrames()) {
            assertThat(socket.within(Duration.ofSeconds(1)).hasEnded()).isFalse();
        } else {
            assertThat(socket.next().code()).isIn(1002, 1009, 1011);
        }
    }

    /** Undertow's reader waits for the rest of a close frame after the client has ended what it sends; the heartbeat ends it. */
    @Test
    void aCloseCutShortIsNeverAnsweredByUndertow() {
        var socket = open("/ws/echo");
        var close = RawSocket.encode(RawSocket.CLOSE, true, true, new byte[38]);
        socket.write(Arrays.copyOf(close, 7)).halfClose();
        assertThat(socket.within(Duration.ofSeconds(1)).hasEnded()).isEqualTo(!on("wildfly") || readsFrames());
    }
}
