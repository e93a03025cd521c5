package dev.parley.broker.nats;

import dev.parley.broker.nats.Generation.Probe;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Confirms that the server which answers as the stream's leader is the leader: only the leader can store a message. For the thread
 * of {@link Loop} alone.
 */
final class Confirmation {

    private final StreamApi api;
    private final Generation generation;
    private @Nullable CompletableFuture<Boolean> askers; // who share the next message
    private boolean underway;

    Confirmation(StreamApi api, Generation generation) {
        this.api = api;
        this.generation = generation;
    }

    /**
     * Has a message stored that nobody reads. What the leader answers afterwards is no older than this call. Callers that come
     * while a message is on its way share the next one.
     *
     * @return false if it was not stored; then {@linkplain Generation#isReady nothing is published}
     */
    CompletionStage<Boolean> confirm() {
        CompletableFuture<Boolean> result = askers == null ? new CompletableFuture<>() : askers;
        askers = result;
        if (!underway) {
            send(result);
        }
        return result;
    }

    private void send(CompletableFuture<Boolean> result) {
        askers = null;
        Probe probe = generation.probe();
        if (probe == null) {
            result.complete(false);
            return;
        }
        underway = true;
        Loop.then(
                api.publishConfirmation(),
                ack -> {
                    if (ack != null) {
                        generation.saw(ack.getSeqno());
                        generation.confirmed(probe);
                    }
                    sent(result, ack != null);
                },
                failure -> sent(result, false));
    }

    private void sent(CompletableFuture<Boolean> result, boolean stored) {
        underway = false;
        if (!stored) {
            generation.unconfirmed();
        }
        CompletableFuture<Boolean> next = askers;
        if (next != null) {
            send(next);
        }
        result.complete(stored);
    }
}
