package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ops.Budget;
import dev.parley.ops.Budget.Holder;
import dev.parley.ops.Metrics;
import dev.parley.ops.Rooms;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestSettings;
import dev.parley.protocol.CloseReasons;
import dev.parley.room.Encoder;
import dev.parley.room.Ring;
import dev.parley.room.TestRings;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import dev.parley.wire.FrameWriter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.websocket.CloseReason;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class OutboxTest {

    private static final SimpleMeterRegistry METERS = new SimpleMeterRegistry();
    private static final Metrics METRICS = new Metrics(METERS);

    private final Deque<Runnable> background = new ArrayDeque<>();
    private final List<String> events = new ArrayList<>();
    private final Outbox.Owner owner = new Outbox.Owner() {
        @Override
        public void ended(CloseReason reason) {
            events.add("ended " + reason.getReasonPhrase());
        }

        @Override
        public void broke(Throwable failure) {
            events.add("broke");
        }

        @Override
        public void finished(CloseReason reason) {
            events.add("finished " + reason.getCloseCode().getCode());
        }

        @Override
        public void failed(Throwable failure) {
            events.add("failed");
        }
    };
    private final GatedWriter writer = new GatedWriter();
    private final Outbox outbox =
            new Outbox(writer, owner, TestSettings.small().outbox(), METRICS, background::add, TestBudgets.large());

    @BeforeEach
    void release() {
        outbox.release();
    }

    @Test
    void nothingLeavesBeforeTheReleaseAndThenRepliesGoFirst() {
        Outbox held =
                new Outbox(writer, owner, TestSettings.small().outbox(), METRICS, background::add, TestBudgets.large());
        Ring ring = TestRings.ring(64, 1 << 20);
        held.add(TestRings.cursor(ring, Encoder.PLAIN, 7));
        say(ring, "m");
        held.wake(null);
        held.offer(Frame.text("welcome"));
        assertThat(writer.texts()).isEmpty();
        held.release();
        land();
        assertThat(writer.texts()).containsExactly("welcome", "u: m");
    }

    @Test
    void oneBatchIsInFlightAndTheNextTakesAllThatWaited() {
        reply("a", "b", "c");
        assertThat(writer.texts()).containsExactly("a");
        land();
        assertThat(writer.texts()).containsExactly("a", "b", "c");
        assertThat(writer.batches()).hasSize(2);
        assertThat(writer.inFlight()).isEqualTo(1);
    }

    @Test
    void aCompletionOutsideTheWriteOnlyHandsOver() {
        reply("a", "b");
        writer.land().done(null);
        assertThat(writer.texts()).containsExactly("a");
        assertThat(background).hasSize(1);
    }

    @Test
    void completionsInsideTheWriteDoNotNest() {
        writer.open();
        Ring ring = TestRings.ring(200_000, 1 << 30);
        for (int i = 0; i < 200_000; i++) {
            say(ring, "m");
        }
        outbox.add(TestRings.cursor(ring, Encoder.PLAIN, 7));
        while (!background.isEmpty()) {
            background.remove().run();
        }
        assertThat(writer.texts()).hasSize(200_000);
    }

    @Test
    void aSecondCompletionOfABatchIsIgnored() {
        reply("a", "b");
        FrameWriter.Completion first = writer.land();
        first.done(null);
        runBackground();
        assertThat(writer.inFlight()).isEqualTo(1); // b
        first.done(null);
        first.done(new IOException("late"));
        reply("c");
        runBackground();
        assertThat(writer.texts()).containsExactly("a", "b");
        assertThat(events).isEmpty();
    }

    @Test
    void afterAFailureNothingIsWrittenAndTheOwnerKnowsOnce() {
        reply("a", "b");
        FrameWriter.Completion completion = writer.land();
        completion.done(new IOException("reset"));
        completion.done(new IOException("again"));
        runBackground();
        reply("c");
        runBackground();
        assertThat(writer.texts()).containsExactly("a");
        assertThat(events).containsExactly("broke");
    }

    @Test
    void aWriterThatThrowsHasFailed() {
        writer.refuse(new IllegalStateException("closed"));
        reply("a");
        runBackground();
        assertThat(events).containsExactly("broke");
    }

    @Test
    void aWriterThatThrowsAnErrorIsReportedToTheOwner() {
        writer.breakOnce(new LinkageError("of the test"));
        reply("a");
        assertThat(events).containsExactly("failed");
    }

    @Test
    void repliesAndRoomsTakeTurns() {
        Ring ring = TestRings.ring(64, 1 << 20);
        outbox.add(TestRings.cursor(ring, Encoder.PLAIN, 7));
        for (int i = 0; i < 5; i++) { // there is always a reply and a message
            say(ring, "m" + i);
            reply("r" + i);
            land();
        }
        assertThat(writer.texts()).containsExactly("r0", "u: m0", "r1", "u: m1", "u: m2", "r2", "r3", "u: m3", "u: m4");
    }

    @Test
    void noReplyGoesPastThoseThatWaitWhileTheRoomHasItsTurn() {
        Ring ring = TestRings.ring(64, 1 << 20);
        outbox.add(TestRings.cursor(ring, Encoder.PLAIN, 7));
        reply("a");
        say(ring, "m");
        reply("b");
        land();
        assertThat(writer.texts()).containsExactly("a", "u: m");
        writer.land().done(null); // and the pump has not run yet
        assertThat(outbox.isIdle()).isFalse();
        runBackground();
        land();
        assertThat(writer.texts()).containsExactly("a", "u: m", "b");
        assertThat(outbox.isIdle()).isTrue();
    }

    @Test
    void whatIsQueuedWhenARoomIsAddedGoesBeforeWhatTheRoomHas() {
        Ring ring = TestRings.ring(64, 1 << 20);
        reply("a");
        reply("welcome");
        outbox.add(TestRings.cursor(ring, Encoder.PLAIN, 7));
        say(ring, "m");
        land();
        reply("b");
        land();
        land();
        assertThat(writer.texts()).containsExactly("a", "welcome", "u: m", "b");
    }

    @Test
    void whatIsSetAsideLeavesWhenNothingElseIsDueAndIsDroppedWhenTheRoomHasMore() {
        Ring ring = TestRings.ring(64, 1 << 20);
        outbox.add(TestRings.cursor(ring, Encoder.PLAIN, 7));
        outbox.setAside(aside("one"), null);
        land();
        reply("a");
        outbox.setAside(aside("two"), null);
        outbox.setAside(aside("three"), null);
        reply("b");
        land();
        land();
        land();
        reply("c");
        outbox.setAside(aside("four"), null);
        say(ring, "m");
        land();
        land();
        assertThat(writer.texts()).containsExactly("one", "a", "b", "three", "c", "u: m");
        assertThat(writer.inFlight()).isZero();
    }

    private static Batch aside(String text) {
        return new Batch(List.of(Frame.text(text)));
    }

    @Test
    void aFullLaneTakesNoMoreInMessages() {
        for (int i = 0; i < 9; i++) { // one in flight, eight in the lane
            assertThat(outbox.offer(Frame.text("m"))).isTrue();
        }
        assertThat(outbox.offer(Frame.text("m"))).isFalse();
    }

    @Test
    void aFullLaneTakesNoMoreInBytesButAlwaysOneReply() {
        assertThat(outbox.offer(Frame.text("in flight"))).isTrue();
        assertThat(outbox.offer(Frame.text("x".repeat(5000)))).isTrue();
        assertThat(outbox.offer(Frame.text("x"))).isFalse();
    }

    @Test
    void finishWaitsForWhatIsQueuedAndTakesNoMore() {
        reply("a", "b");
        outbox.finish(CloseReasons.BYE);
        reply("too late");
        land();
        assertThat(events).isEmpty();
        land();
        assertThat(writer.texts()).containsExactly("a", "b");
        assertThat(events).containsExactly("finished 1000");
    }

    @Test
    void closeWhileABatchIsInFlightDropsTheRest() {
        reply("a", "b");
        outbox.close();
        land();
        assertThat(writer.texts()).containsExactly("a");
        assertThat(events).isEmpty();
    }

    @Test
    void anOvertakenCursorIsSaid() {
        Ring ring = TestRings.ring(4, 1 << 20);
        outbox.add(TestRings.cursor(ring, Encoder.PLAIN, 7));
        for (int i = 0; i < 5; i++) {
            say(ring, "m" + i);
        }
        outbox.wake(null);
        assertThat(events).containsExactly("ended too slow, try again later");
    }

    @Test
    void whatALaggingReaderIsNotSentIsCounted() {
        double before = dropped();
        Ring ring = TestRings.ring(4, 1 << 20);
        outbox.add(TestRings.cursor(ring, Encoder.PARLEY_V1, 7, Rooms.Overflow.DROP_OLDEST));
        reply("in flight");
        for (int i = 0; i < 10; i++) {
            say(ring, "m" + i);
        }
        land();
        land();
        land();
        assertThat(writer.texts()).contains("{\"type\":\"gap\",\"from\":1,\"to\":6}");
        assertThat(events).isEmpty();
        assertThat(dropped() - before).isEqualTo(6);
    }

    private static double dropped() {
        return METERS.get("parley.dropped").functionCounter().count();
    }

    @Test
    void aBatchIsOverdueWhenItStartedBeforeTheDeadline() {
        assertThat(outbox.isOverdue(System.nanoTime() + 1_000_000_000L)).isFalse();
        reply("a");
        assertThat(outbox.isOverdue(System.nanoTime() + 1_000_000_000L)).isTrue();
        assertThat(outbox.isOverdue(System.nanoTime() - 1_000_000_000L)).isFalse();
    }

    @Test
    void severalRoomsTakeTurns() {
        Ring one = TestRings.ring(1024, 1 << 20);
        Ring two = TestRings.ring(1024, 1 << 20);
        for (int i = 0; i < 200; i++) {
            say(one, "1");
            say(two, "2");
        }
        outbox.add(TestRings.cursor(one, Encoder.PLAIN, 7));
        outbox.add(TestRings.cursor(two, Encoder.PLAIN, 7));
        land();
        assertThat(writer.texts()).contains("u: 1", "u: 2");
    }

    /** Real threads append, reply and complete; whatever the order, all arrives once and in order, and nothing hangs. */
    @Test
    @Timeout(120)
    void nothingIsLostOrReorderedUnderAnyInterleaving() throws Exception {
        long seed = Long.getLong("seed", ThreadLocalRandom.current().nextLong());
        Random random = new Random(seed);
        for (int round = 0; round < 40; round++) {
            int messages = 500;
            int replies = 300;
            String what = "seed " + seed + ", round " + round;
            ExecutorService pool = Executors.newFixedThreadPool(4);
            try {
                RandomWriter random1 = new RandomWriter(null, pool, random.nextLong(), 0);
                ConcurrentLinkedQueue<String> trouble = new ConcurrentLinkedQueue<>();
                Outbox box = new Outbox(
                        random1, reporter(trouble), TestSettings.small().outbox(), METRICS, pool, TestBudgets.large());
                Ring ring = TestRings.ring(4096, 1 << 20);
                box.release();
                box.add(TestRings.cursor(ring, Encoder.PLAIN, 7));
                CountDownLatch done = new CountDownLatch(2);
                pool.execute(() -> {
                    for (int i = 0; i < messages; i++) {
                        say(ring, "m" + i);
                        box.wake(null);
                    }
                    done.countDown();
                });
                AtomicInteger refused = new AtomicInteger();
                pool.execute(() -> {
                    for (int i = 0; i < replies; i++) {
                        while (!box.offer(Frame.text("r" + i))) {
                            refused.incrementAndGet();
                            Thread.onSpinWait();
                        }
                    }
                    done.countDown();
                });
                assertThat(done.await(30, TimeUnit.SECONDS)).as(what).isTrue();
                Awaitility.await(what)
                        .atMost(30, TimeUnit.SECONDS)
                        .until(() -> random1.texts.size() == messages + replies);
                assertThat(random1.texts.stream().filter(t -> t.startsWith("u: ")))
                        .as(what)
                        .containsExactlyElementsOf(IntStream.range(0, messages)
                                .mapToObj(i -> "u: m" + i)
                                .toList());
                assertThat(random1.texts.stream().filter(t -> t.startsWith("r")))
                        .as(what)
                        .containsExactlyElementsOf(IntStream.range(0, replies)
                                .mapToObj(i -> "r" + i)
                                .toList());
                assertThat(random1.overlaps).as(what).hasValue(0);
                assertThat(trouble).as(what).isEmpty();
            } finally {
                pool.shutdownNow();
            }
        }
    }

    /** Takes whatever an outbox tells its owner for trouble. */
    static Outbox.Owner reporter(ConcurrentLinkedQueue<String> trouble) {
        return new Outbox.Owner() {
            @Override
            public void ended(CloseReason reason) {
                trouble.add("ended " + reason);
            }

            @Override
            public void broke(Throwable failure) {
                trouble.add("broke " + failure);
            }

            @Override
            public void finished(CloseReason reason) {
                trouble.add("finished");
            }

            @Override
            public void failed(Throwable failure) {
                trouble.add("failed " + failure);
            }
        };
    }

    private void reply(String... texts) {
        for (String text : texts) {
            outbox.offer(Frame.text(text));
        }
    }

    private void land() {
        writer.land().done(null);
        runBackground();
    }

    private void runBackground() {
        while (!background.isEmpty()) {
            background.remove().run();
        }
    }

    private static void say(Ring ring, String text) {
        TestRings.say(ring, 1, text);
    }

    @Test
    void aReplyTakesMemoryUntilItHasLeft() {
        Budget budget = TestBudgets.large();
        Outbox box = outbox(budget);
        box.offer(Frame.text("x".repeat(500)));
        box.offer(Frame.text("y".repeat(400)));
        assertThat(box.unsent()).as("as texts and as bytes").isBetween(1800L, 2100L);
        assertThat(budget.used(Holder.OUTBOXES)).isPositive();
        writer.land().done(null);
        assertThat(box.unsent()).isBetween(800L, 1000L);
        writer.land().done(null);
        assertThat(box.unsent()).as("what has left goes with nobody").isZero();
        box.settle(0);
        box.settle(0);
        assertThat(box.unsent()).isZero();
        assertThat(budget.used()).isZero();
    }

    @Test
    void whatIsInFlightStaysCounted() {
        Budget budget = TestBudgets.large();
        Outbox box = outbox(budget);
        box.offer(Frame.text("x".repeat(500)));
        box.settle(0);
        box.settle(0);
        assertThat(box.unsent()).isPositive();
        assertThat(budget.used()).isPositive();
    }

    @Test
    void anOutboxThatClosesGivesAllBack() {
        Budget budget = TestBudgets.large();
        Outbox box = outbox(budget);
        box.offer(Frame.text("x".repeat(500)));
        box.offer(Frame.text("x".repeat(500)));
        box.close();
        assertThat(box.unsent()).isZero();
        assertThat(budget.used()).isZero();
        writer.land().done(null);
        box.offer(Frame.text("x"));
        box.settle(0);
        assertThat(budget.used()).isZero();
    }

    @Test
    void aReplyIsRefusedWhenMemoryIsUsedUp() {
        Budget budget = TestBudgets.of(1 << 20);
        Outbox box = outbox(budget);
        budget.account(Holder.ROOMS).hold(1 << 20);
        assertThat(box.offer(Frame.text("x"))).isFalse();
    }

    @Test
    void aBatchOfARoomThatDoesNotLeaveIsCountedOnceForAllItsReaders() {
        Budget budget = TestBudgets.large();
        Ring ring = TestRings.ring(64, 1 << 20);
        List<Outbox> boxes = List.of(outbox(budget), outbox(budget));
        TestRings.say(ring, 1, "x".repeat(10_000), "y".repeat(10_000));
        for (Outbox box : boxes) {
            box.add(TestRings.cursor(ring, Encoder.PLAIN, 7));
            assertThat(box.unsent()).isZero();
        }
        boxes.forEach(box -> box.settle(System.nanoTime()));
        assertThat(budget.used(Holder.ROOMS)).isBetween(60_000L, 65_000L);
        boxes.forEach(box -> assertThat(box.unsent()).isBetween(60_000L, 65_000L));
        writer.land().done(null);
        boxes.get(0).settle(System.nanoTime());
        assertThat(budget.used(Holder.ROOMS)).as("the other one holds it").isPositive();
        boxes.get(1).close();
        assertThat(budget.used()).isZero();
    }

    @Test
    void repliesThatWaitInTheConnectionAreCounted() {
        Budget budget = TestBudgets.large();
        Outbox box = outbox(budget);
        FrameWriter.Completion completion = box.waits(3, 10_000);
        assertThat(box.unsent()).isEqualTo(10_000);
        assertThat(budget.used()).isBetween(10_000L, 12_000L);
        completion.done(null);
        assertThat(box.unsent()).isZero();
        box.settle(0);
        box.settle(0);
        assertThat(budget.used()).isZero();
    }

    private Outbox outbox(Budget budget) {
        Outbox box = new Outbox(writer, owner, TestSettings.small().outbox(), METRICS, Runnable::run, budget);
        box.release();
        return box;
    }
}
