package dev.parley.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ReadersTest {

    private final Deque<Runnable> first = new ArrayDeque<>();
    private final Deque<Runnable> second = new ArrayDeque<>();
    private final Deque<Runnable> third = new ArrayDeque<>();
    private final AtomicInteger runs = new AtomicInteger();

    @Test
    void whatIsGatheredRunsOnceWhenEachLoopHasEndedItsTurn() {
        new Readers(List.of(loop(first), loop(second), loop(third))).gather(runs::incrementAndGet);
        second.remove().run();
        assertThat(first).isEmpty();
        third.remove().run();
        assertThat(runs).hasValue(0);
        first.remove().run();
        assertThat(runs).hasValue(1);
    }

    @Test
    void theOnlyLoopRunsIt() {
        new Readers(List.of(loop(first))).gather(runs::incrementAndGet);
        first.remove().run();
        assertThat(runs).hasValue(1);
    }

    @Test
    void loopsThatTakeNothingMoreDoNotHoldItUp() {
        Readers.Group stopped = new Readers.Group(
                task -> {
                    throw new RejectedExecutionException();
                },
                List.of());
        new Readers(List.of(loop(first), stopped)).gather(runs::incrementAndGet);
        first.remove().run();
        assertThat(runs).hasValue(1);
    }

    private static Readers.Group loop(Deque<Runnable> tasks) {
        return new Readers.Group(tasks::add, List.of());
    }
}
