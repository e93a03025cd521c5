package dev.parley.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.protocol.CloseReasons;
import jakarta.websocket.CloseReason;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;

/** What {@link FrameReader} has to say, read slowly, byte by byte, as RFC 6455 §5 tells it. */
final class ReferenceReader {

    private final FrameReader.Listener listener;
    private boolean over;

    private final ByteArrayOutputStream frame = new ByteArrayOutputStream(); // as it came
    private int dataHeader; // bytes of the frame that are the complete header of a data frame
    private final ByteArrayOutputStream message = new ByteArrayOutputStream(); // unmasked
    private final ByteArrayOutputStream character = new ByteArrayOutputStream(); // of a text message, begun
    private int messageOpcode; // 0 between messages
    private int messageFrames;
    private int maxLength;
    private int maxFrames;

    ReferenceReader(FrameReader.Listener listener) {
        this.listener = listener;
    }

    boolean read(byte... bytes) {
        for (int i = 0; i < bytes.length && !over; i++) {
            frame.write(bytes[i]);
            frameHasGrown(frame.toByteArray());
        }
        return !over;
    }

    boolean isBetweenMessages() {
        return over || frame.size() == 0 && messageOpcode == 0;
    }

    /** Bytes that a reader has to hold: the payload of an incomplete message, an incomplete header or control frame. */
    int incomplete() {
        return over ? 0 : message.size() + frame.size() - dataHeader;
    }

    private void frameHasGrown(byte[] came) {
        if (came.length < 2) {
            return;
        }
        boolean fin = (came[0] & 0b1000_0000) != 0;
        boolean reserved = (came[0] & 0b0111_0000) != 0;
        int opcode = came[0] & 0b0000_1111;
        boolean masked = (came[1] & 0b1000_0000) != 0;
        int shortLength = came[1] & 0b0111_1111;
        boolean control = opcode == 8 || opcode == 9 || opcode == 10;
        boolean data = opcode == 0 || opcode == 1 || opcode == 2;
        if (reserved || !masked || !(control || data)) {
            refuse(CloseReasons.INVALID_FRAME);
            return;
        }
        if (control && (!fin || shortLength > 125)) {
            refuse(CloseReasons.INVALID_FRAME);
            return;
        }

        int lengthBytes = shortLength == 127 ? 8 : shortLength == 126 ? 2 : 0;
        int header = 2 + lengthBytes + 4;
        if (came.length < header) {
            return;
        }
        var length = lengthBytes == 0
                ? BigInteger.valueOf(shortLength)
                : new BigInteger(1, Arrays.copyOfRange(came, 2, 2 + lengthBytes));
        var payload = Arrays.copyOfRange(came, header, came.length);
        for (int i = 0; i < payload.length; i++) {
            payload[i] ^= came[header - 4 + i % 4];
        }

        if (data && came.length == header) {
            dataHeader = header;
            beginFrame(opcode, length, lengthBytes);
        } else if (data && messageOpcode == 1) {
            beginCharacter(payload[payload.length - 1]);
        }
        if (over || !BigInteger.valueOf(payload.length).equals(length)) {
            return;
        }
        frame.reset();
        dataHeader = 0;
        switch (opcode) {
            case 8 -> close(payload);
            case 9 -> listener.ping(payload, 0, payload.length);
            case 10 -> listener.pong(payload.length);
            default -> {
                message.writeBytes(payload);
                if (fin) {
                    endMessage();
                }
            }
        }
    }

    private void beginFrame(int opcode, BigInteger length, int lengthBytes) {
        boolean continuation = opcode == 0;
        boolean inMessage = messageOpcode != 0;
        boolean topBit = length.testBit(63);
        int enough = length.bitLength() > 16 ? 8 : length.intValue() > 125 ? 2 : 0;
        if (continuation != inMessage || topBit || lengthBytes != enough) {
            refuse(CloseReasons.INVALID_FRAME);
            return;
        }
        if (!continuation) {
            messageOpcode = opcode;
            messageFrames = 0;
            maxLength = opcode == 1 ? listener.maxText() : listener.maxBinary();
            maxFrames = listener.maxFragments();
        }
        messageFrames++;
        if (length.add(BigInteger.valueOf(message.size())).compareTo(BigInteger.valueOf(maxLength)) > 0) {
            refuse(CloseReasons.TOO_LONG);
        } else if (messageFrames > maxFrames) {
            refuse(CloseReasons.TOO_MANY_FRAGMENTS);
        }
    }

    private void endMessage() {
        var bytes = message.toByteArray();
        int opcode = messageOpcode;
        message.reset();
        messageOpcode = 0;
        if (opcode == 2) {
            listener.binary(ByteBuffer.wrap(bytes));
        } else if (character.size() > 0) {
            refuse(CloseReasons.INVALID_UTF8);
        } else {
            listener.text(new String(bytes, UTF_8), bytes.length);
        }
    }

    private void beginCharacter(byte next) {
        character.write(next);
        var begun = character.toByteArray();
        if (isUtf8(begun)) {
            character.reset();
        } else if (!beginsCharacter(begun)) {
            refuse(CloseReasons.INVALID_UTF8);
        }
    }

    private void close(byte[] payload) {
        if (payload.length == 0) {
            over = true;
            listener.close(1005, "");
            return;
        }
        if (payload.length == 1) {
            refuse(CloseReasons.INVALID_FRAME);
            return;
        }
        int code = new BigInteger(1, Arrays.copyOf(payload, 2)).intValue();
        boolean forbidden = code < 1000
                || code == 1004
                || code == 1005
                || code == 1006
                || code >= 1015 && code <= 2999
                || code >= 5000;
        var reason = Arrays.copyOfRange(payload, 2, payload.length);
        if (forbidden) {
            refuse(CloseReasons.INVALID_FRAME);
        } else if (!isUtf8(reason)) {
            refuse(CloseReasons.INVALID_UTF8);
        } else {
            over = true;
            listener.close(code, new String(reason, UTF_8));
        }
    }

    private void refuse(CloseReason reason) {
        over = true;
        listener.refused(reason);
    }

    private static boolean isUtf8(byte... bytes) {
        try {
            UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /** Any character can be completed with the least or with the greatest of the bytes that may follow the first. */
    private static boolean beginsCharacter(byte... begun) {
        for (byte rest : new byte[] {(byte) 0x80, (byte) 0xbf}) {
            for (int length = begun.length + 1; length <= 4; length++) {
                var completed = Arrays.copyOf(begun, length);
                Arrays.fill(completed, begun.length, length, rest);
                if (isUtf8(completed)) {
                    return true;
                }
            }
        }
        return false;
    }
}
