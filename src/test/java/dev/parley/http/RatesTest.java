package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ops.Settings;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RatesTest {

    private final AtomicLong clock = new AtomicLong();
    private final Rates rates = new Rates(new Settings.Rate(10, 1000, Duration.ofSeconds(1)), clock::get);

    private int taken(Object client) {
        int taken = 0;
        while (rates.admits(client, true, 0)) {
            taken++;
        }
        return taken;
    }

    @Test
    void eachClientHasItsOwnRate() {
        assertThat(taken("alice")).isEqualTo(10);
        assertThat(taken("bob")).isEqualTo(10);
        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(550));
        assertThat(taken("alice")).isPositive().isLessThan(10);
    }

    @Test
    void bodiesCountByTheirBytes() {
        assertThat(rates.admits("alice", false, 1000)).isTrue();
        assertThat(rates.admits("alice", false, 1)).isFalse();
    }

    @Test
    void clientsOfLongAgoAreForgotten() {
        assertThat(taken("alice")).isEqualTo(10);
        for (int i = 0; i < 20_000; i++) {
            rates.admits(i, true, 0);
        }
        assertThat(taken("alice")).isEqualTo(10);
    }
}
