package dev.parley.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Hundreds of clients of one plain chat room on one selector and one thread, the test's: light enough to share two cores
 * with the server.
 *
 * <p>Every message is a number. The first client to see a place in the room's order decides what stands there, and every
 * other client is held against it, so one array proves that all saw the same messages, once, in the same order. A client may
 * fall out only by a close 1013, and then only loses the rest.
 */
public final class Swarm implements AutoCloseable {

    /** How long nothing at all may come before that is a failure. */
    private static final Duration STALL = Duration.ofSeconds(30);

    private static final int OUTSTANDING = 32;

    private final Selector selector;
    private final List<Member> members = new ArrayList<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 18);
    private final int[] order;
    private final int total;
    private final String padding;
    private int seen;
    private int sent;
    private long deliveries;
    private long nanos;
    private int fellOut;

    /** Connects so many clients, one after the other, to a room, in which so many messages of that length will be said. */
    public Swarm(URI base, String room, int clients, int messages, int length) {
        total = messages;
        padding = length > 8 ? "x".repeat(length - 8) + " " : "";
        order = new int[messages];
        try {
            selector = Selector.open();
            for (int i = 0; i < clients; i++) {
                var member = new Member(base, room, "m" + i);
                members.add(member);
                run(() -> member.joined);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lets the first clients say all messages, each with at most 32 of its own unseen; returns when all are seen by all. */
    public void talk(int senders) {
        talk(senders, 0, () -> {});
    }

    /** The same; does something once so many different messages have been seen. */
    public void talk(int senders, int after, Runnable something) {
        long start = System.nanoTime();
        members.subList(0, senders).forEach(Member::sendMore);
        run(() -> seen >= after);
        something.run();
        // What a sender that fell out had not seen may never have been said.
        run(() -> sent == total
                && members.stream().allMatch(member -> member.gone || member.next == seen && member.unseen == 0));
        nanos = System.nanoTime() - start;
    }

    /** Reads on until this holds. */
    public void run(BooleanSupplier until) {
        long last = System.nanoTime();
        try {
            while (!until.getAsBoolean()) {
                if (selector.select(key -> ((Member) key.attachment()).ready(), 1000) > 0) {
                    last = System.nanoTime();
                } else if (System.nanoTime() - last > STALL.toNanos()) {
                    throw new AssertionError("nothing came for " + STALL + ": " + this);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The messages in the room's order, as far as they were seen. */
    public int[] order() {
        return Arrays.copyOf(order, seen);
    }

    /** How many different messages were seen. */
    public int distinct() {
        return (int) Arrays.stream(order, 0, seen).distinct().count();
    }

    /** How many clients were closed with 1013. */
    public int fellOut() {
        return fellOut;
    }

    /** What happened, in one line. */
    @Override
    public String toString() {
        double seconds = nanos / 1e9;
        return String.format(
                "%d clients, %d messages: %d deliveries in %.1f s, %.0f a second, %d closed with 1013",
                members.size(), seen, deliveries, seconds, deliveries / seconds, fellOut);
    }

    @Override
    public void close() throws IOException {
        for (var member : members) {
            member.channel.close();
        }
        selector.close();
    }

    /** One client: what it has read of the room's order, and what it may still say. */
    private final class Member {
        private final String name;
        private final byte[] own;
        private final byte[] joining;
        private final SocketChannel channel;
        private byte[] rest = {};
        private boolean upgraded;
        private boolean joined;
        private boolean gone;
        private int next;
        private int unseen;
        private int lastOwn = -1;

        Member(URI base, String room, String name) throws IOException {
            this.name = name;
            own = (name + ": ").getBytes(StandardCharsets.US_ASCII);
            joining = ("* " + name + " joined").getBytes(StandardCharsets.US_ASCII);
            channel = SocketChannel.open(new InetSocketAddress(base.getHost(), base.getPort()));
            write(ByteBuffer.wrap(("GET " + room + "?user=" + name + " HTTP/1.1\r\nHost: " + base.getAuthority()
                            + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII)));
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, this);
        }

        void ready() {
            try {
                buffer.clear().put(rest);
                int count = channel.read(buffer);
                buffer.flip();
                if (count < 0) {
                    throw new IOException("the connection ended without a close frame");
                }
                while (!gone && frame()) {
                    // each frame is handled as it is read
                }
                rest = new byte[gone ? 0 : buffer.remaining()];
                buffer.get(rest);
            } catch (IOException e) {
                throw new AssertionError(name + " at " + next + " of " + Swarm.this, e);
            }
        }

        /** Reads a frame, or the handshake's answer; false if there is none whole. */
        private boolean frame() throws IOException {
            buffer.mark();
            if (!upgraded) {
                return upgraded = handshake();
            }
            if (buffer.remaining() < 2) {
                return false;
            }
            int opcode = buffer.get() & 0xFF;
            int length = buffer.get();
            if (length < 0 || length == 127) {
                throw new IOException("masked, or longer than any line of this room");
            }
            if (length == 126) {
                length = buffer.remaining() < 2 ? Integer.MAX_VALUE : buffer.getShort() & 0xFFFF;
            }
            if (buffer.remaining() < length) {
                buffer.reset();
                return false;
            }
            int end = buffer.position() + length;
            switch (opcode) {
                case 0x80 | RawSocket.TEXT -> text(end);
                case 0x80 | RawSocket.PING -> pong(end);
                case 0x80 | RawSocket.CLOSE -> {
                    int code = buffer.getShort() & 0xFFFF;
                    if (code != 1013) {
                        throw new IOException("closed with " + code);
                    }
                    gone = true;
                    fellOut++;
                    channel.close();
                }
                default -> throw new IOException("a frame starts with " + opcode);
            }
            buffer.position(end);
            return true;
        }

        private boolean handshake() throws IOException {
            for (int i = buffer.position(); i + 3 < buffer.limit(); i++) {
                if (buffer.getInt(i) == 0x0D0A0D0A) {
                    if (buffer.getInt(buffer.position() + 8) != 0x20313031) { // what follows HTTP/1.1 is not " 101"
                        throw new IOException("the handshake was refused");
                    }
                    buffer.position(i + 4);
                    return true;
                }
            }
            return false;
        }

        private void text(int end) throws IOException {
            int start = buffer.position();
            if (buffer.get(start) == '*') {
                joined |= matches(start, end, joining) && end - start == joining.length;
                return;
            }
            int number = 0;
            int i = end;
            for (int scale = 1; buffer.get(i - 1) != ' '; scale *= 10) {
                number += (buffer.get(--i) - '0') * scale;
            }
            if (next == total) {
                throw new IOException("saw " + number + " after all had been said");
            } else if (next == seen) {
                order[seen++] = number;
            } else if (order[next] != number) {
                throw new IOException("saw " + number + " where others saw " + order[next]);
            }
            next++;
            deliveries++;
            if (matches(start, end, own)) {
                if (number <= lastOwn) {
                    throw new IOException("saw its own " + number + " after its own " + lastOwn);
                }
                lastOwn = number;
                unseen--;
                sendMore();
            }
        }

        private boolean matches(int start, int end, byte[] text) {
            if (end - start < text.length) {
                return false;
            }
            for (int i = 0; i < text.length; i++) {
                if (buffer.get(start + i) != text[i]) {
                    return false;
                }
            }
            return true;
        }

        private void pong(int end) throws IOException {
            var payload = new byte[end - buffer.position()];
            buffer.get(payload);
            write(ByteBuffer.wrap(RawSocket.encode(RawSocket.PONG, true, true, payload)));
        }

        void sendMore() {
            try {
                while (!gone && unseen < OUTSTANDING && sent < total) {
                    unseen++;
                    var text = (padding + sent++).getBytes(StandardCharsets.US_ASCII);
                    write(ByteBuffer.wrap(RawSocket.encode(RawSocket.TEXT, true, true, text)));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(name, e);
            }
        }

        /** What is outstanding fits the socket's buffer many times over, so this does not spin. */
        private void write(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                if (channel.write(bytes) == 0) {
                    Thread.onSpinWait();
                }
            }
        }
    }
}
