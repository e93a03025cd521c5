package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.api.Membership;
import dev.parley.api.WireFormat;
import dev.parley.broker.memory.MemoryBroker;
import dev.parley.ops.Budget;
import dev.parley.ops.Budget.Holder;
import dev.parley.ops.Drain;
import dev.parley.ops.Health;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestClock;
import dev.parley.ops.TestSettings;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.PublishException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.websocket.CloseReason;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A hub whose memory is short. */
class HubMemoryTest {

    private static final CloseReason LEFT = new CloseReason(CloseReason.CloseCodes.NORMAL_CLOSURE, "");
    private static final int MB = 1 << 20;
    private static final String TEXT = "x".repeat(10_000);

    private final TestClock clock = new TestClock();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    @Test
    void aSilentReaderIsClosedAndTheOthersReadOn() {
        Budget budget = TestBudgets.of(MB);
        LocalHub hub = hub(budget, "parley.room.messages=10000", "parley.room.bytes=1GiB", "parley.history.messages=0");
        GatedWriter fast = new GatedWriter().open();
        GatedWriter silent = new GatedWriter();
        GatedWriter elsewhere = new GatedWriter();
        Membership talker = open(hub, fast).join("r", "alice", WireFormat.PARLEY_V1);
        open(hub, silent).join("r", "bob", WireFormat.PARLEY_V1);
        open(hub, elsewhere).join("other", "carol", WireFormat.PARLEY_V1);
        int said = 0;
        while (silent.closeReason() == null) {
            assertThat(talker.publish(TEXT, null).toCompletableFuture()).isCompleted();
            said++;
            assertThat(said).isLessThan(200);
            assertThat(budget.used()).isLessThan(2 * MB);
        }
        assertThat(silent.closeReason()).isEqualTo(CloseReasons.TOO_SLOW);
        assertThat(elsewhere.closeReason()).isNull();
        assertThat(fast.closeReason()).isNull();
        assertThat(fast.texts()).filteredOn(text -> text.contains(TEXT)).hasSize(said);
        assertThat(meters.get("parley.overtaken").functionCounter().count()).isEqualTo(1);
    }

    @Test
    void theOutboxWithMostInItIsClosed() {
        Budget budget = TestBudgets.of(MB);
        LocalHub hub = hub(budget, "parley.outbox.messages=10000", "parley.outbox.bytes=1GiB");
        GatedWriter hog = new GatedWriter();
        GatedWriter modest = new GatedWriter();
        GatedWriter good = new GatedWriter().open();
        LocalPeer modestPeer = open(hub, modest);
        for (int i = 0; i < 5; i++) {
            modestPeer.send(TEXT);
        }
        LocalPeer hogPeer = open(hub, hog);
        LocalPeer goodPeer = open(hub, good);
        for (int i = 0; i < 100; i++) {
            hogPeer.send(TEXT);
            goodPeer.send("hi");
        }
        assertThat(hog.closeReason()).isEqualTo(CloseReasons.TOO_SLOW);
        assertThat(modest.closeReason()).isNull();
        assertThat(good.closeReason()).isNull();
        assertThat(good.texts()).hasSize(100);
        assertThat(budget.used()).isLessThan(MB / 2);
    }

    @Test
    void historyGoesBeforeAnybodyIsClosed() {
        Budget budget = TestBudgets.of(MB);
        LocalHub hub = hub(budget, "parley.history.messages=1000", "parley.history.bytes=1GiB");
        GatedWriter writer = new GatedWriter().open();
        Membership member = open(hub, writer).join("r", "alice", WireFormat.PARLEY_V1);
        Membership quiet = open(hub, new GatedWriter().open()).join("q", "bob", WireFormat.PARLEY_V1);
        quiet.publish("the oldest", null);
        for (int i = 0; i < 200; i++) {
            assertThat(member.publish(TEXT, null).toCompletableFuture()).isCompleted();
            hub.publish("empty" + i, null, null, TEXT);
            assertThat(budget.used()).isLessThanOrEqualTo(MB);
        }
        assertThat(writer.closeReason()).isNull();
        assertThat(hub.newest("q", 10).toCompletableFuture().join().messages()).isEmpty();
        assertThat(hub.newest("r", 10).toCompletableFuture().join().messages()).hasSize(10);
        assertThat(hub.newest("empty199", 10).toCompletableFuture().join().messages())
                .hasSize(1);
        assertThat(hub.newest("empty0", 10).toCompletableFuture().join().messages())
                .isEmpty();
    }

    @Test
    void aMessageIsRefusedWhenNothingCanMakeRoom() {
        Budget budget = TestBudgets.of(MB);
        LocalHub hub = hub(budget);
        GatedWriter plain = new GatedWriter().open();
        Membership member = open(hub, new GatedWriter().open()).join("r", "alice", WireFormat.PARLEY_V1);
        Membership plainMember = open(hub, plain).join("r", "bob", WireFormat.PLAIN);
        budget.add(Holder.ROOMS, 2L * MB);
        assertThatThrownBy(() -> member.publish("hi", "k").toCompletableFuture().join())
                .satisfies(failure ->
                        assertThat(PublishException.of(failure).code()).isEqualTo(ErrorCode.UNAVAILABLE));
        plainMember.publish("hi");
        assertThat(plain.closeReason()).isEqualTo(CloseReasons.UNAVAILABLE);
        budget.add(Holder.ROOMS, -2L * MB);
        assertThat(member.publish("hi", "k").toCompletableFuture()).isCompleted();
    }

    @Test
    void anUnfinishedMessageForWhichThereIsNoMemoryClosesItsSender() {
        Budget budget = TestBudgets.of(MB);
        LocalHub hub = hub(budget, "parley.limits.text=64KiB");
        List<GatedWriter> writers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            GatedWriter writer = new GatedWriter().open();
            open(hub, writer).text(TEXT, false);
            writers.add(writer);
        }
        assertThat(writers).filteredOn(writer -> writer.closeReason() == null).hasSizeBetween(15, 26);
        assertThat(writers)
                .filteredOn(writer -> writer.closeReason() != null)
                .allSatisfy(writer -> assertThat(writer.closeReason()).isEqualTo(CloseReasons.NO_MEMORY));
        assertThat(budget.used(Holder.MESSAGES)).isLessThanOrEqualTo(MB / 4);
    }

    @Test
    void whatAReaderOfFramesHoldsCountsUntilItsPeerIsGone() {
        Budget budget = TestBudgets.of(MB);
        LocalHub hub = hub(budget);
        GatedWriter writer = new GatedWriter().open();
        LocalPeer peer = open(hub, writer);
        assertThat(writer.receiver().holds(100_000)).isTrue();
        assertThat(budget.used(Holder.MESSAGES)).isBetween(100_000L, 110_000L);
        assertThat(writer.receiver().holds(MB)).isFalse();
        peer.close(CloseReasons.NO_MEMORY);
        assertThat(budget.used()).isZero();
        assertThat(writer.receiver().holds(14)).as("its close frame is read").isTrue();
        assertThat(budget.used()).isZero();
    }

    /** Random operations: at the end what is taken is what the history holds, and nothing once that has expired. */
    @Test
    void nothingIsTakenWhenAllPeersHaveGoneAndTheHistoryHasExpired() {
        for (int round = 0; round < 40; round++) {
            long seed = System.nanoTime();
            Random random = new Random(seed);
            Budget budget = TestBudgets.of(random.nextBoolean() ? MB : 1L << 40);
            LocalHub hub = hub(
                    budget,
                    "parley.limits.text=64KiB",
                    "parley.limits.binary=64KiB",
                    "parley.outbox.bytes=1MiB",
                    "parley.room.messages=" + (4 + random.nextInt(60)),
                    "parley.history.messages=" + random.nextInt(30),
                    "parley.history.empty-rooms=" + random.nextInt(6),
                    "parley.history.age=1m",
                    "parley.ids.window=1m",
                    "parley.overflow="
                            + List.of("disconnect", "drop-oldest", "latest").get(random.nextInt(3)));
            List<Guest> guests = new ArrayList<>();
            long beat = System.nanoTime();
            for (int i = 0; i < 1_000; i++) {
                if (guests.size() < 12 || random.nextInt(60) == 0) {
                    guests.add(new Guest(hub, random));
                }
                guests.get(random.nextInt(guests.size())).act(random);
                if (random.nextInt(100) == 0) {
                    clock.pass(Duration.ofSeconds(1));
                    beat += Duration.ofSeconds(1).toNanos();
                    hub.beat(beat);
                    hub.sweep();
                }
            }
            guests.forEach(guest -> guest.peer.closed(LEFT));
            assertThat(hub.rooms()).as("seed %d", seed).isZero();
            assertThat(budget.used()).as("seed %d", seed).isEqualTo(budget.used(Holder.HISTORY));
            clock.pass(Duration.ofSeconds(61));
            hub.sweep();
            assertThat(budget.used()).as("seed %d", seed).isZero();
        }
    }

    /** The same with threads, of which some write and some beat and sweep. */
    @Test
    @Timeout(120)
    void whatManyThreadsDoLeavesNothingTaken() throws Exception {
        long seed = System.nanoTime();
        Budget budget = TestBudgets.of(2L * MB);
        ExecutorService pool = Executors.newCachedThreadPool();
        LocalHub hub = hub(
                pool,
                budget,
                "parley.limits.text=64KiB",
                "parley.limits.binary=64KiB",
                "parley.outbox.messages=1000",
                "parley.outbox.bytes=1MiB",
                "parley.history.age=1m",
                "parley.ids.window=1m",
                "parley.history.empty-rooms=4");
        try {
            int threads = 4;
            CountDownLatch done = new CountDownLatch(threads);
            for (int t = 0; t < threads; t++) {
                Random random = new Random(seed + t);
                pool.execute(() -> {
                    List<Guest> guests = new ArrayList<>();
                    for (int i = 0; i < 5_000; i++) {
                        if (guests.size() < 8 || random.nextInt(50) == 0) {
                            guests.add(new Guest(hub, random));
                        }
                        guests.get(random.nextInt(guests.size())).act(random);
                    }
                    guests.forEach(guest -> guest.peer.closed(LEFT));
                    done.countDown();
                });
            }
            long beat = System.nanoTime();
            while (!done.await(5, TimeUnit.MILLISECONDS)) {
                beat += Duration.ofSeconds(1).toNanos();
                hub.beat(beat);
                hub.sweep();
            }
            Awaitility.await("seed " + seed).until(() -> hub.rooms() == 0 && hub.peers() == 0);
            clock.pass(Duration.ofSeconds(61));
            Awaitility.await("seed " + seed).untilAsserted(() -> {
                hub.sweep();
                assertThat(budget.used()).isZero();
            });
        } finally {
            pool.shutdownNow();
        }
    }

    private LocalHub hub(Budget budget, String... settings) {
        return hub(Runnable::run, budget, settings);
    }

    private LocalHub hub(java.util.concurrent.Executor executor, Budget budget, String... with) {
        Settings settings = TestSettings.with(with);
        LocalHub hub = new LocalHub();
        hub.use(
                settings,
                new MemoryBroker(settings, clock, budget),
                new Metrics(meters),
                new Health(),
                new Drain(),
                budget);
        hub.start(executor, clock);
        return hub;
    }

    private static LocalPeer open(LocalHub hub, GatedWriter writer) {
        return hub.open(writer, TestAdmission.toEverything(), peer -> (p, message) -> {});
    }

    /** A client that does anything, whether its connection takes what it is sent or not. */
    private static final class Guest {
        final GatedWriter writer;
        final LocalPeer peer;
        final List<Membership> rooms = new ArrayList<>();

        Guest(LocalHub hub, Random random) {
            writer = random.nextInt(3) == 0 ? new GatedWriter() : new GatedWriter().open();
            peer = open(hub, writer);
        }

        void act(Random random) {
            String text = "y".repeat(random.nextInt(20_000));
            switch (random.nextInt(12)) {
                case 0, 1 ->
                    rooms.add(peer.join(
                            "r" + random.nextInt(8),
                            "u" + random.nextInt(20),
                            WireFormat.values()[random.nextInt(WireFormat.values().length)]));
                case 2 -> {
                    if (!rooms.isEmpty()) {
                        rooms.remove(random.nextInt(rooms.size())).leave();
                    }
                }
                case 3 -> peer.text(text, random.nextBoolean());
                case 4 -> peer.binary(ByteBuffer.allocate(random.nextInt(20_000)), random.nextBoolean());
                case 5 -> peer.send(text);
                case 6 -> {
                    if (writer.inFlight() > 0) {
                        writer.land().done(null);
                    }
                }
                case 7 -> {
                    if (random.nextInt(5) == 0) {
                        peer.closed(LEFT);
                    }
                }
                default -> {
                    if (!rooms.isEmpty()) {
                        rooms.get(random.nextInt(rooms.size()))
                                .publish(text, random.nextBoolean() ? null : "k" + random.nextInt());
                    }
                }
            }
        }
    }
}
