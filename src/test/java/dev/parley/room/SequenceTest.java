package dev.parley.room;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.ops.Budget;
import dev.parley.ops.Rooms;
import dev.parley.ops.Rooms.Overflow;
import dev.parley.ops.Settings;
import dev.parley.ops.TestBudgets;
import dev.parley.protocol.Content;
import dev.parley.protocol.RoomNotice;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SequenceTest {

    private static final String EPOCH = "e";

    private final Ring ring = TestRings.ring(64, 1 << 20, new Rooms.History(64, 1 << 20, Duration.ofDays(1)));
    private final Sequence sequence = new Sequence(ring, new Settings.Room(4, 1 << 20));

    @Test
    void whatComesTwiceIsReadOnce() {
        sequence.start(kept(0));
        take(1, 0);
        take(1, 0);
        take(2, 1);
        take(1, 0);
        assertThat(read()).containsExactly("1", "2");
        assertThat(sequence.missingAfter()).isEqualTo(-1);
    }

    @Test
    void whatIsDeliveredWhileTheRoomOpensFollowsWhatTheBrokerHadKept() {
        take(2, 1);
        take(3, 2);
        sequence.start(kept(0, 1, 2));
        take(4, 3);
        assertThat(read()).containsExactly("1", "2", "3", "4");
    }

    @Test
    void whatFollowsAHoleWaitsUntilTheHistoryHasFilledIt() {
        sequence.start(kept(0, 1));
        take(4, 3);
        assertThat(read()).containsExactly("1");
        assertThat(sequence.missingAfter()).isEqualTo(1);
        assertThat(sequence.missingAfter()).as("asked already").isEqualTo(-1);
        assertThat(sequence.repair(kept(1, 2))).as("a moment behind").isTrue();
        assertThat(sequence.missingAfter()).isEqualTo(2);
        take(5, 4);
        sequence.repair(kept(2, 3, 4, 5));
        assertThat(read()).containsExactly("1", "2", "3", "4", "5");
        assertThat(sequence.missingAfter()).isEqualTo(-1);
    }

    @Test
    void whatTheHistoryHasLostIsMissedAndKnown() {
        sequence.start(kept(0, 1));
        take(5, 4);
        sequence.missingAfter();
        sequence.repair(kept(3, 4));
        assertThat(read()).containsExactly("1", "gap 2-3", "4", "5");
    }

    @Test
    void whatTheHistoryHasLostBetweenTwoMessagesIsMissedAndKnown() {
        sequence.start(new History(EPOCH, 0, 3, List.of(publication(1, 0), publication(3, 2))));
        take(7, 6);
        sequence.missingAfter();
        sequence.repair(new History(EPOCH, 3, 6, List.of(publication(4, 3), publication(6, 5))));
        assertThat(read()).containsExactly("1", "gap 2-2", "3", "4", "gap 5-5", "6", "7");
    }

    @Test
    void whatIsHeldIsReadEvenIfTheHistoryHasLostItSince() {
        sequence.start(kept(0, 1));
        take(3, 2);
        sequence.missingAfter();
        sequence.repair(kept(3));
        assertThat(read()).containsExactly("1", "gap 2-2", "3");
    }

    @Test
    void aHoleThatNobodyCanFillIsGivenUpAfterSomeTries() {
        sequence.start(kept(0, 1));
        take(3, 2);
        for (int i = 0; i < 8; i++) {
            assertThat(read()).containsExactly("1");
            assertThat(sequence.missingAfter()).isEqualTo(1);
            assertThat(sequence.repair(i % 2 == 0 ? null : kept(1))).isFalse();
        }
        assertThat(read()).containsExactly("1", "gap 2-2", "3");
    }

    @Test
    void whatWaitsForAHoleIsBounded() {
        sequence.start(kept(0, 1));
        take(3, 2);
        take(4, 3);
        take(5, 4);
        take(6, 5);
        take(7, 6);
        assertThat(read()).containsExactly("1", "gap 2-2", "3", "4", "5", "6", "7");
    }

    @Test
    void aPurgedPredecessorIsNoHole() {
        sequence.start(kept(0, 1));
        take(7, 0);
        assertThat(read()).containsExactly("1", "7");
    }

    @Test
    void theHistoryOfAnotherEpochFillsNothing() {
        sequence.start(kept(0, 1));
        take(3, 2);
        sequence.missingAfter();
        sequence.repair(new History("other", 1, 2, List.of(publication(2, 1))));
        assertThat(read()).containsExactly("1");
    }

    @Test
    void aHoleIsGivenUpWhenTooManyBytesWaitBehindIt() {
        Budget budget = TestBudgets.large();
        Ring large = TestRings.ring(64, 1 << 20, new Rooms.History(64, 1 << 20, Duration.ofDays(1)), budget);
        Sequence bounded = new Sequence(large, new Settings.Room(64, 10_000));
        bounded.start(kept(0));
        Content text = new Content.Text("x".repeat(4_000));
        for (long offset = 3; offset <= 4; offset++) {
            bounded.take(new Publication("r", offset, offset - 1, TestRings.sender(1), null, Instant.EPOCH, text));
        }
        assertThat(large.offset()).as("the hole may be filled yet").isZero();
        assertThat(budget.used()).as("what waits is counted").isGreaterThan(8_000);
        bounded.take(new Publication("r", 5, 4, TestRings.sender(1), null, Instant.EPOCH, text));
        assertThat(large.offset()).isEqualTo(5);
        large.settle(large.tail());
        large.letGo(5, Long.MAX_VALUE);
        assertThat(budget.used()).isZero();
    }

    @Test
    void inANewEpochOffsetsBeginAnewAndTheReaderIsGreeted() {
        sequence.start(kept(0));
        take(1, 0);
        take(5, 4);
        sequence.renew("f", 2);
        take(3, 2);
        assertThat(read()).containsExactly("1", "welcome 2", "3");
        assertThat(ring.positionOfNewest(10))
                .as("nothing of the old epoch is history")
                .isEqualTo(2);
    }

    private void take(long offset, long previous) {
        sequence.take(publication(offset, previous));
    }

    private static Publication publication(long offset, long previous) {
        return new Publication(
                "r", offset, previous, TestRings.sender(1), null, Instant.EPOCH, new Content.Text("" + offset));
    }

    private static History kept(long after, long... offsets) {
        List<Publication> publications = new ArrayList<>();
        long last = after;
        for (long offset : offsets) {
            publications.add(publication(offset, last));
            last = offset;
        }
        return new History(EPOCH, after, last, publications);
    }

    /** All that a reader gets who was there from the start. */
    private List<String> read() {
        TestRings.view(ring).reveal();
        Cursor cursor = new Cursor(
                TestRings.view(ring),
                Encoder.PARLEY_V1,
                TestRings.sender(2),
                Overflow.DISCONNECT,
                (epoch, offset) -> new RoomNotice.Ack("welcome", offset),
                EPOCH,
                0,
                0,
                0);
        List<String> read = new ArrayList<>();
        for (Batch batch = cursor.next(); batch != null; batch = cursor.next()) {
            batch.frames().forEach(frame -> read.addAll(words(frame)));
        }
        return read;
    }

    private static List<String> words(Frame frame) {
        return Arrays.stream(frame.text().replaceAll("^\\[|]$", "").split("(?<=}),", -1))
                .map(json -> json.replaceAll(".*\"text\":\"(\\d+)\".*", "$1")
                        .replaceAll(".*\"from\":(\\d+),\"to\":(\\d+).*", "gap $1-$2")
                        .replaceAll(".*\"id\":\"welcome\",\"offset\":(\\d+).*", "welcome $1"))
                .toList();
    }
}
