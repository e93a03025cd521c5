package dev.parley.room;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.api.WireFormat;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class EncoderTest {

    @Test
    void hasOneForEachFormat() {
        assertThat(Arrays.stream(WireFormat.values()).map(Encoder::of)).containsExactlyInAnyOrder(Encoder.values());
    }
}
