package dev.parley.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.ops.TestClock;
import dev.parley.ops.TestSettings;
import dev.parley.protocol.Content;
import dev.parley.protocol.Position;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MemoryBrokerTest extends BrokerContract {

    private static final Sender ALICE = new Sender("alice", 7);

    private final TestClock clock = new TestClock();
    private MemoryBroker broker;

    @Override
    Broker create(String... settings) {
        broker = new MemoryBroker(TestSettings.with(settings), clock);
        return broker;
    }

    @Override
    void pass(Duration time) {
        clock.pass(time);
    }

    @Test
    void aBrokerNobodyIsAttachedToSaysSo() {
        MemoryBroker alone = new MemoryBroker(TestSettings.small(), clock);
        assertThatThrownBy(() -> alone.publish("r", ALICE, null, new Content.Text("hi")))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aRoomThatNobodyHasOpenStaysForItsHistoryAndItsIdsAndThenLeavesNothing() throws Exception {
        start("parley.history.age=1m", "parley.ids.window=2m");
        broker.open("r", 10);
        String epoch = broker.publish("r", ALICE, "k", new Content.Text("hi"))
                .toCompletableFuture()
                .get(1, TimeUnit.SECONDS)
                .epoch();
        broker.release("r");
        pass(Duration.ofSeconds(61));
        broker.sweep();
        assertThat(broker.rooms()).as("the id is remembered").isEqualTo(1);
        pass(Duration.ofSeconds(60));
        broker.sweep();
        assertThat(broker.rooms()).isZero();
        assertThat(broker.open("r", 10)
                        .toCompletableFuture()
                        .get(1, TimeUnit.SECONDS)
                        .epoch())
                .as("the history was lost")
                .isNotEqualTo(epoch);
    }

    @Test
    void idsAndHistoryAreKeptForTheirTimeHoweverSomebodySetsTheClock() throws Exception {
        for (Duration jump : List.of(Duration.ofMinutes(2), Duration.ofMinutes(-2))) {
            start("parley.history.age=1m", "parley.ids.window=1m");
            Content hi = new Content.Text("hi");
            Position first = get(broker.publish("r", ALICE, "k", hi));
            clock.set(jump);
            pass(Duration.ofSeconds(59));
            broker.sweep();
            assertThat(get(broker.publish("r", ALICE, "k", hi))).as("%s", jump).isEqualTo(first);
            assertThat(get(broker.history("r", 0, 10)).publications())
                    .as("%s", jump)
                    .hasSize(1);
            pass(Duration.ofSeconds(2));
            broker.sweep();
            assertThat(broker.rooms()).as("%s", jump).isZero();
        }
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(1, TimeUnit.SECONDS);
    }

    @Test
    void aRoomThatCannotBeSweptDoesNotKeepTheHistoryOfTheOthers() {
        start("parley.history.age=1m");
        for (String room : List.of("a", "b", "c")) {
            broker.publish(room, ALICE, null, new Content.Text("hi"));
        }
        assertThat(broker.rooms()).isEqualTo(3);
        pass(Duration.ofMinutes(2));
        clock.failOnce();
        broker.sweep();
        assertThat(broker.rooms()).isEqualTo(1);
    }

    @Test
    void aRoomWithoutHistoryAndIdsLeavesNothingAtOnce() {
        start("parley.history.messages=0");
        broker.publish("closed", ALICE, null, new Content.Text("hi"));
        broker.history("unknown", 0, 10);
        broker.release("never open");
        broker.open("r", 10);
        broker.publish("r", ALICE, null, new Content.Text("hi"));
        assertThat(broker.rooms()).isEqualTo(1);
        broker.release("r");
        assertThat(broker.rooms()).isZero();
    }
}
