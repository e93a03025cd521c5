package dev.parley.room;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ops.Rooms;
import dev.parley.ops.Rooms.Overflow;
import dev.parley.ops.TestClock;
import dev.parley.protocol.CloseReasons;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class CursorTest {

    private final Ring ring = TestRings.ring(4, 1 << 20);

    @Test
    void severalMessagesAreOneArrayAndOneIsItself() {
        Cursor cursor = TestRings.cursor(ring, Encoder.PARLEY_V1, 2);
        say(1);
        assertThat(texts(cursor.next())).singleElement().asString().startsWith("{\"type\":\"message\",\"offset\":1,");
        say(2);
        assertThat(texts(cursor.next()))
                .singleElement()
                .asString()
                .startsWith("[{\"type\":\"message\",\"offset\":2,")
                .contains("},{\"type\":\"message\",\"offset\":3,")
                .endsWith("}]");
        assertThat(cursor.next()).isNull();
    }

    @Test
    void readersAtOnePlaceShareOneArray() {
        Cursor one = TestRings.cursor(ring, Encoder.PARLEY_V1, 2);
        Cursor two = TestRings.cursor(ring, Encoder.PARLEY_V1, 3);
        say(3);
        assertThat(one.next()).isSameAs(two.next());
    }

    @Test
    void withTheDefaultPolicyOneWhoIsOvertakenFalls() {
        Cursor cursor = TestRings.cursor(ring, Encoder.PARLEY_V1, 2, Overflow.DISCONNECT);
        say(5);
        assertThat(cursor.next()).isNull();
        assertThat(cursor.ended()).isEqualTo(CloseReasons.TOO_SLOW);
        assertThat(cursor.takePassedOver())
                .as("it is closed, nothing is dropped")
                .isZero();
    }

    @Test
    void dropOldestTellsWhatIsGoneAndGoesOnWithTheRest() {
        Cursor cursor = TestRings.cursor(ring, Encoder.PARLEY_V1, 2, Overflow.DROP_OLDEST);
        say(10);
        assertThat(cursor.ended()).isNull();
        assertThat(texts(cursor.next())).containsExactly("{\"type\":\"gap\",\"from\":1,\"to\":6}");
        assertThat(cursor.takePassedOver()).isEqualTo(6);
        assertThat(cursor.takeGapsTold()).isEqualTo(1);
        assertThat(texts(cursor.next()).get(0)).contains("\"offset\":7,", "\"offset\":10,");
        assertThat(cursor.next()).isNull();
        assertThat(cursor.takePassedOver()).as("counted once").isZero();
        assertThat(cursor.takeGapsTold()).as("counted once").isZero();
    }

    @Test
    void latestTellsWhatIsGoneAndGoesOnWithTheNewest() {
        Cursor cursor = TestRings.cursor(ring, Encoder.PARLEY_V1, 2, Overflow.LATEST);
        say(3);
        assertThat(texts(cursor.next())).containsExactly("{\"type\":\"gap\",\"from\":1,\"to\":2}");
        assertThat(cursor.takePassedOver()).isEqualTo(2);
        assertThat(texts(cursor.next()).get(0)).startsWith("{").contains("\"offset\":3,");
        assertThat(cursor.next()).isNull();
    }

    @Test
    void latestLosesNothingForOneWhoFollows() {
        Cursor cursor = TestRings.cursor(ring, Encoder.PARLEY_V1, 2, Overflow.LATEST);
        for (int i = 1; i <= 20; i++) {
            ring.append(new RoomEvent.Joined(TestRings.sender(i), 1, 1, true));
            say(1);
            assertThat(texts(cursor.next()).get(0)).contains("\"joined\"", "\"offset\":" + i + ",");
        }
        assertThat(cursor.takePassedOver()).isZero();
    }

    @Test
    void plainReadersFallWhateverThePolicy() {
        for (Overflow overflow : Overflow.values()) {
            Ring each = TestRings.ring(4, 1 << 20);
            Cursor cursor = TestRings.cursor(each, Encoder.PLAIN, 2, overflow);
            TestRings.say(each, 1, "a", "b", "c", "d", "e");
            assertThat(cursor.next()).as("%s", overflow).isNull();
            assertThat(cursor.ended()).as("%s", overflow).isEqualTo(CloseReasons.TOO_SLOW);
        }
    }

    @Test
    void plainReadersFallWhereAMessageIsMissing() {
        Cursor cursor = TestRings.cursor(ring, Encoder.PLAIN, 2);
        say(1);
        assertThat(texts(cursor.next())).containsExactly("u: x");
        ring.skip(5);
        say(1);
        assertThat(cursor.next()).isNull();
        assertThat(cursor.ended()).as("not for its slowness").isEqualTo(CloseReasons.MESSAGES_LOST);
    }

    @Test
    void anOwnMessageHasItsIdForItsUserAlone() {
        Cursor own = TestRings.cursor(ring, Encoder.PARLEY_V1, 9);
        Cursor other = new Cursor(
                TestRings.view(ring),
                Encoder.PARLEY_V1,
                new dev.parley.broker.Sender("somebody", 2),
                Overflow.DISCONNECT,
                (epoch, offset) -> {
                    throw new AssertionError();
                },
                "",
                0,
                0,
                0);
        TestRings.append(ring, TestRings.sender(1), "key", "x", Instant.EPOCH);
        TestRings.view(ring).reveal();
        assertThat(texts(own.next()).get(0)).contains("\"id\":\"key\"");
        assertThat(texts(other.next()).get(0)).doesNotContain("key");
    }

    @Test
    void theEventsFormIsOneEventAMessageWithItsPosition() {
        ring.prime(new dev.parley.broker.History("e", 0, 0, List.of()));
        Cursor cursor = TestRings.cursor(ring, Encoder.EVENTS, 2);
        say(1);
        ring.append(new RoomEvent.Joined(TestRings.sender(3), 2, 2, true));
        TestRings.view(ring).reveal();
        List<String> events = texts(cursor.next());
        assertThat(events).hasSize(2);
        assertThat(events.get(0))
                .startsWith("event: message\nid: e:1\ndata: {\"type\":\"message\",")
                .endsWith("}\n\n");
        assertThat(events.get(1))
                .startsWith("event: joined\ndata: {\"type\":\"joined\",")
                .endsWith("}\n\n");
    }

    @Test
    void historyStaysWhenEverybodyHasReadIt() {
        TestClock clock = new TestClock();
        Ring kept = TestRings.ring(64, 1 << 20, new Rooms.History(3, 1 << 20, Duration.ofMinutes(1)), clock);
        for (int i = 0; i < 5; i++) {
            TestRings.append(kept, TestRings.sender(1), null, "m" + i, Instant.EPOCH);
            clock.pass(Duration.ofSeconds(10));
        }
        kept.append(new RoomEvent.Joined(TestRings.sender(2), 1, 1, true));
        TestRings.view(kept).reveal();
        assertThat(kept.head()).as("nobody has read it").isZero();
        kept.settle(6);
        assertThat(kept.head()).isEqualTo(2);
        assertThat(kept.positionAfter(3)).isEqualTo(3);
        assertThat(kept.positionAfter(0)).isEqualTo(2);
        assertThat(kept.offsetBefore(2)).isEqualTo(2);
        assertThat(kept.positionOfNewest(2)).isEqualTo(3);
        clock.pass(Duration.ofSeconds(35)); // 85 s since the first
        kept.expire();
        assertThat(kept.head()).isEqualTo(3);
        clock.pass(Duration.ofMinutes(20));
        kept.expire();
        assertThat(kept.head()).isEqualTo(6);
        assertThat(kept.positionAfter(0)).isEqualTo(6);
    }

    private void say(int messages) {
        for (int i = 0; i < messages; i++) {
            TestRings.say(ring, 1, "x");
        }
    }

    private static List<String> texts(Batch batch) {
        return batch.frames().stream().map(Frame::text).toList();
    }
}
