package dev.parley.wire;

import static dev.parley.wire.ClientFrames.BINARY;
import static dev.parley.wire.ClientFrames.CONTINUATION;
import static dev.parley.wire.ClientFrames.FIN;
import static dev.parley.wire.ClientFrames.PING;
import static dev.parley.wire.ClientFrames.PONG;
import static dev.parley.wire.ClientFrames.TEXT;
import static dev.parley.wire.ClientFrames.close;
import static dev.parley.wire.ClientFrames.frame;
import static dev.parley.wire.ClientFrames.join;
import static dev.parley.wire.ClientFrames.text;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FrameReaderTest {

    private final RecordingListener listener = new RecordingListener();
    private final FrameReader reader = new FrameReader(listener);

    private boolean read(byte[]... parts) {
        var bytes = join(parts);
        return reader.read(bytes, 0, bytes.length);
    }

    private void readByteByByte(byte[]... parts) {
        for (byte each : join(parts)) {
            reader.read(new byte[] {each}, 0, 1);
        }
    }

    @Test
    void readsTextInOneFrame() {
        assertThat(read(text("héllo"))).isTrue();
        assertThat(listener.events).containsExactly("text héllo 6");
    }

    @Test
    void readsManyFramesOfOneRead() {
        read(text("a"), text("b"), frame(FIN | BINARY, (byte) 1, (byte) 2), text(""));
        assertThat(listener.events).containsExactly("text a 1", "text b 1", "binary 0102", "text  0");
    }

    @Test
    void readsFramesWithinTheRangeGivenAlone() {
        var bytes = join(new byte[] {1, 2, 3}, text("a"), new byte[] {9, 9});
        reader.read(bytes, 3, bytes.length - 2);
        assertThat(listener.events).containsExactly("text a 1");
        assertThat(reader.held()).isZero();
    }

    @Test
    void readsFramesOfEachFormOfLength() {
        for (int length : new int[] {0, 1, 7, 8, 9, 125, 126, 127, 300}) {
            var message = "x".repeat(length);
            read(text(message));
            readByteByByte(text(message));
            assertThat(listener.events)
                    .containsExactly("text " + message + " " + length, "text " + message + " " + length);
            listener.events.clear();
        }
    }

    @Test
    void readsFramesThatCameByteByByte() {
        readByteByByte(text("héllo"), frame(FIN | PING, (byte) 7), frame(FIN | BINARY, (byte) 1), close(1000, "bye"));
        assertThat(listener.events).containsExactly("text héllo 6", "ping 07", "binary 01", "close 1000 bye");
    }

    @Test
    void joinsFragmentsAndReadsControlFramesBetweenThem() {
        read(frame(TEXT, (byte) 'a'), frame(FIN | PING), frame(CONTINUATION, (byte) 'b'), frame(FIN | PONG, (byte) 1));
        read(frame(FIN | CONTINUATION, (byte) 'c'), frame(BINARY), frame(FIN | CONTINUATION, (byte) 1));
        assertThat(listener.events).containsExactly("ping ", "pong 1", "text abc 3", "binary 01");
    }
}
