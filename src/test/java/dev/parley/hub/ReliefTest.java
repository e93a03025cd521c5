package dev.parley.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class ReliefTest {

    private final Queue<Runnable> threads = new ArrayDeque<>();
    private final Relief relief = new Relief(threads::add);

    @Test
    void aTaskThatFailsHoldsNobodyUp() {
        List<String> done = new ArrayList<>();
        relief.execute(() -> {
            throw new AssertionError("a bug");
        });
        relief.execute(() -> done.add("behind it"));
        runAll();
        relief.execute(() -> done.add("after it"));
        runAll();
        assertThat(done).containsExactly("behind it", "after it");
    }

    @Test
    void manyTasksTakeOneThread() {
        for (int i = 0; i < 1000; i++) {
            relief.execute(() -> {});
        }
        assertThat(threads).hasSize(1);
    }

    private void runAll() {
        while (!threads.isEmpty()) {
            threads.remove().run();
        }
    }
}
