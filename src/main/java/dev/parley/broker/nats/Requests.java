package dev.parley.broker.nats;

import io.nats.client.Connection;
import io.nats.client.JetStreamStatusException;
import io.nats.client.Message;
import io.nats.client.impl.Headers;
import io.nats.client.impl.NatsMessage;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What is asked over the connection; each answer comes within {@link #TIMEOUT}, or null does. {@link Loop}'s thread only. */
final class Requests {

    /** How long an answer may take. */
    static final Duration TIMEOUT = Duration.ofSeconds(2);

    private static final Logger LOG = System.getLogger(Requests.class.getName());

    private static final int END_OF_BATCH = 204;
    private static final int NOTHING = 404;

    private final Supplier<@Nullable Connection> connection;
    private final Loop loop;
    private final Map<String, Batch> batches = new HashMap<>(); // by the last token of their subject
    private String inbox = "";
    private long lastBatch;

    /**
     * No requests.
     *
     * @param connection gives the current connection, or null
     */
    Requests(Supplier<@Nullable Connection> connection, Loop loop) {
        this.connection = connection;
        this.loop = loop;
    }

    /** Sends a request: completes on the loop, with null if no answer came in time. */
    CompletionStage<@Nullable Message> ask(String subject, @Nullable Headers headers, byte[] body) {
        return ask(subject, headers, body, () -> {});
    }

    /**
     * The same.
     *
     * @param nobody is called if the servers say that nobody listens there, on any thread
     */
    CompletionStage<@Nullable Message> ask(String subject, @Nullable Headers headers, byte[] body, Runnable nobody) {
        CompletableFuture<@Nullable Message> answer = new CompletableFuture<>();
        Connection current = connection.get();
        if (current == null) {
            answer.complete(null);
            return answer;
        }
        try {
            NatsMessage question = NatsMessage.builder()
                    .subject(subject)
                    .headers(headers)
                    .data(body)
                    .build();
            CompletionStage<Message> asked =
                    current.requestWithTimeout(question, TIMEOUT).orTimeout(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            asked.whenComplete((message, failure) -> {
                if (failure instanceof JetStreamStatusException) {
                    nobody.run();
                }
                loop.execute(() -> answer.complete(message));
            });
        } catch (IllegalStateException | IllegalArgumentException e) { // no connection, or more than the servers take
            LOG.log(Level.DEBUG, "A request cannot be sent", e);
            loop.execute(() -> answer.complete(null));
        }
        return answer;
    }

    /**
     * Asks for a batch of messages: completes on the loop, with null if it did not come whole.
     *
     * @param subject answers
     * @param body says which
     */
    CompletionStage<@Nullable Batch> batch(String subject, String body) {
        Batch batch = new Batch();
        Connection current = connection.get();
        if (current == null) {
            batch.whole.complete(null);
            return batch.whole;
        }
        String key = Long.toString(++lastBatch, Character.MAX_RADIX);
        batches.put(key, batch);
        try {
            current.publish(subject, inbox + key, body.getBytes(StandardCharsets.UTF_8));
        } catch (IllegalStateException e) {
            batch.whole.complete(null);
        }
        Future<?> timeout = loop.timer(TIMEOUT, () -> batch.whole.complete(null));
        CompletionStage<@Nullable Batch> whole = batch.whole;
        return whole.whenComplete((answer, failure) -> {
            timeout.cancel(false); // it holds what the batch has brought
            batches.remove(key);
        });
    }

    /** There is another connection, whose answers come under the subjects that begin so. */
    void connected(String subjects) {
        inbox = subjects;
    }

    /** There is no connection any more: nobody answers. */
    void disconnected() {
        List.copyOf(batches.values()).forEach(batch -> batch.whole.complete(null));
    }

    /** Something came that nobody listens to. */
    void take(Message message) {
        String subject = message.getSubject();
        Batch batch = subject.startsWith(inbox) ? batches.get(subject.substring(inbox.length())) : null;
        if (batch != null) {
            batch.take(message);
        }
    }

    /** Messages that were asked for together. */
    static final class Batch {
        private final CompletableFuture<@Nullable Batch> whole = new CompletableFuture<>();
        private final List<Message> messages = new ArrayList<>();
        private long last;
        private long pending;

        List<Message> messages() {
            return messages;
        }

        /** The number of the last message, 0 without messages. */
        long last() {
            return last;
        }

        /** Whether there are more. */
        boolean isCut() {
            return pending > 0;
        }

        private void take(Message message) {
            if (message.isStatusMessage()) {
                int code = message.getStatus().getCode();
                Headers headers = message.getHeaders();
                if (code == END_OF_BATCH && headers != null) {
                    pending = Codec.number(headers, Codec.PENDING);
                }
                boolean complete = code == NOTHING || code == END_OF_BATCH;
                whole.complete(complete ? this : null);
                return;
            }
            Headers headers = message.getHeaders();
            if (headers == null || Codec.number(headers, Codec.PREVIOUS) != last) {
                whole.complete(null); // one was dropped on its way
                return;
            }
            last = Codec.number(headers, Codec.SEQUENCE);
            messages.add(message);
        }
    }
}
