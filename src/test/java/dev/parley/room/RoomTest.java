package dev.parley.room;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Rooms.Overflow;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestSettings;
import dev.parley.protocol.Content;
import dev.parley.protocol.RoomNotice;
import dev.parley.wire.Batch;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoomTest {

    private final Room room = new Room(
            "r", TestSettings.small(), Clock.SYSTEM, TestBudgets.large().account(Budget.Holder.ROOMS));

    @Test
    void readsTheHistoryFirstAndTellsItsHolesAsGaps() {
        room.open(new History("e", 0, 3, List.of(publication(1, 0), publication(3, 2))));
        room.deliver(publication(4, 3));
        assertThat(read()).containsExactly("1", "gap 2-2", "3", "4");
    }

    @Test
    void tellsLostMessagesAsAGap() {
        room.open(new History("e", 0, 1, List.of(publication(1, 0))));
        room.lost(3);
        room.deliver(publication(4, 3));
        assertThat(read()).containsExactly("1", "gap 2-3", "4");
    }

    @Test
    void tellsAGapIfTheBrokerSkipsAMessageAndIgnoresRepeatedOnes() {
        room.open(new History("e", 0, 1, List.of(publication(1, 0))));
        room.deliver(publication(3, 2));
        room.deliver(publication(3, 2));
        room.deliver(publication(1, 0));
        assertThat(read()).containsExactly("1", "gap 2-2", "3");
    }

    @Test
    void greetsReadersAnewInANewEpoch() {
        room.open(new History("e", 0, 0, List.of()));
        room.deliver(publication(5, 0));
        room.renew("f", 2);
        room.deliver(publication(6, 5));
        room.deliver(publication("f", 3, 2));
        assertThat(read()).containsExactly("5", "welcome 2", "3");
        assertThat(room.ring().positionOfNewest(10))
                .as("nothing of the old epoch is history")
                .isEqualTo(2);
    }

    @Test
    void ignoresEverythingBeforeItIsOpen() {
        room.deliver(publication(1, 0));
        room.lost(4);
        room.renew("f", 9);
        room.open(new History("e", 0, 2, List.of(publication(2, 1))));
        assertThat(read()).containsExactly("gap 1-1", "2");
        assertThat(room.end().epoch()).isEqualTo("e");
    }

    @Test
    void readsItsHistoryAsTheBrokerWould() {
        assertThat(room.history(0, 9, 0)).as("not open").isNull();
        room.open(new History("e", 2, 6, List.of(publication(4, 2), publication(6, 4))));
        room.deliver(publication(7, 6));
        assertThat(room.history(0, 9, 7)).as("what is older is gone").satisfies(all -> {
            assertThat(all.after()).isEqualTo(2);
            assertThat(all.upTo()).isEqualTo(7);
            assertThat(all.publications()).extracting(Publication::offset).containsExactly(4L, 6L, 7L);
        });
        assertThat(room.history(3, 1, 7))
                .isEqualTo(new History("e", 3, 4, room.history(0, 1, 7).publications()));
        assertThat(room.history(7, 9, 7)).isEqualTo(new History("e", 7, 7, List.of()));
        assertThat(room.history(9, 9, 7)).isEqualTo(new History("e", 9, 9, List.of()));
        assertThat(room.history(0, 9, 8)).as("it has not come so far").isNull();
        room.ring().settle(room.ring().tail());
        room.ring().letGo(4, 1);
        assertThat(room.history(0, 9, 7)).as("the broker may have more").isNull();
        assertThat(room.history(4, 9, 7).publications())
                .extracting(Publication::offset)
                .containsExactly(6L, 7L);
    }

    private static Publication publication(long offset, long previous) {
        return publication("e", offset, previous);
    }

    private static Publication publication(String epoch, long offset, long previous) {
        return new Publication(
                "r", epoch, offset, previous, TestRings.sender(1), null, Instant.now(), new Content.Text("" + offset));
    }

    /** All that a reader gets who was there from the start. */
    private List<String> read() {
        Ring ring = room.ring();
        TestRings.view(ring).reveal();
        Cursor cursor = new Cursor(
                TestRings.view(ring),
                Encoder.PARLEY_V1,
                TestRings.sender(2),
                Overflow.DISCONNECT,
                (epoch, offset) -> new RoomNotice.Ack("welcome", offset),
                "e",
                0,
                0,
                0);
        List<String> read = new ArrayList<>();
        for (Batch batch = cursor.next(); batch != null; batch = cursor.next()) {
            batch.frames().forEach(frame -> read.addAll(words(frame.text())));
        }
        return read;
    }

    private static List<String> words(String text) {
        return Arrays.stream(text.replaceAll("^\\[|]$", "").split("(?<=}),", -1))
                .map(json -> json.replaceAll(".*\"text\":\"(\\d+)\".*", "$1")
                        .replaceAll(".*\"from\":(\\d+),\"to\":(\\d+).*", "gap $1-$2")
                        .replaceAll(".*\"id\":\"welcome\",\"offset\":(\\d+).*", "welcome $1"))
                .toList();
    }
}
