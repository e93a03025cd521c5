package dev.parley.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** Writes frames as a client sends them, masked, and any that no client may send. */
final class ClientFrames {

    static final int FIN = 0x80;
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    private static final int[] MASK = {0x37, 0xfa, 0x21, 0x3d};

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

    /** A frame with this first byte and its length as short as it can be written. */
    static byte[] frame(int first, byte... payload) {
        return join(header(first, payload.length), masked(payload));
    }

    /** A header that says this length, in as many bytes as are needed. */
    static byte[] header(int first, long length) {
        int form = length >= 0 && length < 126 ? (int) length : length >= 0 && length < 1 << 16 ? 126 : 127;
        return header(first, form, length);
    }

    /** A header with this length in the form of 126 (two bytes) or 127 (eight), or with a form that is the length. */
    static byte[] header(int first, int form, long length) {
        var out = ByteBuffer.allocate(14).put((byte) first).put((byte) (0x80 | form));
        if (form == 126) {
            out.putShort((short) length);
        } else if (form == 127) {
            out.putLong(length);
        }
        for (int each : MASK) {
            out.put((byte) each);
        }
        var header = new byte[out.flip().remaining()];
        out.get(header);
        return header;
    }

    static byte[] masked(byte... payload) {
        var masked = payload.clone();
        for (int i = 0; i < masked.length; i++) {
            masked[i] ^= (byte) MASK[i % 4];
        }
        return masked;
    }

    static byte[] join(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (var part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
