package dev.parley.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PublishTest {

    @Test
    void normalizesTheUser() {
        assertThat(new Publish("orders", "Jose\u0301", "x").user()).isEqualTo("Jos\u00e9");
        assertThat(new Publish("orders", null, "x").user()).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "'no room', shop, k, x, room name",
        "orders, shop:, k, x, user name",
        "orders, shop, '', x, id",
        "orders, shop, k, a\u001bb, control character",
        "orders, shop, k, a\ud800b, surrogate"
    })
    void refusesWhatNoClientCouldSay(String room, String user, String id, String text, String words) {
        assertThatThrownBy(() -> new Publish(room, user, id, text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(words);
    }
}
