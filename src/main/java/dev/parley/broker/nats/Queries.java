package dev.parley.broker.nats;

import dev.parley.broker.History;
import dev.parley.broker.RoomEnd;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a room. Each query first has the stream's leader {@linkplain Confirmation#confirm confirmed}, then asks it for
 * the newest message, and reads up to that one: the servers that give many messages at once may be behind. A query is tried again
 * until it has an answer or {@link #PATIENCE} is over. For the thread of {@link Loop} alone.
 */
final class Queries {

    /** How long a query may take. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Confirmation confirmation;
    private final StreamApi api;
    private final Generation generation;
    private final Reads reads;
    private final Waiting waiting;

    Queries(Confirmation confirmation, StreamApi api, Generation generation, Reads reads, Waiting waiting) {
        this.confirmation = confirmation;
        this.api = api;
        this.generation = generation;
        this.reads = reads;
        this.waiting = waiting;
    }

    /**
     * The newest messages of a room.
     *
     * @param result fails if they cannot be read
     * @param then takes them, else
     */
    void newest(String room, int limit, CompletableFuture<?> result, Consumer<History> then) {
        new Query<>(room, (newest, deadline) -> reads.newest(room, limit, newest, deadline), result, then).ask();
    }

    /** The oldest messages of a room after an offset. */
    void after(String room, long after, int limit, CompletableFuture<History> result) {
        new Query<>(
                        room,
                        (newest, deadline) -> reads.after(room, after, limit, newest, deadline),
                        result,
                        result::complete)
                .ask();
    }

    /** How far a room has come. */
    void end(String room, CompletableFuture<RoomEnd> result) {
        new Query<>(room, (newest, deadline) -> end(newest), result, result::complete).ask();
    }

    private CompletionStage<@Nullable RoomEnd> end(long newest) {
        return api.info()
                .thenApply(info -> info == null || info.hasError()
                        ? null
                        : new RoomEnd(newest, info.getStreamState().getLastSequence()));
    }

    /** Reads an answer. */
    private interface Read<T> {
        /**
         * @param newest the offset of the room's newest message
         * @param deadline of {@link System#nanoTime}
         * @return null if it cannot be read now
         */
        CompletionStage<@Nullable T> upTo(long newest, long deadline);
    }

    /** One query, until it has its answer. */
    private final class Query<T> {

        private final String room;
        private final Read<T> read;
        private final CompletableFuture<?> result;
        private final Consumer<? super T> then;
        private final long deadline = System.nanoTime() + PATIENCE.toNanos();

        Query(String room, Read<T> read, CompletableFuture<?> result, Consumer<? super T> then) {
            this.room = room;
            this.read = read;
            this.result = result;
            this.then = then;
        }

        void ask() {
            waiting.whenReady(
                    deadline,
                    result,
                    () -> Loop.then(
                            confirmation.confirm(),
                            confirmed -> {
                                if (confirmed) {
                                    askForNewest();
                                } else {
                                    ask();
                                }
                            },
                            result::completeExceptionally));
        }

        private void askForNewest() {
            String asked = generation.name();
            Loop.then(
                    api.newest(room),
                    newest -> {
                        if (newest == null || !asked.equals(generation.name())) {
                            ask();
                        } else {
                            read(newest.hasError() ? 0 : newest.getSeq());
                        }
                    },
                    result::completeExceptionally);
        }

        private void read(long newest) {
            Loop.then(
                    read.upTo(newest, deadline),
                    answer -> {
                        if (answer == null) {
                            ask();
                        } else {
                            then.accept(answer);
                        }
                    },
                    result::completeExceptionally);
        }
    }
}
