package dev.parley.broker.nats;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class TypingRoomsTest {

    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final List<String> woken = new ArrayList<>();
    private final TypingRooms rooms = new TypingRooms(tasks::add, room -> {
        if (room.equals("bad")) {
            throw new AssertionError("a bug");
        }
        woken.add(room);
    });

    @Test
    void oneTaskWakesAllRoomsAndTheNextWaitsForIt() {
        for (int i = 0; i < 1_000; i++) {
            rooms.add("r" + i % 3);
            rooms.announce();
        }
        assertThat(tasks).hasSize(1);
        tasks.remove().run();
        assertThat(woken).containsExactly("r0");
        rooms.announce();
        assertThat(tasks).hasSize(1);
        tasks.remove().run();
        assertThat(woken).hasSize(4).containsOnlyOnce("r1", "r2");
        rooms.announce();
        assertThat(tasks).isEmpty();
    }

    @Test
    void aRoomThatThrowsKeepsNoOtherWaiting() {
        rooms.add("bad");
        rooms.add("good");
        rooms.announce();
        tasks.remove().run();
        rooms.add("next");
        rooms.announce();
        tasks.remove().run();
        assertThat(woken).containsExactly("good", "next");
    }
}
