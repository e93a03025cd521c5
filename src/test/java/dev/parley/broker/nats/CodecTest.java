package dev.parley.broker.nats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.RoomName;
import io.nats.client.impl.Headers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CodecTest {

    @ParameterizedTest
    @ValueSource(strings = {"main", "a.b..c", "a-b_c", RoomName.LOBBY, "*", ">", "two words", "a%2Eb", "a+b", "Zoë 😀"})
    void anyNameIsOneTokenAndComesBack(String name) {
        assertThat(Codec.token(name)).matches("[A-Za-z0-9_%+-]+");
        assertThat(Codec.text("parley.out." + Codec.token(name))).isEqualTo(name);
    }

    @Test
    void aNumberThatAPublisherForgedDoesNotStandForTheServers() {
        Headers headers = new Headers().add(Codec.SEQUENCE, "1", "7");
        assertThat(Codec.number(headers, Codec.SEQUENCE)).isEqualTo(7);
        assertThat(Codec.number(headers, Codec.PREVIOUS)).isEqualTo(-1);
    }
}
