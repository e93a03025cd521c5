package dev.parley.wire;

import jakarta.websocket.CloseReason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** Writes down what a reader says, one line each. */
public class RecordingListener implements FrameReader.Listener {

    static final int MAX_TEXT = 300;
    static final int MAX_BINARY = 200;
    static final int MAX_FRAGMENTS = 5;

    public final List<String> events = new ArrayList<>();
    int held;
    int mostHeld;
    int memory = Integer.MAX_VALUE;

    @Override
    public int maxText() {
        return MAX_TEXT;
    }

    @Override
    public int maxBinary() {
        return MAX_BINARY;
    }

    @Override
    public int maxFragments() {
        return MAX_FRAGMENTS;
    }

    @Override
    public void text(String message, int bytes) {
        events.add("text " + message + " " + bytes);
    }

    @Override
    public void binary(ByteBuffer message) {
        var bytes = new byte[message.remaining()];
        message.get(bytes);
        events.add("binary " + HexFormat.of().formatHex(bytes));
    }

    @Override
    public void ping(byte[] bytes, int from, int length) {
        events.add("ping " + HexFormat.of().formatHex(Arrays.copyOfRange(bytes, from, from + length)));
    }

    @Override
    public void pong(int length) {
        events.add("pong " + length);
    }

    @Override
    public void close(int code, String reason) {
        events.add("close " + code + " " + reason);
    }

    @Override
    public void refused(CloseReason reason) {
        events.add("refused " + reason.getCloseCode().getCode() + " " + reason.getReasonPhrase());
    }

    @Override
    public boolean holds(int bytes) {
        if (held + bytes > memory) {
            return false;
        }
        held += bytes;
        mostHeld = Math.max(mostHeld, held);
        return true;
    }
}
