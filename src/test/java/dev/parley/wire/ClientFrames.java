package dev.parley.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Writes frames as a client sends them, masked, and any that no client may send. */
final class ClientFrames {

    static final int FIN = 0x80;
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    private static final int MASK = 0x37fa213d;

    private ClientFrames() {}

    static byte[] text(String text) {
        return frame(FIN | TEXT, text.getBytes(UTF_8));
    }

    static byte[] close(int code, String reason) {
        var text = reason.getBytes(UTF_8);
        return frame(
                FIN | CLOSE,
                ByteBuffer.allocate(2 + text.length)
                        .putShort((short) code)
                        .put(text)
                        .array());
    }

    /** A frame with this first byte, and its length in as few bytes as it can be. */
    static byte[] frame(int first, byte... payload) {
        return maskedFrame(first, MASK, payload);
    }

    static byte[] maskedFrame(int first, int mask, byte... payload) {
        int length = payload.length;
        int form = length < 126 ? length : length < 1 << 16 ? 126 : 127;
        var masked = payload.clone();
        for (int i = 0; i < length; i++) {
            masked[i] ^= (byte) (mask >> (24 - 8 * (i % 4)));
        }
        return join(header(first, form, length, mask), masked);
    }

    /** A header that says this length in two bytes (form 126), in eight (127), or, any other form, in the form alone. */
    static byte[] header(int first, int form, long length) {
        return header(first, form, length, MASK);
    }

    private static byte[] header(int first, int form, long length, int mask) {
        var out = ByteBuffer.allocate(14).put((byte) first).put((byte) (0x80 | form));
        if (form == 126) {
            out.putShort((short) length);
        } else if (form == 127) {
            out.putLong(length);
        }
        out.putInt(mask);
        return Arrays.copyOf(out.array(), out.position());
    }

    static byte[] join(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (var part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
