package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.RawSocket;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Frames that are too long, too many or compressed. */
class FramesIT extends Hostile {

    /** {@code parley.limits.text} and {@code parley.limits.binary}, as shipped. */
    private static final int LIMIT = 64 * 1024;

    /** What a server keeps of the first of their kind, such as a buffer per thread, is no growth. */
    private static final int WARM_UP = 4;

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int DECLARED = 20;
    private static final int FLOODS = 50;
    private static final int FLOOD = 131_072;

    private static final boolean OWN = System.getProperty("parley.writer").equals("auto");

    /** {@code parley.limits.fragments}, as shipped; Undertow joins fragments itself, so there the limit is one of bytes. */
    private static final int FRAGMENTS = OWN || !Server.NAME.equals("wildfly") ? 1024 : LIMIT;

    @Test
    void oversize() throws Exception {
        row(Threat.OVERSIZE, found -> {
            for (int i = 0; i < WARM_UP; i++) {
                oversize(new Findings()).forEach(RawSocket::close);
            }
            int connected = server.connections();
            long before = server.heap();
            oversize(found).forEach(RawSocket::close);
            await().atMost(PATIENCE).until(() -> server.connections() <= connected);
            long grown = server.heap() - before;
            found.add("heap %+.1f MB", grown / 1e6);
            assertThat(grown).as("heap growth").isLessThan(2 * MB);
        });
    }

    /** What it gives back is still connected. */
    private List<RawSocket> oversize(Findings found) {
        var most = "x".repeat(LIMIT);
        try (var socket = open("/ws/echo?prefix=")) {
            socket.text(most).expectText(most);
            socket.write(fragments(RawSocket.TEXT, most, 1000)).expectText(most);
            socket.trickle(RawSocket.encode(RawSocket.TEXT, true, true, "one byte per segment".getBytes()))
                    .expectText("one byte per segment");
            assertThat(socket.text(most + "x").expectClose(1009)).isEqualTo("the message is too long");
        }
        found.add("%,d bytes pass, one more 1009", LIMIT);
        try (var socket = open("/ws/echo")) {
            socket.frame(RawSocket.BINARY, true, new byte[LIMIT + 1]).expectClose(1009);
        }
        try (var socket = open("/ws/echo")) {
            assertThat(tolerant(socket, fragments(RawSocket.TEXT, "x".repeat(LIMIT + 2000), 1000)))
                    .as("fragments past the limit")
                    .isEqualTo(1009);
        }
        found.add("in fragments 1009");
        var codes = new TreeSet<Integer>();
        var held = new ArrayList<RawSocket>();
        for (int i = 0; i < DECLARED; i++) {
            var socket = open("/ws/echo");
            held.add(socket);
            codes.add(tolerant(socket, gigabyte(i % 2 == 0 ? RawSocket.TEXT : RawSocket.BINARY)));
        }
        found.add("1 GiB declared and 2 MB of it sent, on %d connections: %s", DECLARED, codes);
        // Where Tyrus reads the frames, one that is longer than its buffer is 1011: ContainerQuirksIT.
        boolean tyrus = !OWN && !Server.NAME.equals("wildfly");
        assertThat(codes).as("1 GiB declared").containsExactly(tyrus ? 1011 : 1009);
        return held;
    }

    @Test
    void fragmentFlood() throws Exception {
        row(Threat.FRAGMENT_FLOOD, found -> {
            var flood = new byte[7 * FLOOD];
            var first = RawSocket.encode(RawSocket.TEXT, false, true, (byte) 'x');
            var next = RawSocket.encode(RawSocket.CONTINUATION, false, true, (byte) 'x');
            for (int i = 0; i < FLOOD; i++) {
                System.arraycopy(i == 0 ? first : next, 0, flood, 7 * i, 7);
            }
            long processor = server.processorMillis();
            int closed = 0;
            int within = 0;
            for (int i = 0; i < FLOODS; i++) {
                try (var socket = open("/ws/echo")) {
                    // The fragment after the last that may come is the one that closes.
                    within += tolerant(socket, Arrays.copyOf(flood, 7 * (FRAGMENTS + 1))) == 1009 ? 1 : 0;
                }
                try (var socket = open("/ws/echo")) {
                    closed += tolerant(socket, flood) == 1009 ? 1 : 0;
                }
            }
            found.add("%d of %d closed 1009 by fragment %,d", within, FLOODS, FRAGMENTS + 1);
            found.add("%d of %d floods closed 1009", closed, FLOODS);
            found.add("%d ms of processor each", (server.processorMillis() - processor) / FLOODS / 2);
            assertThat(within).as("closed by fragment %d", FRAGMENTS + 1).isEqualTo(FLOODS);
            assertThat(closed).as("closed while the flood went on").isEqualTo(FLOODS);
        });
    }

    @Test
    void inflationBomb() throws Exception {
        row(Threat.INFLATION_BOMB, found -> {
            var offers = List.of(
                    "permessage-deflate",
                    "permessage-deflate; client_max_window_bits; server_no_context_takeover",
                    "x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=8");
            for (var offer : offers) {
                try (var socket = RawSocket.connect(server.base())) {
                    // It checks that no extension is answered.
                    socket.upgrade("/ws/echo", "Sec-WebSocket-Extensions", offer);
                    socket.frame(0x40 | RawSocket.TEXT, true, new byte[1000]);
                    socket.expectClose(1002);
                }
            }
            found.add("%d offers, none answered; a compressed frame is 1002", offers.size());
        });
    }

    private RawSocket open(String target) {
        return RawSocket.open(server.base(), target);
    }

    /** Writes until the server has had enough; the code of its close, 1006 if a reset was faster than the code. */
    private static int tolerant(RawSocket socket, byte[] bytes) {
        try {
            socket.write(bytes);
        } catch (UncheckedIOException e) {
            // It has closed: the code may still be there to read.
        }
        var frame = socket.nextOrEnd();
        return frame == null ? 1006 : frame.opcode() == RawSocket.CLOSE ? frame.code() : -1;
    }

    /** The head of a frame of 1 GiB and the first two megabytes of it. */
    private static byte[] gigabyte(int opcode) {
        return ByteBuffer.allocate(14 + (2 << 20))
                .put((byte) (0x80 | opcode))
                .put((byte) (0x80 | 127))
                .putLong(1L << 30)
                .array();
    }

    private static byte[] fragments(int opcode, String message, int size) {
        var bytes = message.getBytes(StandardCharsets.US_ASCII);
        var all = ByteBuffer.allocate(bytes.length + 14 * (bytes.length / size + 1));
        for (int from = 0; from < bytes.length; from += size) {
            int to = Math.min(bytes.length, from + size);
            all.put(RawSocket.encode(
                    from == 0 ? opcode : RawSocket.CONTINUATION,
                    to == bytes.length,
                    true,
                    Arrays.copyOfRange(bytes, from, to)));
        }
        return Arrays.copyOf(all.array(), all.position());
    }
}
