package dev.parley.broker.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.broker.Broker;
import dev.parley.broker.BrokerContract;
import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.ops.Budget;
import dev.parley.ops.Budget.Holder;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestClock;
import dev.parley.ops.TestSettings;
import dev.parley.protocol.Content;
import dev.parley.protocol.Position;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MemoryBrokerTest extends BrokerContract {

    private static final Sender ALICE = new Sender("alice", 7);

    private final TestClock clock = new TestClock();
    private MemoryBroker broker;

    @Override
    protected Broker create(String... settings) {
        broker = new MemoryBroker(TestSettings.with(settings), clock, TestBudgets.large());
        return broker;
    }

    @Override
    protected void pass(Duration time) {
        clock.pass(time);
    }

    @Test
    void aBrokerNobodyIsAttachedToSaysSo() {
        MemoryBroker alone = new MemoryBroker(TestSettings.small(), clock, TestBudgets.large());
        assertThatThrownBy(() -> alone.publish("r", ALICE, null, new Content.Text("hi")))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aRoomThatNobodyHasOpenStaysForItsHistoryAndItsIdsAndThenLeavesNothing() throws Exception {
        start("parley.history.age=1m", "parley.ids.window=2m");
        log.open(broker, "r", 10);
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
        assertThat(log.open(broker, "r", 10).get(1, TimeUnit.SECONDS).epoch())
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
    void deliversAgainWhatTheHubHasThrownAnExceptionFor() throws Exception {
        log.open(broker, "r", 10);
        log.fails = true;
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> broker.publish("r", ALICE, null, new Content.Text("hi")))
                    .isInstanceOf(IllegalStateException.class);
        }
        log.fails = false;
        broker.sweep();
        assertThat(log.await("r", 2)).hasSize(2);
        log.fails = true;
        assertThatThrownBy(() -> broker.publish("r", ALICE, null, new Content.Text("hi")))
                .isInstanceOf(IllegalStateException.class);
        log.fails = false;
        broker.publish("r", ALICE, null, new Content.Text("hi"));
        assertThat(log.await("r", 4)).hasSize(4);
    }

    @Test
    void aRoomWithoutHistoryAndIdsLeavesNothingAtOnce() {
        start("parley.history.messages=0");
        broker.publish("closed", ALICE, null, new Content.Text("hi"));
        broker.history("unknown", 0, 10);
        broker.release("never open");
        log.open(broker, "r", 10);
        broker.publish("r", ALICE, null, new Content.Text("hi"));
        assertThat(broker.rooms()).isEqualTo(1);
        broker.release("r");
        assertThat(broker.rooms()).isZero();
    }

    @Test
    void whatARoomKeepsIsTakenFromTheBudgetAndGivenBackWhenItExpires() {
        Budget budget = TestBudgets.large();
        MemoryBroker kept = broker(budget, "parley.history.age=1m", "parley.ids.window=2m", "parley.limits.text=64KiB");
        kept.publish("r", ALICE, "k", new Content.Text("x".repeat(10_000)));
        kept.publish("s", ALICE, null, new Content.Binary(ByteBuffer.allocate(5_000)));
        assertThat(budget.used(Holder.HISTORY)).isBetween(15_000L, 18_000L);
        pass(Duration.ofSeconds(61));
        kept.sweep();
        assertThat(budget.used(Holder.HISTORY)).as("of the id").isBetween(1L, 1_500L);
        pass(Duration.ofSeconds(60));
        kept.sweep();
        assertThat(budget.used()).isZero();
    }

    @Test
    void anIdThatIsForgottenIsGivenBack() {
        Budget budget = TestBudgets.large();
        MemoryBroker kept = broker(budget, "parley.history.messages=1", "parley.ids.per-room=10");
        for (int i = 0; i < 1_000; i++) {
            kept.publish("r", ALICE, "k" + i, new Content.Text("x"));
        }
        assertThat(budget.used()).isBetween(2_000L, 6_000L);
    }

    @Test
    void aTextThatIsNotLatinTakesTwoBytesForEachCharacter() {
        Budget budget = TestBudgets.large();
        broker(budget).publish("r", ALICE, null, new Content.Text("\u20ac".repeat(10_000)));
        assertThat(budget.used()).isBetween(20_000L, 22_000L);
    }

    @Test
    void whenMemoryIsShortTheOldestMessagesOfAllRoomsGo() throws Exception {
        Budget budget = TestBudgets.of(1 << 20);
        MemoryBroker small = broker(budget, "parley.history.bytes=1MiB");
        for (int i = 0; i < 30; i++) {
            small.publish(i % 2 == 0 ? "even" : "odd", ALICE, null, new Content.Text("x".repeat(50_000)));
            budget.relieve();
            assertThat(budget.used()).isLessThanOrEqualTo(1 << 20);
        }
        List<Long> left = new ArrayList<>();
        for (String room : List.of("even", "odd")) {
            History history = small.history(room, 0, 100).toCompletableFuture().get(1, TimeUnit.SECONDS);
            history.publications().forEach(publication -> left.add(publication.offset()));
            assertThat(history.after()).as("what is gone can be seen").isPositive();
        }
        left.sort(null);
        assertThat(left).hasSizeBetween(15, 20).last().isEqualTo(30L);
        assertThat(left.get(left.size() - 1) - left.get(0)).as("without a hole").isEqualTo(left.size() - 1);
    }

    @Test
    void whenMemoryIsShortIdsGoWithTheirMessages() {
        Budget budget = TestBudgets.of(1 << 20);
        MemoryBroker small = broker(budget, "parley.history.messages=0");
        for (int i = 0; i < 10_000; i++) {
            small.publish("r" + i % 10, ALICE, "k" + i, new Content.Text("x"));
            budget.relieve();
        }
        assertThat(budget.used()).isBetween(1L << 19, 1L << 20);
    }

    @Test
    void whenMemoryIsShortARoomThatIsLeftWithNothingGoes() {
        Budget budget = TestBudgets.of(1 << 20);
        MemoryBroker small = broker(budget, "parley.history.empty-rooms=1000000");
        for (int i = 0; i < 5_000; i++) {
            small.publish("r" + i, ALICE, null, new Content.Text("x"));
            budget.relieve();
        }
        assertThat(budget.used()).isBetween(1L << 19, 1L << 20);
        assertThat(small.rooms()).isLessThan(2_000);
    }

    @Test
    void roomsWithoutMembersAreBoundedAndTheOneThatWasQuietLongestGoes() {
        Budget budget = TestBudgets.large();
        MemoryBroker few = broker(budget, "parley.history.empty-rooms=3");
        few.open("open", 10, kept -> {});
        few.publish("open", ALICE, null, new Content.Text("first of all"));
        for (String room : List.of("a", "b", "c", "a", "d")) {
            few.publish(room, ALICE, null, new Content.Text("hi"));
        }
        assertThat(few.rooms()).isEqualTo(4);
        assertThat(messages(few, "b")).isZero();
        assertThat(messages(few, "a")).isEqualTo(2);
        assertThat(messages(few, "open")).isEqualTo(1);
        few.publish("e", ALICE, null, new Content.Text("hi"));
        few.release("open");
        assertThat(messages(few, "open")).as("its message is the oldest").isZero();
        assertThat(few.rooms()).isEqualTo(3);
    }

    @Test
    void aRoomThatGoesGivesItsMemoryBackAtOnce() {
        Budget budget = TestBudgets.large();
        MemoryBroker none = broker(budget, "parley.history.empty-rooms=0");
        none.publish("r", ALICE, "k", new Content.Text("hi"));
        assertThat(none.rooms()).isZero();
        assertThat(budget.used()).isZero();
    }

    private static int messages(MemoryBroker broker, String room) {
        return broker.history(room, 0, 100)
                .toCompletableFuture()
                .join()
                .publications()
                .size();
    }

    private MemoryBroker broker(Budget budget, String... settings) {
        MemoryBroker made = new MemoryBroker(TestSettings.with(settings), clock, budget);
        made.attach(new Deaf());
        return made;
    }

    /** A hub that does nothing. */
    private static final class Deaf implements Broker.Listener {
        @Override
        public void deliver(Publication publication) {}

        @Override
        public void lost(String room, long from, long to) {}

        @Override
        public void delivered(String room) {}

        @Override
        public void typing(String room, Sender sender) {}

        @Override
        public void present(String room, Collection<Sender> joined, Collection<Sender> left) {}

        @Override
        public void renewed(String room, String epoch, long offset) {}

        @Override
        public void away() {}

        @Override
        public void back() {}
    }
}
