package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {

    private final AtomicLong clock = new AtomicLong();
    private final AtomicInteger looks = new AtomicInteger();
    private final RateLimit limit = new RateLimit(new Settings.Rate(10, 1000, Duration.ofSeconds(2)), () -> {
        looks.incrementAndGet();
        return clock.get();
    });

    @Test
    void aBurstIsTakenWithoutALookAtTheClockAndOneMoreIsNot() {
        int before = looks.get();
        assertThat(taken(100, 1)).isEqualTo(20);
        assertThat(looks.get() - before).isEqualTo(1);
    }

    @Test
    void bytesCountAsWell() {
        assertThat(taken(100, 300)).isEqualTo(6);
    }

    @Test
    void partsOfAMessageCountByTheirBytesAlone() {
        assertThat(limit.admits(true, 1)).isTrue();
        for (int i = 0; i < 1000; i++) {
            assertThat(limit.admits(false, 1)).isTrue();
        }
    }

    @Test
    void theRateCanBeKeptForEver() {
        for (int second = 0; second < 1000; second++) {
            assertThat(taken(10, 100)).isEqualTo(10);
            clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
        }
    }

    @Test
    void twiceTheRateIsTakenForAsLongAsTheBurstLasts() {
        int taken = 0;
        for (int tick = 0; tick < 1000; tick++) {
            taken += taken(1, 1);
            clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(50));
            if (taken <= tick) {
                break;
            }
        }
        assertThat(taken).isBetween(38, 42);
    }

    @Test
    void afterALongSilenceThereAreTwoBurstsAndNoMore() {
        clock.addAndGet(TimeUnit.DAYS.toNanos(1));
        assertThat(taken(100, 1)).isBetween(40, 41);
    }

    @Test
    void whoIsRefusedIsTakenAgainAtTheRateHoweverOftenItAsked() {
        assertThat(taken(100, 1)).isEqualTo(20);
        for (int i = 0; i < 1000; i++) {
            assertThat(limit.admits(true, 1)).isFalse();
        }
        clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(taken(100, 1)).isEqualTo(10);
    }

    private int taken(int messages, int size) {
        for (int i = 0; i < messages; i++) {
            if (!limit.admits(true, size)) {
                return i;
            }
        }
        return messages;
    }
}
