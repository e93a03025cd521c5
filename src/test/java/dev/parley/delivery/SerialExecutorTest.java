package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class SerialExecutorTest {

    private final Queue<Runnable> threads = new ArrayDeque<>();
    private final SerialExecutor background = new SerialExecutor(threads::add);

    @Test
    void aTaskThatFailsHoldsNobodyUp() {
        List<String> done = new ArrayList<>();
        background.execute(() -> {
            throw new AssertionError("a bug");
        });
        background.execute(() -> done.add("behind it"));
        runAll();
        background.execute(() -> done.add("after it"));
        runAll();
        assertThat(done).containsExactly("behind it", "after it");
    }

    @Test
    void tasksThatGotNoThreadRunBeforeTheNextOne() {
        List<String> done = new ArrayList<>();
        List<Error> none = new ArrayList<>(List.of(new Error("no thread can be started")));
        SerialExecutor shortOfThreads = new SerialExecutor(task -> {
            if (!none.isEmpty()) {
                throw none.remove(0);
            }
            threads.add(task);
        });
        shortOfThreads.execute(() -> done.add("one"));
        assertThat(threads).isEmpty();
        shortOfThreads.execute(() -> done.add("two"));
        runAll();
        assertThat(done).containsExactly("one", "two");
    }

    @Test
    void manyTasksTakeOneThread() {
        for (int i = 0; i < 1000; i++) {
            background.execute(() -> {});
        }
        assertThat(threads).hasSize(1);
    }

    private void runAll() {
        while (!threads.isEmpty()) {
            threads.remove().run();
        }
    }
}
