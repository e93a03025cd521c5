package dev.parley.broker.nats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.ops.Budget;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestSettings;
import io.nats.client.impl.Headers;
import io.nats.client.impl.NatsMessage;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ReadingTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final Budget budget = TestBudgets.large();

    /** A reading from after an offset up to another at least, whose time is over. */
    private Reading reading(long asked, long wanted, boolean whole) {
        return new Reading(
                "r",
                TestSettings.with("parley.history.messages=3").rooms().history("r"),
                new Generation(() -> null),
                asked,
                wanted,
                whole,
                System.nanoTime(),
                budget);
    }

    private static void take(Reading reading, long... offsets) {
        for (long offset : offsets) {
            reading.take(NatsMessage.builder()
                    .subject("parley.out.r")
                    .headers(new Headers()
                            .put("Nats-Subject", "parley.in.g.r")
                            .put("Nats-Sequence", Long.toString(offset))
                            .put("Nats-Time-Stamp", NOW.toString()))
                    .data("hi")
                    .build());
        }
    }

    private static History given(Reading reading) {
        reading.complete(1, NOW);
        return reading.result().toCompletableFuture().getNow(null);
    }

    @Test
    void givesTheNewestThatTheRoomKeeps() {
        Reading reading = reading(0, 9, true);
        take(reading, 2, 3, 5, 8, 9);
        History kept = given(reading);
        assertThat(kept.publications()).extracting(Publication::offset).containsExactly(5L, 8L, 9L);
        assertThat(kept.after()).isEqualTo(3);
        assertThat(budget.used()).isZero();
    }

    @Test
    void aServerThatIsBehindGivesNothingWhereAllIsWanted() {
        Reading whole = reading(0, 9, true);
        take(whole, 2, 3);
        assertThat(given(whole)).isNull();
        Reading rest = reading(0, 9, false);
        take(rest, 2, 3);
        assertThat(given(rest).upTo()).isEqualTo(3);
    }
}
