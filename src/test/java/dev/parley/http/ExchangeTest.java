package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ops.TestSettings;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExchangeTest {

    @ParameterizedTest
    @ValueSource(strings = {"1s", "15s", "1m"})
    void theBrokersAnswerComesBeforeTheDeadline(String timeout) {
        Duration broker = TestSettings.defaultsWith("parley.nats.publish-timeout=" + timeout)
                .nats()
                .publishTimeout();
        assertThat(Exchange.deadline(broker)).isGreaterThanOrEqualTo(broker.plusSeconds(30));
    }
}
