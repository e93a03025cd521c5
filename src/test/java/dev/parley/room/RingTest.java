package dev.parley.room;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.ops.Budget;
import dev.parley.ops.Rooms;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestClock;
import dev.parley.protocol.Content;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class RingTest {

    private static final long ALICE = 1;
    private static final long BOB = 2;

    @Test
    void readersAtOnePositionShareOneBatch() {
        Ring ring = TestRings.ring(64, 1 << 20);
        say(ring, ALICE, "a", "b");
        Batch first = read(ring, 0, Encoder.PLAIN, ALICE).batch();
        assertThat(texts(first)).containsExactly("u: a", "u: b");
        assertThat(read(ring, 0, Encoder.PLAIN, BOB).batch()).isSameAs(first);
    }

    @Test
    void aReaderSeesItsOwnMessagesMarkedAndOthersDoNot() {
        Ring ring = TestRings.ring(64, 1 << 20);
        say(ring, ALICE, "a");
        say(ring, BOB, "b");
        assertThat(texts(read(ring, 0, Encoder.LOBBY, BOB).batch())).containsExactly("a", "echo: b");
        assertThat(texts(read(ring, 0, Encoder.LOBBY, 3).batch())).containsExactly("a", "b");
        assertThat(texts(read(ring, 0, Encoder.LOBBY, ALICE).batch())).containsExactly("echo: a", "b");
        assertThat(texts(read(ring, 0, Encoder.LOBBY, 4).batch())).containsExactly("a", "b");
    }

    @Test
    void aBatchGrowsWithWhatCameSince() {
        Ring ring = TestRings.ring(64, 1 << 20);
        say(ring, ALICE, "a");
        assertThat(texts(read(ring, 0, Encoder.PLAIN, BOB).batch())).containsExactly("u: a");
        say(ring, ALICE, "b");
        assertThat(texts(read(ring, 0, Encoder.PLAIN, BOB).batch())).containsExactly("u: a", "u: b");
    }

    @Test
    void whatIsNotRevealedIsNotRead() {
        Ring ring = TestRings.ring(64, 1 << 20);
        say(ring, ALICE, "a");
        ring.append(new RoomEvent.Joined(TestRings.sender(BOB), 2, 1, true));
        assertThat(texts(read(ring, 0, Encoder.PLAIN, BOB).batch())).containsExactly("u: a");
        TestRings.view(ring).reveal();
        assertThat(texts(read(ring, 0, Encoder.PLAIN, BOB).batch())).containsExactly("u: a", "* u joined");
    }

    @Test
    void aBatchIsBoundedInFramesAndBytes() {
        Ring frames = TestRings.ring(1024, 1 << 20);
        for (int i = 0; i < 100; i++) {
            say(frames, ALICE, "m" + i);
        }
        View.Range range = read(frames, 0, Encoder.PLAIN, BOB);
        assertThat(range.to()).isEqualTo(Batch.MAX_FRAMES);
        assertThat(read(frames, range.to(), Encoder.PLAIN, BOB).to()).isEqualTo(100);

        Ring bytes = TestRings.ring(1024, 1 << 20);
        say(bytes, ALICE, "x".repeat(40_000), "x".repeat(40_000), "x".repeat(40_000));
        assertThat(read(bytes, 0, Encoder.PLAIN, BOB).to()).isEqualTo(2);
    }

    @Test
    void theOldestGoWhenThereAreTooMany() {
        Ring ring = TestRings.ring(4, 1 << 20);
        for (int i = 0; i < 100; i++) { // far beyond one turn of the ring, and beyond its first growth
            say(ring, ALICE, "m" + i);
        }
        assertThat(ring.head()).isEqualTo(96);
        assertThat(read(ring, 95, Encoder.PLAIN, BOB)).isNull();
        assertThat(texts(read(ring, 96, Encoder.PLAIN, BOB).batch()))
                .containsExactly("u: m96", "u: m97", "u: m98", "u: m99");
    }

    @Test
    void theOldestGoWhenTheyTakeTooMuchButTheNewestStays() {
        Ring ring = TestRings.ring(1024, 1000);
        say(ring, ALICE, "x".repeat(400), "x".repeat(400), "x".repeat(400));
        assertThat(ring.head()).isEqualTo(1);
        say(ring, ALICE, "y".repeat(5000));
        assertThat(ring.head()).isEqualTo(3);
        assertThat(read(ring, 3, Encoder.PLAIN, BOB).to()).isEqualTo(4);
    }

    @Test
    void whatIsReleasedIsGoneAndMakesRoom() {
        Ring ring = TestRings.ring(4, 1 << 20);
        say(ring, ALICE, "a", "b", "c", "d");
        ring.settle(3);
        assertThat(ring.head()).isEqualTo(3);
        assertThat(read(ring, 2, Encoder.PLAIN, BOB)).isNull();
        say(ring, ALICE, "e", "f", "g");
        assertThat(readAll(ring, 3)).containsExactly("u: d", "u: e", "u: f", "u: g");
    }

    @Test
    void growingKeepsWhatIsThere() {
        Ring ring = TestRings.ring(1000, 1 << 20);
        for (int i = 0; i < 1500; i++) {
            say(ring, ALICE, "m" + i);
        }
        assertThat(ring.head()).isEqualTo(500);
        assertThat(readAll(ring, 500)).hasSize(1000).startsWith("u: m500").endsWith("u: m1499");
    }

    @Test
    void readersBesideAnAppenderSeeEveryEventOnceInOrderOrKnowThatTheyWereOvertaken() throws Exception {
        int events = 200_000;
        Ring ring = TestRings.ring(256, 1 << 20);
        ExecutorService pool = Executors.newFixedThreadPool(3);
        try {
            Callable<Integer> reader = () -> {
                int overtaken = 0;
                long position = 0;
                while (position < events) {
                    if (position == TestRings.view(ring).horizon()) {
                        Thread.onSpinWait();
                        continue;
                    }
                    View.Range range = read(ring, position, Encoder.PLAIN, BOB);
                    if (range == null) {
                        overtaken++;
                        position = Math.max(position, ring.head());
                        continue;
                    }
                    for (Frame frame : range.batch().frames()) {
                        assertThat(frame.text()).isEqualTo("u: " + position++);
                    }
                    assertThat(position).isEqualTo(range.to());
                }
                return overtaken;
            };
            Future<Integer> one = pool.submit(reader);
            Future<Integer> two = pool.submit(reader);
            for (int i = 0; i < events; i++) {
                say(ring, ALICE, Integer.toString(i));
            }
            one.get(60, TimeUnit.SECONDS);
            two.get(60, TimeUnit.SECONDS);
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void whoFindsItsEventGoneFindsTheHeadBehindItAtOnce() throws Exception {
        Ring ring = TestRings.ring(4, 1 << 20);
        say(ring, ALICE, "m");
        ExecutorService pool = Executors.newSingleThreadExecutor();
        try {
            Future<?> appender = pool.submit(() -> {
                for (int i = 0; i < 500_000; i++) {
                    TestRings.append(ring, TestRings.sender(ALICE), null, "m", Instant.EPOCH);
                }
            });
            int gone = 0;
            while (!appender.isDone()) {
                long oldest = ring.head();
                if (ring.slots().find(oldest) == null) {
                    gone++;
                    assertThat(ring.head()).isGreaterThan(oldest);
                }
            }
            appender.get();
            assertThat(gone).as("times that an event was gone").isPositive();
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void whatEverybodyHasReadIsSharedNoMore() {
        Ring ring = TestRings.ring(64, 1 << 20);
        say(ring, ALICE, "a");
        read(ring, 0, Encoder.LOBBY, BOB);
        assertThat(ring.shared().find(Encoder.LOBBY, false)).isNotNull();
        ring.settle(1);
        assertThat(ring.shared().find(Encoder.LOBBY, false)).isNull();
    }

    @Test
    void viewsWithOtherHorizonsReadNoFurtherThanTheirOwn() {
        Ring ring = TestRings.ring(64, 1 << 20);
        View early = new View(ring);
        say(ring, ALICE, "a");
        early.reveal();
        say(ring, ALICE, "b");
        assertThat(texts(read(ring, 0, Encoder.LOBBY, BOB).batch())).containsExactly("a", "b");
        Batch first = early.read(0, 0, Encoder.LOBBY, TestRings.sender(BOB)).batch();
        assertThat(texts(first)).containsExactly("a");
        early.reveal();
        Batch both = early.read(0, 0, Encoder.LOBBY, TestRings.sender(BOB)).batch();
        assertThat(texts(both)).containsExactly("a", "b");
        assertThat(new View(ring)
                        .read(0, 0, Encoder.LOBBY, TestRings.sender(BOB))
                        .batch())
                .as("those of several views at one place share the bytes")
                .isSameAs(both);
    }

    @Test
    void historyIsKeptForItsAgeHoweverSomebodySetsTheClock() {
        for (Duration jump : List.of(Duration.ofMinutes(2), Duration.ofMinutes(-2))) {
            TestClock clock = new TestClock();
            Ring ring = TestRings.ring(64, 1 << 20, new Rooms.History(9, 1 << 20, Duration.ofMinutes(1)), clock);
            ring.prime(new History(
                    "e", 0, 1, List.of(publication(1, clock.instant().minusSeconds(10)))));
            TestRings.append(ring, TestRings.sender(ALICE), null, "b", clock.instant());
            ring.settle(2);
            clock.set(jump);
            clock.pass(Duration.ofSeconds(49));
            ring.expire();
            assertThat(ring.head()).as("%s", jump).isZero();
            clock.pass(Duration.ofSeconds(2));
            ring.expire();
            assertThat(ring.head()).as("%s: what was ten seconds old", jump).isEqualTo(1);
            clock.pass(Duration.ofSeconds(10));
            ring.expire();
            assertThat(ring.head()).as("%s", jump).isEqualTo(2);
        }
    }

    @Test
    void aMessageFromTheFutureIsKeptForItsAge() {
        TestClock clock = new TestClock();
        Ring ring = TestRings.ring(64, 1 << 20, new Rooms.History(9, 1 << 20, Duration.ofMinutes(1)), clock);
        ring.prime(new History("e", 0, 1, List.of(publication(1, clock.instant().plusSeconds(120)))));
        clock.pass(Duration.ofSeconds(59));
        ring.expire();
        assertThat(ring.head()).isZero();
        clock.pass(Duration.ofSeconds(2));
        ring.expire();
        assertThat(ring.head()).isEqualTo(1);
    }

    private static Publication publication(long offset, Instant at) {
        return new Publication("r", "e", offset, offset - 1, TestRings.sender(ALICE), null, at, new Content.Text("m"));
    }

    private static List<String> readAll(Ring ring, long from) {
        List<String> all = new ArrayList<>();
        long position = from;
        while (position < ring.tail()) {
            View.Range range = read(ring, position, Encoder.PLAIN, BOB);
            all.addAll(texts(range.batch()));
            position = range.to();
        }
        return all;
    }

    private static View.Range read(Ring ring, long from, Encoder encoder, long peer) {
        return TestRings.view(ring).read(from, 0, encoder, TestRings.sender(peer));
    }

    private static void say(Ring ring, long peer, String... texts) {
        TestRings.say(ring, peer, texts);
    }

    private static List<String> texts(Batch batch) {
        return batch.frames().stream().map(Frame::text).toList();
    }

    @Test
    void eachFormThatAnEventIsEncodedInIsCountedOnce() {
        Budget budget = TestBudgets.large();
        Ring ring = ring(budget, 0);
        say(ring, ALICE, "x".repeat(10_000));
        long message = budget.used();
        assertThat(message).isBetween(10_000L, 12_000L);
        read(ring, 0, Encoder.PLAIN, BOB);
        read(ring, 0, Encoder.PLAIN, BOB);
        say(ring, ALICE, "");
        assertThat(budget.used() - message).as("as a text and as its bytes").isBetween(20_000L, 22_000L);
        read(ring, 0, Encoder.LOBBY, BOB);
        say(ring, ALICE, "");
        assertThat(budget.used() - message).isBetween(40_000L, 44_000L);
    }

    @Test
    void whatEveryMemberHasReadIsGivenBack() {
        Budget budget = TestBudgets.large();
        Ring ring = ring(budget, 0);
        say(ring, ALICE, "x".repeat(10_000), "y");
        read(ring, 0, Encoder.PLAIN, BOB);
        ring.settle(2);
        read(ring, 0, Encoder.PLAIN, BOB); // one that was overtaken encodes nothing that is kept
        ring.settle(2);
        assertThat(budget.used()).isLessThan(5 * 1024);
        ring.close();
        assertThat(budget.used()).isZero();
        say(ring, ALICE, "x".repeat(10_000));
        assertThat(budget.used()).as("a room that is gone").isZero();
    }

    @Test
    void historyGoesUpToAnOffsetAndNothingThatIsUnread() {
        Ring ring = ring(TestBudgets.large(), 100);
        say(ring, ALICE, "1", "2", "3", "4", "5");
        assertThat(ring.oldest()).isEqualTo(Long.MAX_VALUE);
        ring.settle(4);
        assertThat(ring.oldest()).isEqualTo(1);
        assertThat(ring.letGo(2, 1 << 20)).isEqualTo(2);
        assertThat(ring.oldest()).isEqualTo(3);
        assertThat(ring.letGo(100, 1)).isEqualTo(1);
        assertThat(ring.letGo(100, 1 << 20)).isEqualTo(1);
        assertThat(ring.oldest()).isEqualTo(Long.MAX_VALUE);
        assertThat(texts(read(ring, 4, Encoder.PLAIN, BOB).batch())).containsExactly("u: 5");
    }

    @Test
    void overtakingDropsTheOlderHalfOfWhatIsUnread() {
        Budget budget = TestBudgets.large();
        Ring ring = ring(budget, 100);
        say(ring, ALICE, "read");
        ring.settle(1);
        for (int i = 0; i < 10; i++) {
            say(ring, ALICE, "x".repeat(10_000));
        }
        append(ring, "not revealed");
        long unread = ring.unread(horizon(ring));
        assertThat(unread).isBetween(100_000L, 110_000L);
        ring.overtake(horizon(ring));
        assertThat(ring.head()).isEqualTo(6);
        assertThat(ring.unread(horizon(ring))).isEqualTo(unread / 2);
        assertThat(budget.used()).isBetween(50_000L, 60_000L);
        for (int i = 0; i < 10; i++) {
            ring.overtake(horizon(ring));
        }
        assertThat(ring.head()).as("what nobody may read yet stays").isEqualTo(11);
        assertThat(ring.unread(horizon(ring))).isZero();
    }

    @Test
    void aRingThatWasLongShrinks() {
        Budget budget = TestBudgets.large();
        Ring ring = TestRings.ring(1 << 14, 1 << 30, new Rooms.History(0, 0, Duration.ZERO), budget);
        for (int i = 0; i < 10_000; i++) {
            say(ring, ALICE, "");
        }
        ring.settle(9_999);
        long before = budget.used();
        for (int i = 0; i < 20; i++) {
            ring.expire();
        }
        assertThat(before - budget.used())
                .as("four bytes for each of 16,384 places")
                .isGreaterThan(60_000);
        assertThat(texts(read(ring, 9_999, Encoder.PLAIN, BOB).batch())).containsExactly("u: ");
        for (int i = 0; i < 100; i++) {
            say(ring, ALICE, "m" + i);
        }
        assertThat(read(ring, 9_999, Encoder.PLAIN, BOB).to()).isEqualTo(9_999 + Batch.MAX_FRAMES);
    }

    @Test
    void aSharedBatchIsCountedUntilItIsLetGo() {
        Budget budget = TestBudgets.large();
        Ring ring = ring(budget, 0);
        say(ring, ALICE, "x".repeat(10_000), "y".repeat(10_000));
        read(ring, 0, Encoder.PLAIN, BOB);
        ring.expire();
        long encoded = 2 * 3 * 10_000L;
        assertThat(budget.used()).isGreaterThan(encoded + 60_000);
    }

    /** Readers that encode while the appender appends, settles and overtakes: nothing is counted twice or forgotten. */
    @Test
    void whatManyReadersEncodeIsGivenBack() throws Exception {
        long seed = System.nanoTime();
        Budget budget = TestBudgets.large();
        Ring ring = ring(budget, 10);
        Random random = new Random(seed);
        ExecutorService pool = Executors.newFixedThreadPool(3);
        AtomicBoolean done = new AtomicBoolean();
        try {
            List<Future<?>> readers = new ArrayList<>();
            for (int r = 0; r < 3; r++) {
                long reader = 10 + r;
                readers.add(pool.submit(() -> {
                    while (!done.get()) {
                        for (Encoder encoder : Encoder.values()) {
                            long from = ring.head();
                            if (from < horizon(ring)) {
                                read(ring, from, encoder, reader);
                            }
                        }
                    }
                }));
            }
            for (int i = 0; i < 20_000; i++) {
                say(ring, ALICE, "m" + i);
                switch (random.nextInt(40)) {
                    case 0 -> ring.overtake(horizon(ring));
                    case 1 -> ring.letGo(Long.MAX_VALUE, random.nextInt(5_000));
                    case 2 -> ring.expire();
                    default -> ring.settle(ring.tail() - random.nextInt(20));
                }
            }
            done.set(true);
            for (Future<?> reader : readers) {
                reader.get(30, TimeUnit.SECONDS);
            }
        } finally {
            done.set(true);
            pool.shutdownNow();
        }
        ring.settle(ring.tail());
        ring.letGo(Long.MAX_VALUE, Long.MAX_VALUE);
        assertThat(ring.memory()).as("seed %d", seed).isZero();
        ring.close();
        assertThat(budget.used()).as("seed %d", seed).isZero();
    }

    private static Ring ring(Budget budget, int history) {
        return TestRings.ring(64, 1 << 20, new Rooms.History(history, 1 << 20, Duration.ofDays(1)), budget);
    }

    private static long horizon(Ring ring) {
        return TestRings.view(ring).horizon();
    }

    private static void append(Ring ring, String text) {
        TestRings.append(ring, TestRings.sender(ALICE), null, text, Instant.EPOCH);
    }
}
