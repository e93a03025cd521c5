package dev.parley.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.RoomName;
import io.nats.client.impl.Headers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NatsFormTest {

    @ParameterizedTest
    @ValueSource(strings = {"main", "a.b..c", "a-b_c", RoomName.LOBBY, "*", ">", "two words", "a%2Eb", "a+b", "Zoë 😀"})
    void anyNameIsOneTokenAndComesBack(String name) {
        assertThat(NatsForm.token(name)).matches("[A-Za-z0-9_%+-]+");
        assertThat(NatsForm.text("parley.out." + NatsForm.token(name))).isEqualTo(name);
    }

    @Test
    void aNumberThatAPublisherForgedDoesNotStandForTheServers() {
        Headers headers = new Headers().add(NatsForm.SEQUENCE, "1", "7");
        assertThat(NatsForm.number(headers, NatsForm.SEQUENCE)).isEqualTo(7);
        assertThat(NatsForm.number(headers, NatsForm.PREVIOUS)).isEqualTo(-1);
    }
}
