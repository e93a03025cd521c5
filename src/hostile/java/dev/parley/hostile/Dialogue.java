package dev.parley.hostile;

import dev.parley.testing.RawSocket;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * One dialogue of the fuzzer, made from a number alone: what a client writes, right or wrong, and what a server that
 * echoes may answer. The same number makes the same dialogue.
 */
final class Dialogue {

    /** Longer than any message may be: 64 KiB. */
    private static final int TOO_LONG = 64 * 1024 + 1;

    private static final int MOST_STEPS = 12;

    /** One of each length of UTF-8. */
    private static final String[] LETTERS = {"a", "ß", "€", "𝄞", "\u0000", "\uFEFF", "\uD7FF", "\uDBFF\uDFFF"};

    private static final byte[][] NOT_UTF8 = {
        {(byte) 0xC0, (byte) 0x80}, // longer than it has to be
        {(byte) 0xED, (byte) 0xA0, (byte) 0x80}, // half a surrogate pair
        {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80}, // beyond U+10FFFF
        {(byte) 0x80}, // a continuation of nothing
        {(byte) 0xE2, (byte) 0x82}, // cut short
        {(byte) 0xFF}
    };

    private static final int[] NO_CLOSE_CODES = {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535};

    private final Random random;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final List<String> steps = new ArrayList<>();

    /** The messages of the part before the first mistake, as they must come back. */
    final List<RawSocket.Frame> echoes = new ArrayList<>();

    /** The payloads of its pings. */
    final List<byte[]> pings = new ArrayList<>();

    /** Whether it keeps RFC 6455 and the limits. Then the close is left to do, when all has come back. */
    boolean right = true;

    /** Whether it wrote more after a mistake: then the server's reset may overtake its close. */
    boolean wroteOn;

    /** Whether the last frame is not whole, so that the end of the connection is the only way on. */
    boolean cutShort;

    /** Whether it declared a frame longer than Tyrus's buffer, which answers 1011. */
    boolean declaredTooMuch;

    /** Whether the mistake is one that a server may let pass. */
    private boolean mayBeTaken;

    private int fragmented; // the opcode of the message under way, 0 if none is
    private ByteArrayOutputStream message = new ByteArrayOutputStream();
    private byte[] uncut = {}; // of the text under way, what the last fragment left

    Dialogue(long number) {
        random = new Random(number);
        int count = 1 + random.nextInt(MOST_STEPS);
        // One in four is right to its end.
        int mistake = random.nextInt(4) == 0 ? -1 : random.nextInt(count);
        boolean goesOn = random.nextInt(3) == 0;
        for (int i = 0; i < count && !cutShort; i++) {
            if (i == mistake) {
                mistake();
                if (!goesOn) {
                    break;
                }
            } else {
                wroteOn |= !right;
                rightStep();
            }
        }
        if (right && fragmented != 0) {
            continuation(true);
        }
        if (!right && !cutShort && (wroteOn || mayBeTaken)) {
            wroteOn = true;
            close(1000);
        }
    }

    /** What the client writes, in pieces that end anywhere. */
    List<byte[]> writes() {
        var all = bytes.toByteArray();
        var pieces = new ArrayList<byte[]>();
        int most = random.nextInt(3) == 0 ? 3 : all.length;
        // Many small pieces would only be slow.
        if (all.length > 2000) {
            most = all.length;
        }
        for (int from = 0; from < all.length; ) {
            int to = Math.min(all.length, from + 1 + random.nextInt(Math.max(1, most)));
            pieces.add(Arrays.copyOfRange(all, from, to));
            from = to;
        }
        return pieces;
    }

    private void rightStep() {
        switch (random.nextInt(fragmented == 0 ? 6 : 4)) {
            case 0 -> {
                var payload = noise(random.nextInt(126));
                pings.add(payload);
                frame("ping", RawSocket.PING, true, payload);
            }
            case 1 -> frame("pong", RawSocket.PONG, true, noise(random.nextInt(126)));
            case 2, 3 -> {
                if (fragmented != 0) {
                    continuation(random.nextInt(2) == 0);
                } else {
                    whole();
                }
            }
            case 4 -> whole();
            default -> {
                fragmented = random.nextBoolean() ? RawSocket.TEXT : RawSocket.BINARY;
                message = new ByteArrayOutputStream();
                var part = fragmented == RawSocket.TEXT ? cut(text()) : noise(size());
                message.writeBytes(part);
                frame("first fragment", fragmented, false, part);
            }
        }
    }

    private void whole() {
        int opcode = random.nextBoolean() ? RawSocket.TEXT : RawSocket.BINARY;
        var payload = opcode == RawSocket.TEXT ? text() : noise(size());
        frame("message", opcode, true, payload);
        echo(opcode, payload);
    }

    private void continuation(boolean last) {
        byte[] part = fragmented == RawSocket.TEXT ? rest(last) : noise(size());
        message.writeBytes(part);
        frame(last ? "last fragment" : "fragment", RawSocket.CONTINUATION, last, part);
        if (last) {
            echo(fragmented, message.toByteArray());
            fragmented = 0;
        }
    }

    /** What goes on with a text that may have been cut inside a letter. */
    private byte[] rest(boolean last) {
        var part = new ByteArrayOutputStream();
        part.writeBytes(uncut);
        part.writeBytes(text());
        uncut = new byte[0];
        return last ? part.toByteArray() : cut(part.toByteArray());
    }

    /** Cuts a text anywhere; what is left comes with the next fragment. */
    private byte[] cut(byte[] text) {
        int at = random.nextInt(text.length + 1);
        uncut = Arrays.copyOfRange(text, at, text.length);
        return Arrays.copyOf(text, at);
    }

    private void echo(int opcode, byte[] payload) {
        if (right) {
            echoes.add(new RawSocket.Frame(opcode, true, payload));
        }
    }

    private void mistake() {
        right = false;
        switch (random.nextInt(16)) {
            case 0 -> frame("reserved bit", (0x10 << random.nextInt(3)) | RawSocket.TEXT, true, text());
            case 1 -> frame("opcode of no meaning", 3 + random.nextInt(5), true, text());
            case 2 -> frame("control opcode of no meaning", 11 + random.nextInt(5), true, noise(5));
            case 3 -> {
                mayBeTaken = true; // by Tyrus
                write("unmasked", RawSocket.encode(RawSocket.TEXT, true, false, text()));
            }
            case 4 -> frame("ping in fragments", RawSocket.PING, false, noise(5));
            case 5 -> frame("long ping", RawSocket.PING, true, noise(126 + random.nextInt(1000)));
            case 6 -> outOfOrder();
            case 7, 8 -> {
                if (fragmented == RawSocket.BINARY) {
                    outOfOrder();
                    return;
                }
                var broken = new ByteArrayOutputStream();
                broken.writeBytes(uncut); // or the first byte could complete a letter
                broken.writeBytes(text());
                broken.writeBytes(NOT_UTF8[random.nextInt(NOT_UTF8.length)]);
                broken.writeBytes("x".repeat(random.nextInt(3)).getBytes(StandardCharsets.US_ASCII));
                frame(
                        "not UTF-8",
                        fragmented == 0 ? RawSocket.TEXT : RawSocket.CONTINUATION,
                        true,
                        broken.toByteArray());
            }
            case 9 -> close(NO_CLOSE_CODES[random.nextInt(NO_CLOSE_CODES.length)]);
            case 10 -> frame("half a close code", RawSocket.CLOSE, true, noise(1));
            case 11 ->
                frame("close reason that is not UTF-8", RawSocket.CLOSE, true, new byte[] {3, (byte) 0xE8, (byte) 0xC0
                });
            case 12 -> {
                mayBeTaken = true;
                declare("length in eight bytes that fits one", 5);
            }
            case 13 -> {
                // Undertow answers nothing to the top bit and reads no further: ContainerQuirksIT.
                boolean negative = random.nextBoolean() && !Server.NAME.equals("wildfly");
                long length = negative ? Long.MIN_VALUE + random.nextInt(100) : random.nextLong() >>> 1;
                declaredTooMuch = true;
                cutShort = true;
                declare("length without sense", length);
            }
            case 14 ->
                frame("too long", fragmented == 0 ? RawSocket.BINARY : RawSocket.CONTINUATION, true, noise(TOO_LONG));
            default -> {
                cutShort = true;
                var noise = noise(2 + random.nextInt(60));
                noise[1] &= (byte) 0xFE; // no length in eight bytes: that is a mistake of its own
                if ((noise[0] & 0x0F) == RawSocket.CLOSE && Server.NAME.equals("wildfly")) {
                    noise[0]--; // Undertow answers nothing to a close that is cut short: ContainerQuirksIT
                }
                write("noise", noise);
            }
        }
    }

    private void outOfOrder() {
        if (fragmented != 0) {
            frame("message inside a message", RawSocket.TEXT, true, text());
        } else {
            frame("fragment of nothing", RawSocket.CONTINUATION, true, text());
        }
    }

    private void declare(String what, long length) {
        var frame = ByteBuffer.allocate(14 + 5)
                .put((byte) (0x80 | RawSocket.BINARY))
                .put((byte) (0x80 | 127))
                .putLong(length)
                .putInt(0) // a mask that changes nothing
                .put(noise(5));
        write(what + " " + Long.toUnsignedString(length), frame.array());
    }

    private void close(int code) {
        frame(
                "close " + code,
                RawSocket.CLOSE,
                true,
                ByteBuffer.allocate(2).putShort((short) code).array());
    }

    private void frame(String what, int opcode, boolean fin, byte[] payload) {
        write(what + " of " + payload.length, RawSocket.encode(opcode, fin, true, payload));
    }

    private void write(String what, byte[] frame) {
        steps.add(what);
        bytes.writeBytes(frame);
    }

    private byte[] text() {
        var text = new StringBuilder();
        for (int i = size() / 2; i > 0; i--) {
            text.append(LETTERS[random.nextInt(LETTERS.length)]);
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private byte[] noise(int length) {
        var noise = new byte[length];
        random.nextBytes(noise);
        return noise;
    }

    /** Small mostly, and now and then one around which the form of the length changes. */
    private int size() {
        return switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> 120 + random.nextInt(12);
            case 2 -> random.nextInt(4000);
            default -> random.nextInt(40);
        };
    }

    @Override
    public String toString() {
        return String.join(", ", steps);
    }
}
