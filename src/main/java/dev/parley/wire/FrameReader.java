package dev.parley.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.protocol.CloseReasons;
import jakarta.websocket.CloseReason;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Reads the WebSocket frames of one client (RFC 6455, the server's side) and reports messages, pings, pongs and the close to
 * a listener. A message whose only frame is complete in the bytes given is read in place. Incomplete ones are copied into a
 * buffer that grows with the bytes received and is freed between messages. Only the thread that reads may call it.
 */
public final class FrameReader {

    /** Receives what a client's frames say, in order, on the thread that reads. It may release the reader at any time. */
    interface Listener {

        /** The longest text message allowed, bytes of UTF-8; asked when a message begins. */
        int maxText();

        /** The longest binary message allowed, bytes; asked when a message begins. */
        int maxBinary();

        /** The most frames allowed in one message; asked when a message begins. */
        int maxFragments();

        /** A complete text message and its length in UTF-8. */
        void text(String message, int bytes);

        /** A complete binary message, which the listener may keep. Its array may be twice as long if it came in fragments. */
        void binary(ByteBuffer message);

        /** A ping, perhaps between the fragments of a message; the payload is valid during the call. */
        void ping(byte[] bytes, int from, int length);

        /** A pong, perhaps between the fragments of a message. */
        void pong(int length);

        /** The client's close; 1005 and an empty reason if it has no payload. Nothing is read after it. */
        void close(int code, String reason);

        /** The client broke a rule or a limit, or there is no memory for its message. Nothing is read after it. */
        void refused(CloseReason reason);

        /**
         * The reader is about to hold this many more bytes, or has freed them if negative.
         *
         * @return false if there is no memory for them; the reader then frees all and calls {@link #refused}
         */
        boolean holds(int bytes);
    }

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int RESERVED = 0x70;
    private static final int OPCODE = 0x0f;
    private static final int LENGTH = 0x7f;
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CONTROL = 8; // this bit and any of the opcodes that have it
    private static final int PING = 9;
    private static final int PONG = 10;

    private static final int MASK = 4;
    private static final int LONGEST_CONTROL = 125;
    private static final int LONGEST_CONTROL_FRAME = 2 + MASK + LONGEST_CONTROL;
    private static final byte[] NOTHING = new byte[0];

    private final Listener listener;
    private boolean ended;

    /** The incomplete message, unmasked, followed by an incomplete header or control frame, as received. */
    private byte[] kept = NOTHING;

    private int size; // bytes of the message in kept
    private int partial; // bytes of the header or control frame behind it
    private int held; // bytes that the listener knows of

    private int opcode; // of the incomplete message, 0 between messages
    private int limit; // its greatest length
    private int frames; // how many more it may have
    private int validated; // bytes of it that are complete characters

    private boolean fin; // whether the frame being read ends the message
    private int remaining; // bytes of its payload still to come
    private int mask; // rotated to the next of them

    /**
     * A reader at the start of a connection.
     *
     * @param listener gets what is read
     */
    public FrameReader(Listener listener) {
        this.listener = listener;
    }

    /**
     * Reads bytes and changes them in place. An exception of the listener ends the reading and goes to the caller.
     *
     * @param bytes where they are
     * @param from the first
     * @param to the end, exclusive
     * @return false if nothing more is to be read: after a close, a refusal, a release or an exception
     */
    public boolean read(byte[] bytes, int from, int to) {
        boolean through = false;
        try {
            int at = from;
            while (at < to && !ended) {
                at = remaining > 0 ? payload(bytes, at, to) : frame(bytes, at, to);
            }
            through = !ended;
            return through;
        } finally {
            if (!through) {
                release();
            }
        }
    }

    /** The size of the buffer for an incomplete frame or message, bytes; 0 between messages. */
    int held() {
        return held;
    }

    /** Frees the buffer and reads nothing more; the connection ends. */
    void release() {
        ended = true;
        free();
    }

    /** Reads a frame's header, and the payload if it is a control frame or complete; returns where it stopped. */
    private int frame(byte[] bytes, int at, int to) {
        if (partial == 0) {
            int needed = needed(bytes, at, to - at);
            if (needed <= to - at) {
                return handle(bytes, at, bytes, at + needed, to);
            }
        }
        int n = Math.min(needed(kept, size, partial) - partial, to - at);
        if (!append(bytes, at, n, (long) limit + LONGEST_CONTROL_FRAME)) {
            return to;
        }
        partial += n;
        if (needed(kept, size, partial) > partial) {
            return at + n;
        }
        partial = 0;
        return handle(kept, size, bytes, at + n, to);
    }

    /**
     * The number of bytes to handle together: the header, and the payload of a control frame. It may grow with the bytes that
     * are there; an invalid frame needs only the two that say so.
     */
    private static int needed(byte[] bytes, int at, int there) {
        if (there < 2 || !isFrame(bytes[at], bytes[at + 1])) {
            return 2;
        }
        int length = bytes[at + 1] & LENGTH;
        if ((bytes[at] & CONTROL) != 0) {
            return 2 + MASK + length;
        }
        return 2 + MASK + (length < 126 ? 0 : length == 126 ? 2 : 8);
    }

    /** RFC 6455 §5.1, §5.2, §5.5: what the first two bytes of a client's frame may be. */
    private static boolean isFrame(byte first, byte second) {
        boolean fin = first < 0;
        boolean masked = second < 0;
        int opcode = first & OPCODE;
        return masked
                && (first & RESERVED) == 0
                && (opcode <= BINARY
                        || (opcode >= CONTROL && opcode <= PONG && fin && (second & LENGTH) <= LONGEST_CONTROL));
    }

    /** Handles a frame whose needed bytes are there, and reads its payload from the bytes behind them if they are complete. */
    private int handle(byte[] bytes, int at, byte[] behind, int from, int to) {
        if (!isFrame(bytes[at], bytes[at + 1])) {
            refuse(CloseReasons.INVALID_FRAME);
        } else if ((bytes[at] & CONTROL) != 0) {
            control(bytes, at);
        } else if (begin(bytes, at) && (fin && size == 0 && remaining <= to - from)) {
            int n = remaining;
            remaining = 0;
            unmask(behind, from, n, mask);
            message(behind, from, n);
            return from + n;
        } else if (!ended && remaining == 0) {
            if (fin) {
                message(kept, 0, size);
            } else if (kept.length == 0 && reserve(1)) {
                kept = new byte[1]; // what is held has a deadline, so a message that begins with nothing holds a byte
            }
        }
        return from;
    }

    private void control(byte[] bytes, int at) {
        int from = at + 2 + MASK;
        int length = bytes[at + 1] & LENGTH;
        unmask(bytes, from, length, (int) INT.get(bytes, from - MASK));
        if (opcode == 0) {
            free();
        }
        switch (bytes[at] & OPCODE) {
            case PING -> listener.ping(bytes, from, length);
            case PONG -> listener.pong(length);
            default -> close(bytes, from, length);
        }
    }

    private void close(byte[] bytes, int from, int length) {
        if (length == 0) {
            release();
            listener.close(CloseReason.CloseCodes.NO_STATUS_CODE.getCode(), "");
            return;
        }
        int code = length == 1 ? 0 : ((bytes[from] & 0xff) << 8) | (bytes[from + 1] & 0xff);
        if (!CloseReasons.isSendable(code)) {
            refuse(CloseReasons.INVALID_FRAME);
        } else if (Utf8.whole(bytes, from + 2, from + length) != from + length) {
            refuse(CloseReasons.INVALID_UTF8);
        } else {
            release();
            listener.close(code, new String(bytes, from + 2, length - 2, UTF_8));
        }
    }

    /** Reads the header of a data frame; false if it is refused. */
    private boolean begin(byte[] bytes, int at) {
        int kind = bytes[at] & OPCODE;
        if ((kind == CONTINUATION) == (opcode == 0)) {
            return refuse(CloseReasons.INVALID_FRAME);
        }
        long length = bytes[at + 1] & LENGTH;
        long least = 0;
        int behind = at + 2;
        if (length == 126) {
            length = ((bytes[at + 2] & 0xffL) << 8) | (bytes[at + 3] & 0xffL);
            least = 126;
            behind = at + 4;
        } else if (length == 127) {
            length = Long.reverseBytes((long) LONG.get(bytes, at + 2));
            least = 1 << 16;
            behind = at + 10;
        }
        if (length < least) { // RFC 6455 §5.2: the fewest bytes, and the top bit of eight is 0
            return refuse(CloseReasons.INVALID_FRAME);
        }
        if (opcode == 0) {
            opcode = kind;
            limit = kind == TEXT ? listener.maxText() : listener.maxBinary();
            frames = listener.maxFragments();
        }
        if (length > limit - size) {
            return refuse(CloseReasons.TOO_LONG);
        }
        if (--frames < 0) {
            return refuse(CloseReasons.TOO_MANY_FRAGMENTS);
        }
        fin = bytes[at] < 0;
        remaining = (int) length;
        mask = (int) INT.get(bytes, behind);
        return true;
    }

    /** Copies the payload of a fragment or an incomplete frame, as far as it is there; returns where it stopped. */
    private int payload(byte[] bytes, int at, int to) {
        int n = Math.min(remaining, to - at);
        unmask(bytes, at, n, mask);
        if (!append(bytes, at, n, fin ? size + remaining : limit)) {
            return to;
        }
        size += n;
        remaining -= n;
        mask = Integer.rotateRight(mask, 8 * (n & 3));
        if (opcode == TEXT) {
            validated = Utf8.whole(kept, validated, size);
            if (validated < 0) {
                refuse(CloseReasons.INVALID_UTF8);
                return to;
            }
        }
        if (remaining == 0 && fin) {
            message(kept, 0, size);
        }
        return at + n;
    }

    private void message(byte[] bytes, int from, int length) {
        boolean text = opcode == TEXT;
        boolean own = bytes == kept;
        free();
        if (!text) {
            listener.binary(ByteBuffer.wrap(own ? bytes : Arrays.copyOfRange(bytes, from, from + length), 0, length));
            return;
        }
        String message = new String(bytes, from, length, UTF_8);
        // The constructor replaces invalid bytes by U+FFFD; indexOf is immediate on a Latin-1 string.
        if (message.indexOf('\uFFFD') >= 0 && Utf8.whole(bytes, from, from + length) != from + length) {
            refuse(CloseReasons.INVALID_UTF8);
        } else {
            listener.text(message, length);
        }
    }

    private static void unmask(byte[] bytes, int from, int length, int mask) {
        long wide = mask & 0xffffffffL;
        wide |= wide << 32;
        int at = from;
        int to = from + length;
        for (; at <= to - 8; at += 8) {
            LONG.set(bytes, at, (long) LONG.get(bytes, at) ^ wide);
        }
        for (; at < to; at++) {
            bytes[at] ^= (byte) wide;
            wide >>>= 8;
        }
    }

    /** Appends bytes to the buffer, at most doubled and not beyond the most it can need; false if the reader has ended. */
    private boolean append(byte[] bytes, int from, int n, long most) {
        int end = size + partial;
        if (end + n > kept.length) {
            int capacity = (int) Math.max(end + n, Math.min(2L * kept.length, most));
            if (!reserve(capacity - kept.length)) {
                return false;
            }
            kept = Arrays.copyOf(kept, capacity);
        }
        System.arraycopy(bytes, from, kept, end, n);
        return true;
    }

    /** Reserves memory; false if the reader has ended. */
    private boolean reserve(int bytes) {
        if (listener.holds(bytes)) {
            held += bytes;
        } else if (!ended) {
            refuse(CloseReasons.NO_MEMORY);
        }
        return !ended;
    }

    private void free() {
        kept = NOTHING;
        size = 0;
        partial = 0;
        opcode = 0;
        validated = 0;
        remaining = 0;
        int given = held;
        held = 0;
        if (given > 0) {
            listener.holds(-given);
        }
    }

    private boolean refuse(CloseReason reason) {
        release();
        listener.refused(reason);
        return false;
    }
}
