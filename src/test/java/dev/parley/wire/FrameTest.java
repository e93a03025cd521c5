package dev.parley.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 6455 §5.2: the header of a frame. */
class FrameTest {

    @Test
    void aShortTextHasTwoBytesOfHeader() {
        assertThat(bytes(Frame.text("é"))).containsExactly(0x81, 2, 0xC3, 0xA9);
    }

    @Test
    void lengthsTakeTheShortestForm() {
        assertThat(head(125, 2)).containsExactly(0x82, 125);
        assertThat(head(126, 4)).containsExactly(0x82, 126, 0, 126);
        assertThat(head(65_535, 4)).containsExactly(0x82, 126, 0xFF, 0xFF);
        assertThat(head(65_536, 10)).containsExactly(0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0);
    }

    @Test
    void aPingIsEmpty() {
        assertThat(bytes(Frame.ping())).containsExactly(0x89, 0);
    }

    @Test
    void aFrameGivesItsPayloadBack() {
        ByteBuffer given = ByteBuffer.wrap(new byte[] {1, 2, 3});
        Frame frame = Frame.binary(given);
        assertThat(frame.payload()).isEqualTo(given);
        assertThat(given.remaining()).isEqualTo(3);
        assertThat(Frame.text("hi").payload()).isEqualTo(ByteBuffer.wrap("hi".getBytes(StandardCharsets.UTF_8)));
        assertThat(Frame.text("hi").text()).isEqualTo("hi");
    }

    @Test
    void aBatchIsItsFramesOneAfterTheOther() {
        Batch batch = new Batch(List.of(Frame.text("a"), Frame.binary(ByteBuffer.wrap(new byte[] {7}))));
        assertThat(unsigned(batch.bytes())).containsExactly(0x81, 1, 'a', 0x82, 1, 7);
        batch.bytes().get();
        assertThat(batch.bytes().remaining())
                .as("every receiver has a position of its own")
                .isEqualTo(6);
    }

    private static int[] bytes(Frame frame) {
        return unsigned(new Batch(List.of(frame)).bytes());
    }

    private static int[] head(int length, int header) {
        int[] all = bytes(Frame.binary(ByteBuffer.allocate(length)));
        assertThat(all).hasSize(header + length);
        return java.util.Arrays.copyOf(all, header);
    }

    private static int[] unsigned(ByteBuffer buffer) {
        int[] all = new int[buffer.remaining()];
        for (int i = 0; i < all.length; i++) {
            all[i] = buffer.get(buffer.position() + i) & 0xFF;
        }
        return all;
    }
}
