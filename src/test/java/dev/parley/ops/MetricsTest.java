package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Metrics metrics = new Metrics(registry);

    @Test
    void messagesAndBytesAreCountedBothWays() {
        metrics.messageIn(5);
        metrics.messageIn(7);
        metrics.batchOut(3, 100);
        assertThat(count("parley.messages.in")).isEqualTo(2);
        assertThat(count("parley.received")).isEqualTo(12);
        assertThat(count("parley.batches.out")).isEqualTo(1);
        assertThat(count("parley.messages.out")).isEqualTo(3);
        assertThat(count("parley.sent")).isEqualTo(100);
    }

    @Test
    void aCloseOfOursIsCountedByCodeAndReasonWithoutItsIncident() {
        metrics.peerClosed(new CloseReason(CloseCodes.UNEXPECTED_CONDITION, "internal error, incident 1"));
        metrics.peerClosed(new CloseReason(CloseCodes.UNEXPECTED_CONDITION, "internal error, incident 2"));
        assertThat(registry.get("parley.closes")
                        .tags("code", "1011", "reason", "internal error")
                        .counter()
                        .count())
                .isEqualTo(2);
    }

    @Test
    void whatAClientMakesUpGetsNoLabelOfItsOwn() {
        for (int code = 3000; code < 5000; code++) {
            metrics.peerLeft(code);
        }
        assertThat(registry.get("parley.closes").tag("code", "other").counter().count())
                .isEqualTo(2000);
    }

    @Test
    void labelsAreBoundedWhateverTheCallerSays() {
        for (int i = 0; i < 1000; i++) {
            metrics.refused("reason " + i);
        }
        assertThat(registry.find("parley.refusals").counters()).hasSizeLessThanOrEqualTo(65);
        assertThat(registry.get("parley.refusals")
                        .tag("reason", "other")
                        .counter()
                        .count())
                .isEqualTo(1000 - 64);
    }

    @Test
    void latenciesAreInTheirHistograms() {
        metrics.sendLatency(TimeUnit.MILLISECONDS.toNanos(3));
        metrics.published(TimeUnit.MILLISECONDS.toNanos(4));
        assertThat(registry.get("parley.send.latency").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(3);
        assertThat(registry.get("parley.publish.latency").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(4);
    }

    private double count(String name) {
        double count = 0;
        for (var measurement : registry.get(name).meter().measure()) {
            count += measurement.getValue();
        }
        return count;
    }
}
