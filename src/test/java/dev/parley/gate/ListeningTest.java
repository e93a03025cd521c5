package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ListeningTest {

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, true",
        "127.1.2.3, true",
        "::1, true",
        "0:0:0:0:0:0:0:1, true",
        "localhost, true",
        "0.0.0.0, false",
        "::, false",
        "192.0.2.1, false",
        "1270.0.0.1, false",
        "2001:db8::1, false",
        "chat.example, false",
        ", false"
    })
    void knowsAddressesOfThisMachineAlone(String address, boolean loopback) {
        assertThat(Listening.isLoopback(address)).isEqualTo(loopback);
    }
}
