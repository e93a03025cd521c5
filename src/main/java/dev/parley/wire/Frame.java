package dev.parley.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One message as it goes to peers: its payload, and its bytes on the wire, made once however many receive it (a server's
 * frames are not masked: RFC 6455 §5.1). Immutable, safe for any thread.
 */
public final class Frame {

    /** What a frame carries. */
    public enum Kind {
        /** UTF-8 text, opcode 1. */
        TEXT(0x1),
        /** Bytes, opcode 2. */
        BINARY(0x2),
        /** Asks for a pong, opcode 9; at most 125 bytes. */
        PING(0x9),
        /** Answers a ping with its payload, opcode 10; at most 125 bytes. */
        PONG(0xA);

        private final int opcode;

        Kind(int opcode) {
            this.opcode = opcode;
        }
    }

    /** The longest header of a frame that is not masked, bytes. */
    static final int MAX_HEADER = 10;

    private static final int FIN = 0x80;

    /** What it takes of the heap beside its bytes and characters; measured as the growth of a heap of 200,000 (JDK 17). */
    private static final int OVERHEAD = 96;

    private final Kind kind;
    private final @Nullable String text;
    private final byte[] wire;
    private final int header;

    private Frame(Kind kind, @Nullable String text, ByteBuffer payload) {
        int length = payload.remaining();
        this.kind = kind;
        this.text = text;
        this.header = length < 126 ? 2 : length < 1 << 16 ? 4 : MAX_HEADER;
        this.wire = new byte[header + length];
        putHeader(ByteBuffer.wrap(wire), kind, length).put(payload);
    }

    /** Puts the header of a whole, unmasked message (RFC 6455 §5.2), at most {@link #MAX_HEADER} bytes. */
    static ByteBuffer putHeader(ByteBuffer out, Kind kind, int length) {
        out.put((byte) (FIN | kind.opcode));
        if (length < 126) {
            return out.put((byte) length);
        }
        return length < 1 << 16
                ? out.put((byte) 126).putShort((short) length)
                : out.put((byte) 127).putLong(length);
    }

    /**
     * A text message in one frame.
     *
     * @param text the text; half a surrogate pair becomes {@code ?}
     * @return the frame
     */
    public static Frame text(String text) {
        return new Frame(Kind.TEXT, text, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * A binary message in one frame.
     *
     * @param payload the bytes, copied; the buffer stays as it is
     * @return the frame
     */
    public static Frame binary(ByteBuffer payload) {
        return new Frame(Kind.BINARY, null, payload.duplicate());
    }

    /**
     * A ping without payload.
     *
     * @return the frame
     */
    public static Frame ping() {
        return new Frame(Kind.PING, null, ByteBuffer.allocate(0));
    }

    /**
     * The answer to a ping.
     *
     * @param payload the ping's, copied
     * @return the frame
     */
    public static Frame pong(ByteBuffer payload) {
        return new Frame(Kind.PONG, null, payload.duplicate());
    }

    /**
     * What it carries.
     *
     * @return the kind
     */
    public Kind kind() {
        return kind;
    }

    /**
     * The text, for those who cannot send the bytes as they are.
     *
     * @return the text of a {@link Kind#TEXT} frame
     */
    public String text() {
        return String.valueOf(text);
    }

    /**
     * The payload, for those who cannot send the bytes as they are.
     *
     * @return a view of its own, read-only
     */
    public ByteBuffer payload() {
        return ByteBuffer.wrap(wire, header, wire.length - header).slice().asReadOnlyBuffer();
    }

    /**
     * How much it takes in a queue and on the wire.
     *
     * @return header and payload, bytes
     */
    public int size() {
        return wire.length;
    }

    /**
     * About how much it takes of the heap.
     *
     * @return bytes
     */
    public int memory() {
        int chars = text == null ? 0 : text.length();
        return OVERHEAD + wire.length + (wire.length - header > chars ? 2 * chars : chars);
    }

    byte[] wire() {
        return wire;
    }

    /** Where the payload starts in {@link #wire}. */
    int header() {
        return header;
    }
}
