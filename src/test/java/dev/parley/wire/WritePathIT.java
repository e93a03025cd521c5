package dev.parley.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.HubEndpoint;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import dev.parley.testing.Swarm;
import dev.parley.testing.WriterEndpoint;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What comes over the wire while batches are under way, every byte parsed; on the write path that {@code -Dparley.writer}
 * chooses.
 */
class WritePathIT extends OnServer {

    /** More than the kernel takes for a socket that is not read, and less than a room keeps for a member that lags. */
    private static final int MESSAGES = 7_000;

    private static final int LENGTH = 1000;
    private static final int WINDOW = 40;

    @Deployment(testable = false)
    static WebArchive war() {
        return parley(HubEndpoint.class, WriterEndpoint.class);
    }

    @Test
    void theBestWayIsTakenUnlessAnotherIsAskedFor() {
        String own = readsFrames() ? "FrameConnection" : on("wildfly") ? "UndertowWriter" : "TyrusWriter";
        boolean portable = "portable".equals(System.getProperty("parley.writer"));
        connect(WriterEndpoint.PATH).text("which?").expectText(portable ? "PortableWriter" : own);
    }

    @Test
    void aConnectionThatBreaksInTheMiddleOfABatchHurtsNobodyElse() throws Exception {
        awaitHub(0, 0);
        var swarm = keep(new Swarm(base(), "/ws/chat/broken", 5, MESSAGES, LENGTH));
        var stuck = List.of(lateReader("/ws/chat/broken"), lateReader("/ws/chat/broken"));
        awaitHub(7, 1);
        swarm.talk(5, MESSAGES - 500, () -> stuck.forEach(RawSocket::reset));
        assertThat(swarm.distinct()).isEqualTo(MESSAGES);
        assertThat(swarm.fellOut()).isZero();
        awaitHub(5, 1);
        swarm.close();
        awaitHub(0, 0);
    }

    @Test
    void aReaderThatPausedUntilItsSocketWasFullMissesNothing() {
        var reader = lateReader("/ws/chat/late?user=late").expectText("* late joined");
        var swarm = keep(new Swarm(base(), "/ws/chat/late", 3, MESSAGES, LENGTH));
        swarm.talk(3);
        for (int i = 0; i < 3; i++) {
            assertThat(line(reader)).isEqualTo("* m" + i + " joined");
        }
        int[] order = new int[MESSAGES];
        for (int i = 0; i < MESSAGES; i++) {
            var line = line(reader);
            order[i] = Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
        }
        assertThat(order).isEqualTo(swarm.order());
        reader.text("here");
        assertThat(line(reader)).isEqualTo("late: here");
    }

    @ParameterizedTest
    @CsvSource({"/ws/echo?prefix=, '', ''", "/ws/chat/pongs, 'user: ', * a user joined"})
    void pongsAndACloseStandBetweenTheFramesOfBatches(String target, String prefix, String greeting) {
        var socket = open(target);
        if (!greeting.isEmpty()) {
            socket.expectText(greeting);
        }
        for (int round = 0; round < 50; round++) {
            socket.write(pipelined(round, true));
            var texts = new ArrayList<String>();
            var pongs = new ArrayList<String>();
            while (texts.size() < WINDOW || pongs.size() < WINDOW / 8) {
                var frame = socket.next();
                assertThat(frame.fin()).isTrue();
                assertThat(frame.opcode()).isIn(RawSocket.TEXT, RawSocket.PONG);
                (frame.opcode() == RawSocket.TEXT ? texts : pongs).add(frame.text());
            }
            assertThat(texts).isEqualTo(lines(prefix, round));
            assertThat(pongs).isEqualTo(pings(round));
        }
        socket.write(pipelined(50, false)).close(1000, "enough");
        assertCloseAfterSomeOf(lines(prefix, 50), socket, 1000);
        socket.expectEnd();
    }

    @Test
    void aCloseOfTheServersOwnStandsBehindWholeFrames() {
        var socket = open("/ws/chat/closes").expectText("* a user joined");
        socket.write(pipelined(0, false)).frame(RawSocket.BINARY, true, (byte) 1);
        assertCloseAfterSomeOf(lines("user: ", 0), socket, 1003);
        socket.close(1003, "").expectEnd();
    }

    /** A client whose socket soon is full when it does not read. */
    private RawSocket lateReader(String target) {
        var socket = keep(RawSocket.connect(base(), 64 * 1024));
        socket.upgrade(target);
        return socket;
    }

    /** The next text; a ping on the way is answered. */
    private static String line(RawSocket socket) {
        var frame = socket.next();
        if (frame.opcode() == RawSocket.PING) {
            return line(socket.frame(RawSocket.PONG, true, frame.payload()));
        }
        assertThat(frame.opcode()).as("%s", frame).isEqualTo(RawSocket.TEXT);
        assertThat(frame.fin()).as("%s", frame).isTrue();
        return frame.text();
    }

    /** A window of texts, in one write; with a ping behind each eighth if asked for. */
    private static byte[] pipelined(int round, boolean pings) {
        var bytes = new ByteArrayOutputStream();
        for (int i = 0; i < WINDOW; i++) {
            bytes.writeBytes(RawSocket.encode(RawSocket.TEXT, true, true, utf8(round + " € " + i)));
            if (pings && i % 8 == 7) {
                bytes.writeBytes(RawSocket.encode(RawSocket.PING, true, true, utf8("p" + round + "-" + i)));
            }
        }
        return bytes.toByteArray();
    }

    private static List<String> lines(String prefix, int round) {
        var lines = new ArrayList<String>();
        for (int i = 0; i < WINDOW; i++) {
            lines.add(prefix + round + " € " + i);
        }
        return lines;
    }

    private static List<String> pings(int round) {
        var pings = new ArrayList<String>();
        for (int i = 7; i < WINDOW; i += 8) {
            pings.add("p" + round + "-" + i);
        }
        return pings;
    }

    /** What was still under way when the close came may be lost, but nothing before it. */
    private static void assertCloseAfterSomeOf(List<String> lines, RawSocket socket, int code) {
        var texts = new ArrayList<String>();
        var frame = socket.next();
        for (; frame.opcode() == RawSocket.TEXT; frame = socket.next()) {
            texts.add(frame.text());
        }
        assertThat(frame.opcode()).as("%s", frame).isEqualTo(RawSocket.CLOSE);
        assertThat(frame.code()).as("%s", frame).isEqualTo(code);
        assertThat(texts).isEqualTo(lines.subList(0, texts.size()));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
