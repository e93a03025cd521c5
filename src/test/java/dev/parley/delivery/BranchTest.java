package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.api.Membership;
import dev.parley.api.Start;
import dev.parley.api.WireFormat;
import dev.parley.broker.memory.MemoryBroker;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Drain;
import dev.parley.ops.Health;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestClock;
import dev.parley.ops.TestSettings;
import dev.parley.room.Presence;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.websocket.CloseReason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

/** Rooms whose readers are on event loops that run when the test says so. */
class BranchTest {

    private static final CloseReason LEFT = new CloseReason(CloseReason.CloseCodes.NORMAL_CLOSURE, "");

    private MeterRegistry meters = new SimpleMeterRegistry(); // of the newest hub
    private final TestClock clock = new TestClock();
    private final Budget budget = TestBudgets.large();
    private final LocalHub hub = hub("parley.room.messages=64");
    private final Loop one = new Loop();
    private final Loop two = new Loop();

    private LocalHub hub(String... overrides) {
        return hub(Runnable::run, overrides);
    }

    private LocalHub hub(Executor pool, String... overrides) {
        Settings settings = TestSettings.with(overrides);
        LocalHub made = new LocalHub();
        meters = new SimpleMeterRegistry();
        made.use(
                settings,
                new MemoryBroker(settings, clock, budget),
                new Metrics(meters),
                new Health(),
                new Drain(),
                budget);
        made.start(pool, clock);
        return made;
    }

    @Test
    void eachLoopGetsOneTaskForAllItsReadersHoweverOftenTheyAreWoken() {
        Guest first = new Guest(hub, on(one));
        Guest second = new Guest(hub, on(one));
        run(one);
        for (String text : List.of("a", "b", "c")) {
            hub.publish("r", null, null, text);
        }
        assertThat(one).hasSize(1);
        one.remove().run();
        assertThat(one).isEmpty();
        assertThat(first.writer.texts()).containsExactly("a", "b", "c");
        assertThat(first.writer.batches()).hasSize(1);
        assertThat(second.writer.batches().get(0))
                .isSameAs(first.writer.batches().get(0));
    }

    @Test
    void noLoopWaitsForAnother() {
        Guest here = new Guest(hub, new GatedWriter().open());
        Guest there = new Guest(hub, on(one));
        Guest stalled = new Guest(hub, on(two));
        run(one, two);
        for (String text : List.of("a", "b", "c")) {
            hub.publish("r", null, null, text);
            run(one);
        }
        assertThat(here.writer.texts()).containsExactly("a", "b", "c");
        assertThat(there.writer.texts()).containsExactly("a", "b", "c");
        assertThat(stalled.writer.texts()).isEmpty();
        run(two);
        assertThat(stalled.writer.texts()).containsExactly("a", "b", "c");
        assertThat(stalled.writer.batches()).hasSize(1);
    }

    @Test
    void readersOfSeveralLoopsAtOnePlaceShareTheBytes() {
        Guest there = new Guest(hub, on(one));
        Guest elsewhere = new Guest(hub, on(two));
        run(one, two);
        hub.publish("r", null, null, "a");
        hub.publish("r", null, null, "b");
        run(one, two);
        assertThat(elsewhere.writer.batches().get(0))
                .isSameAs(there.writer.batches().get(0));
    }

    /** XNIO runs all tasks that there are, and that come meanwhile, before it looks at its sockets. */
    @Test
    void aLongWalkThatIsAskedForInAWalkComesByWayOfAnotherThread() {
        var pool = new ArrayDeque<Runnable>();
        LocalHub threaded = hub(pool::add);
        Guest eager = new Guest(threaded, on(one));
        for (int i = 1; i < Branch.MANY; i++) {
            new Guest(threaded, on(one));
        }
        run(one);
        pool.forEach(Runnable::run);
        pool.clear();
        run(one);
        eager.writer.atWrite(batch -> {
            if (texts(batch).contains("a")) {
                eager.room.publish("b");
            }
        });
        threaded.publish("r", null, null, "a");
        one.remove().run();
        assertThat(one).isEmpty();
        assertThat(pool).hasSize(1);
        pool.remove().run();
        assertThat(eager.writer.texts()).containsExactly("a");
        run(one);
        assertThat(eager.writer.texts()).containsExactly("a", "echo: b");
    }

    @Test
    void aWalkThatIsAskedForInAWalkIsTheLoopsNextTask() {
        Guest eager = new Guest(hub, on(one));
        eager.writer.atWrite(batch -> {
            if (texts(batch).contains("a")) {
                eager.room.publish("b");
            }
        });
        run(one);
        hub.publish("r", null, null, "a");
        one.remove().run();
        assertThat(eager.writer.texts()).containsExactly("a");
        assertThat(one).as("what the loop has to do meanwhile goes before").hasSize(1);
        run(one);
        assertThat(eager.writer.texts()).containsExactly("a", "echo: b");
    }

    @Test
    void aReaderThatAnswersWithinAWalkDoesNotRunAheadOfThoseBehindIt() {
        List<String> order = new ArrayList<>();
        Guest eager = new Guest(hub, new GatedWriter().open());
        Guest slower = new Guest(hub, new GatedWriter().open());
        eager.writer.atWrite(batch -> {
            order.addAll(texts(batch));
            if (order.size() < 200) { // the room keeps 64
                eager.room.publish("more");
            }
        });
        slower.writer.atWrite(batch -> order.add("slower: " + texts(batch)));
        hub.publish("r", null, null, "a");
        assertThat(order).hasSize(202).startsWith("a", "slower: [a]", "echo: more", "slower: [more]");
        assertThat(slower.writer.closeReason()).isNull();
    }

    @Test
    void whatTheHindmostLoopHasNotReadIsKeptAndIsTheLag() {
        LocalHub forgetful = hub("parley.history.messages=0");
        Guest there = new Guest(forgetful, on(one));
        Guest stalled = new Guest(forgetful, on(two));
        run(one, two);
        assertThat(lag()).isZero();
        for (int i = 0; i < 10; i++) {
            forgetful.publish("r", null, null, "m" + i);
            run(one);
        }
        assertThat(there.writer.texts()).hasSize(10);
        assertThat(lag()).isEqualTo(10);
        run(two);
        assertThat(stalled.writer.texts()).hasSize(10);
        assertThat(lag()).isZero();
        forgetful.publish("r", null, null, "the other way round");
        run(two);
        assertThat(lag()).isEqualTo(1);
        run(one);
        assertThat(lag()).isZero();
    }

    @Test
    void oneMessageInAQuietRoomIsNoLag() {
        new Guest(hub, new GatedWriter().open());
        hub.publish("r", null, null, "a");
        assertThat(lag()).isZero();
    }

    @Test
    void theLagOfAReaderWhoseBatchWasInFlightInTheLastWalkEndsWithTheNextSweep() {
        GatedWriter writer = new GatedWriter();
        new Guest(hub, writer);
        hub.publish("r", null, null, "a");
        hub.publish("r", null, null, "b");
        assertThat(lag()).isEqualTo(1);
        hub.sweep();
        assertThat(lag()).isEqualTo(1);
        writer.open().land().done(null);
        hub.sweep();
        assertThat(lag()).isZero();
    }

    @Test
    void membersThatComeAndGoInEveryWalkDoNotKeepTheLag() {
        LocalHub forgetful = hub("parley.history.messages=0");
        Guest[] visitor = new Guest[1];
        Guest host = new Guest(forgetful, new GatedWriter().open());
        host.writer.atWrite(batch -> {
            if (visitor[0] != null) {
                visitor[0].peer.closed(LEFT);
            }
            visitor[0] = new Guest(forgetful, new GatedWriter().open());
        });
        for (int i = 0; i < 10; i++) {
            forgetful.publish("r", null, null, "m" + i);
            assertThat(lag()).isZero();
        }
    }

    @Test
    void whoResumesAtTheOldestOfTheHistoryIsNotOvertakenWhileItReads() {
        LocalHub keeping = hub("parley.history.messages=3", "parley.history.age=1h");
        new Guest(keeping, new GatedWriter().open());
        for (int i = 0; i < 5; i++) {
            keeping.publish("r", null, null, "m" + i);
        }
        GatedWriter slow = new GatedWriter();
        keeping.open(slow, TestAdmission.toEverything(), opened -> (p, message) -> {})
                .join("r", "late", WireFormat.PARLEY_V1, new Start(null, 3));
        keeping.publish("r", null, null, "m5"); // one more than the history keeps
        assertThat(slow.closeReason()).isNull();
        slow.open().land().done(null);
        assertThat(String.join("", slow.texts()))
                .contains("m2", "m3", "m4", "m5")
                .doesNotContain("\"gap\"");
    }

    @Test
    void whoResumesWithinAWalkIsNotOvertakenWhileItReads() {
        LocalHub keeping = hub("parley.history.messages=3", "parley.history.age=1h");
        GatedWriter slow = new GatedWriter();
        Guest host = new Guest(keeping, new GatedWriter().open());
        for (int i = 0; i < 5; i++) {
            keeping.publish("r", null, null, "m" + i);
        }
        LocalPeer late = keeping.open(slow, TestAdmission.toEverything(), opened -> (p, message) -> {});
        host.writer.atWrite(batch -> {
            if (texts(batch).contains("m5")) {
                late.join("r", "late", WireFormat.PARLEY_V1, new Start(null, 3));
                keeping.publish("r", null, null, "m6"); // one more than the history keeps, before the walk ends
            }
        });
        keeping.publish("r", null, null, "m5");
        slow.open().land().done(null);
        assertThat(slow.closeReason()).isNull();
        assertThat(String.join("", slow.texts()))
                .contains("m3", "m4", "m5", "m6")
                .doesNotContain("\"gap\"");
    }

    @Test
    void aBranchGoesWithItsLastReaderAndComesBackWithTheNext() {
        Guest there = new Guest(hub, on(one));
        new Guest(hub, on(two));
        run(one, two);
        there.peer.closed(LEFT);
        run(two);
        hub.publish("r", null, null, "a");
        assertThat(one).isEmpty();
        Guest back = new Guest(hub, on(one));
        hub.publish("r", null, null, "b");
        run(one, two);
        assertThat(back.writer.texts()).containsExactly("b");
    }

    @Test
    void theSweeperWalksNobody() {
        List<Runnable> background = new ArrayList<>();
        Settings settings = TestSettings.with("parley.room.messages=4096");
        LocalHub large = new LocalHub();
        large.use(
                settings,
                new MemoryBroker(settings, Clock.SYSTEM, budget),
                new Metrics(meters),
                new Health(),
                new Drain(),
                budget);
        large.start(background::add);
        GatedWriter writer = new GatedWriter().open();
        for (int i = 0; i < 2 + Presence.SINGLE; i++) {
            large.open(i == 0 ? writer : new GatedWriter().open(), TestAdmission.toEverything(), opened -> (p, m) -> {})
                    .join("r", "u" + i, WireFormat.PARLEY_V1);
        }
        int before = writer.texts().size();
        background.clear();
        large.sweep();
        assertThat(writer.texts()).hasSize(before);
        assertThat(background).hasSize(1);
        background.get(0).run();
        assertThat(writer.texts()).hasSize(before + 1);
    }

    private double lag() {
        return meters.get("parley.lag").gauge().value();
    }

    private static List<String> texts(Batch batch) {
        return batch.frames().stream().map(Frame::text).toList();
    }

    private static GatedWriter on(Loop loop) {
        return new GatedWriter().open().on(loop);
    }

    private static void run(Loop... loops) {
        for (Loop loop : loops) {
            while (!loop.isEmpty()) {
                loop.remove().run();
            }
        }
    }

    private static final class Loop extends ArrayDeque<Runnable> implements Executor {

        private static final long serialVersionUID = 1L;

        @Override
        public void execute(Runnable task) {
            add(task);
        }
    }

    private static final class Guest {
        final GatedWriter writer;
        final LocalPeer peer;
        final Membership room;

        Guest(LocalHub hub, GatedWriter writer) {
            this.writer = writer;
            this.peer = hub.open(writer, TestAdmission.toEverything(), opened -> (p, message) -> {});
            this.room = peer.join("r", null, WireFormat.LOBBY);
        }
    }
}
