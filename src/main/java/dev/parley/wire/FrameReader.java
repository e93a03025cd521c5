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
 * Reads the frames of one client (RFC 6455, the server's side): bytes in, messages out. A message whose frame lies whole in
 * the bytes given is read where it lies; what is cut is copied, into a buffer that grows with what has come and is let go
 * between messages. Confined to the thread that reads.
 */
final class FrameReader {

    /** Takes what the frames of a client say; called on the thread that reads, in order. */
    interface Listener {

        /** The longest text message allowed, bytes of UTF-8; asked when a message begins. */
        int maxText();

        /** The longest binary message allowed, bytes; asked when a message begins. */
        int maxBinary();

        /** The most frames of one message; asked when a message begins. */
        int maxFragments();

        /** A whole text message, and its length in UTF-8. */
        void text(String message, int bytes);

        /** A whole binary message, the callee's to keep; the array behind a fragmented one may be up to twice as long. */
        void binary(ByteBuffer message);

        /** A ping, perhaps between the fragments of a message; its payload is valid during the call. */
        void ping(byte[] bytes, int from, int length);

        /** A pong, perhaps between the fragments of a message. */
        void pong(int length);

        /** The client's close: 1005 and an empty reason if it has no payload. Nothing is read after it. */
        void close(int code, String reason);

        /** The client broke a rule or a limit, or there is no memory for its message; called once. Nothing is read after it. */
        void refused(CloseReason reason);

        /**
         * The reader holds so many bytes more, or fewer if negative.
         *
         * @return false if there is no memory for them: then the reader lets go of all and calls {@link #refused}
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
    private static final int LONGEST_TOGETHER = 2 + MASK + LONGEST_CONTROL;
    private static final byte[] NOTHING = new byte[0];

    private final Listener listener;
    private boolean over;

    /** The begun message, unmasked, then the beginning of a frame whose header or, of a control frame, payload is cut. */
    private byte[] kept = NOTHING;

    private int size; // of the begun message in what is kept
    private int begun; // bytes of the frame behind it
    private int held; // as the listener was told

    private int opcode; // of the begun message, 0 between messages
    private int limit;
    private int frames; // that it may yet have
    private int decoded; // bytes of it that are known to be whole characters

    private boolean last; // whether the begun frame ends the message
    private int missing; // bytes of its payload
    private int mask; // turned to its next byte

    FrameReader(Listener listener) {
        this.listener = listener;
    }

    /**
     * Takes bytes that came, and changes them in place. What the listener throws goes to the caller and ends the reading.
     *
     * @return false if nothing more is to be read: after a close, a refusal, a release or an exception
     */
    boolean read(byte[] bytes, int from, int to) {
        boolean through = false;
        try {
            int at = from;
            while (at < to && !over) {
                at = missing > 0 ? payload(bytes, at, to) : frame(bytes, at, to);
            }
            through = !over;
            return through;
        } finally {
            if (!through) {
                release();
            }
        }
    }

    /** The bytes that it holds of a frame or message that has begun; 0 between messages. */
    int held() {
        return held;
    }

    /** Lets go of what has begun, and reads nothing more. */
    void release() {
        over = true;
        letGo();
    }

    /** Begins a frame; gives where it stopped. */
    private int frame(byte[] bytes, int at, int to) {
        if (begun == 0) {
            int together = together(bytes, at, to - at);
            if (together <= to - at) {
                return whole(bytes, at, bytes, at + together, to);
            }
        }
        int n = Math.min(together(kept, size, begun) - begun, to - at);
        if (!keep(bytes, at, n, (long) limit + LONGEST_TOGETHER)) {
            return to;
        }
        begun += n;
        if (together(kept, size, begun) > begun) {
            return at + n;
        }
        begun = 0;
        return whole(kept, size, bytes, at + n, to);
    }

    /**
     * How many bytes of a frame have to be there together: its header, and the payload of a control frame. More of them may
     * tell that it is more; a frame that is none has to be there with its first two.
     */
    private static int together(byte[] bytes, int at, int there) {
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
        boolean last = first < 0;
        boolean masked = second < 0;
        int opcode = first & OPCODE;
        return masked
                && (first & RESERVED) == 0
                && (opcode <= BINARY
                        || (opcode >= CONTROL && opcode <= PONG && last && (second & LENGTH) <= LONGEST_CONTROL));
    }

    /** A frame that is there as far as it has to be together, and what came behind that. */
    private int whole(byte[] bytes, int at, byte[] behind, int from, int to) {
        if (!isFrame(bytes[at], bytes[at + 1])) {
            refuse(CloseReasons.INVALID_FRAME);
        } else if ((bytes[at] & CONTROL) != 0) {
            control(bytes, at);
        } else if (begin(bytes, at) && (last && size == 0 && missing <= to - from)) {
            int n = missing;
            missing = 0;
            unmask(behind, from, n, mask);
            message(behind, from, n);
            return from + n;
        } else if (!over && missing == 0 && last) {
            message(kept, 0, size);
        }
        return from;
    }

    private void control(byte[] bytes, int at) {
        int from = at + 2 + MASK;
        int length = bytes[at + 1] & LENGTH;
        unmask(bytes, from, length, (int) INT.get(bytes, from - MASK));
        if (opcode == 0) {
            letGo();
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
        } else if (decodable(bytes, from + 2, from + length) != from + length) {
            refuse(CloseReasons.INVALID_UTF8);
        } else {
            release();
            listener.close(code, new String(bytes, from + 2, length - 2, UTF_8));
        }
    }

    /** Takes the header of a data frame; false if it is refused. */
    private boolean begin(byte[] bytes, int at) {
        int kind = bytes[at] & OPCODE;
        if ((kind == CONTINUATION) == (opcode == 0)) {
            return refuse(CloseReasons.INVALID_FRAME);
        }
        long length = bytes[at + 1] & LENGTH;
        int behind = at + 2;
        if (length == 126) {
            length = ((bytes[at + 2] & 0xffL) << 8) | (bytes[at + 3] & 0xffL);
            behind = at + 4;
        } else if (length == 127) {
            length = Long.reverseBytes((long) LONG.get(bytes, at + 2));
            behind = at + 10;
        }
        if (length < 0) {
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
        last = bytes[at] < 0;
        missing = (int) length;
        mask = (int) INT.get(bytes, behind);
        return true;
    }

    /** Takes what has come of the payload of a frame that is cut, or of a fragment. */
    private int payload(byte[] bytes, int at, int to) {
        int n = Math.min(missing, to - at);
        unmask(bytes, at, n, mask);
        if (!keep(bytes, at, n, last ? size + missing : limit)) {
            return to;
        }
        size += n;
        missing -= n;
        mask = Integer.rotateRight(mask, 8 * (n & 3));
        if (opcode == TEXT) {
            decoded = decodable(kept, decoded, size);
            if (decoded < 0) {
                refuse(CloseReasons.INVALID_UTF8);
                return to;
            }
        }
        if (missing == 0 && last) {
            message(kept, 0, size);
        }
        return at + n;
    }

    private void message(byte[] bytes, int from, int length) {
        boolean text = opcode == TEXT;
        boolean own = bytes == kept;
        letGo();
        if (!text) {
            listener.binary(
                    own
                            ? ByteBuffer.wrap(bytes, from, length)
                            : ByteBuffer.wrap(Arrays.copyOfRange(bytes, from, from + length)));
            return;
        }
        String message = new String(bytes, from, length, UTF_8);
        // Quick to tell of a string that is Latin-1 inside.
        if (message.indexOf('\uFFFD') >= 0 && decodable(bytes, from, from + length) != from + length) {
            refuse(CloseReasons.INVALID_UTF8);
        } else {
            listener.text(message, length);
        }
    }

    /** Where the whole characters end that these bytes begin with; -1 if no UTF-8 begins like this (Unicode, table 3-7). */
    private static int decodable(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to) {
            if (at <= to - 8 && ((long) LONG.get(bytes, at) & 0x8080808080808080L) == 0) {
                at += 8;
                continue;
            }
            int first = bytes[at] & 0xff;
            if ((first >= 0x80 && first < 0xc2) || first > 0xf4) {
                return -1;
            }
            int length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
            for (int i = 1; i < length; i++) {
                if (at + i == to) {
                    return at;
                }
                int next = bytes[at + i] & 0xff;
                int least = i > 1 ? 0x80 : first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
                int most = i > 1 ? 0xbf : first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
                if (next < least || next > most) {
                    return -1;
                }
            }
            at += length;
        }
        return at;
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

    /** Copies bytes behind what is kept; false if the reader is over. */
    private boolean keep(byte[] bytes, int from, int n, long most) {
        int end = size + begun;
        if (end + n > kept.length) {
            int capacity = (int) Math.max(end + n, Math.min(2L * kept.length, most));
            if (!take(capacity - kept.length)) {
                return false;
            }
            kept = Arrays.copyOf(kept, capacity);
        }
        System.arraycopy(bytes, from, kept, end, n);
        return true;
    }

    /** Asks for memory; false if the reader is over. */
    private boolean take(int bytes) {
        boolean granted = listener.holds(bytes);
        if (granted) {
            held += bytes;
        }
        if (over) { // the listener has released it meanwhile
            release();
        } else if (!granted) {
            refuse(CloseReasons.UNAVAILABLE);
        }
        return !over;
    }

    private void letGo() {
        kept = NOTHING;
        size = 0;
        begun = 0;
        opcode = 0;
        decoded = 0;
        missing = 0;
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
