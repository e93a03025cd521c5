package dev.parley.delivery;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** What the broker answers, off its thread: what follows is clients' code and writes to clients, and all rooms would wait for it. */
final class Answers {

    private Answers() {}

    /**
     * An answer, whose followers never run on the broker's thread.
     *
     * @param answer from the broker
     * @param executor runs them, unless the answer is there already: then the caller does
     * @return the same answer
     */
    static <T> CompletionStage<T> on(Executor executor, CompletionStage<T> answer) {
        CompletableFuture<T> given = answer.toCompletableFuture();
        return given.isDone() ? given : given.whenCompleteAsync((value, failure) -> {}, executor);
    }
}
