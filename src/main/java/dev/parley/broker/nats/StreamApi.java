package dev.parley.broker.nats;

import dev.parley.ops.Nats;
import dev.parley.ops.RepeatedEvent;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.PublishAck;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What JetStream answers of the stream, in its current generation. Each answer is null if nobody gave one in time. For the thread
 * of {@link Loop} alone.
 */
final class StreamApi {

    private static final int NO_MESSAGE = 10_037;
    private static final int PAGE = 1 << 20; // bytes that the servers give at once

    private final String name;
    private final String api;
    private final Requests requests;
    private final Subjects subjects;
    private final Generation generation;
    private final RepeatedEvent unstored = new RepeatedEvent(StreamApi.class, Level.WARNING);
    private final RepeatedEvent unanswered = new RepeatedEvent(StreamApi.class, Level.ERROR);

    StreamApi(Nats settings, Requests requests, Subjects subjects, Generation generation) {
        this.name = settings.stream();
        this.api = settings.domain().map(domain -> "$JS." + domain + ".API.").orElse("$JS.API.");
        this.requests = requests;
        this.subjects = subjects;
        this.generation = generation;
    }

    /** Publishes to a room; null if the message is not stored, or it is not known. */
    CompletionStage<@Nullable PublishAck> publish(String room, Headers headers, byte[] body) {
        return requests.ask(in(room), headers, body).thenApply(this::ack);
    }

    /** Publishes what nobody reads, likewise. */
    CompletionStage<@Nullable PublishAck> publishConfirmation() {
        return requests.ask(subjects.confirmation(generation.name()), null, new byte[0])
                .thenApply(this::ack);
    }

    private @Nullable PublishAck ack(@Nullable Message answer) {
        try {
            return answer == null ? null : new PublishAck(answer);
        } catch (JetStreamApiException | IOException e) {
            unstored.log("The NATS servers do not store a message: " + e.getMessage());
            return null;
        }
    }

    /** Names the generation after this one, unless another node has; gives the name that holds for all. */
    CompletionStage<@Nullable MessageInfo> nameSuccessor(String next) {
        String subject = subjects.successor(generation.name());
        Headers first = new Headers().put("Nats-Expected-Last-Subject-Sequence", "0");
        return requests.ask(subject, first, next.getBytes(StandardCharsets.UTF_8))
                .thenCompose(any -> get("{\"last_by_subj\":\"" + subject + "\"}"));
    }

    /** What is said of the stream. */
    CompletionStage<@Nullable StreamInfo> info() {
        return stream("INFO", "{}");
    }

    CompletionStage<@Nullable StreamInfo> create(StreamConfiguration configuration) {
        return stream("CREATE", configuration.toJson());
    }

    CompletionStage<@Nullable StreamInfo> update(StreamConfiguration configuration) {
        return stream("UPDATE", configuration.toJson());
    }

    /** Reads a message from the stream's leader; the answer is an error if no such message is stored. */
    CompletionStage<@Nullable MessageInfo> get(long sequence) {
        return get("{\"seq\":" + sequence + "}");
    }

    /** The newest message of a room, likewise. */
    CompletionStage<@Nullable MessageInfo> newest(String room) {
        return get("{\"last_by_subj\":\"" + in(room) + "\"}");
    }

    /** The next messages of a room after a number, as one of the servers has them, which may be a moment behind. */
    CompletionStage<Requests.@Nullable Batch> next(String room, long after, int limit) {
        return nextOf(in(room), after, limit);
    }

    /** The next messages of all rooms, likewise. */
    CompletionStage<Requests.@Nullable Batch> next(long after, int limit) {
        return nextOf(subjects.all(generation.name()), after, limit);
    }

    private CompletionStage<Requests.@Nullable Batch> nextOf(String subject, long after, int limit) {
        return direct("{\"seq\":" + (after + 1) + ",\"next_by_subj\":\"" + subject + "\",\"batch\":" + limit
                + ",\"max_bytes\":" + PAGE + "}");
    }

    /** The newest message of each of these rooms, likewise. */
    CompletionStage<Requests.@Nullable Batch> newest(List<String> rooms) {
        String wanted = rooms.stream().map(room -> "\"" + in(room) + "\"").collect(Collectors.joining(","));
        return direct("{\"multi_last\":[" + wanted + "],\"batch\":" + rooms.size() + "}");
    }

    /** Whether a message was stored in this generation. */
    boolean isCurrent(Message message) {
        return subjects.isIn(generation.name(), message);
    }

    /** Under which subject the messages of a room are stored. */
    String in(String room) {
        return subjects.in(generation.name(), room);
    }

    private CompletionStage<Requests.@Nullable Batch> direct(String body) {
        return requests.batch(api + "DIRECT.GET." + name, body);
    }

    private CompletionStage<@Nullable StreamInfo> stream(String what, String body) {
        return ask("STREAM." + what, body).thenApply(answer -> answer == null ? null : new StreamInfo(answer));
    }

    /** A server that is cut off from the others answers with an error of its own, which does not mean that there is no message. */
    private CompletionStage<@Nullable MessageInfo> get(String which) {
        return ask("STREAM.MSG.GET", which).thenApply(answer -> {
            MessageInfo message = answer == null ? null : new MessageInfo(answer, name, false);
            return message != null && message.hasError() && message.getApiErrorCode() != NO_MESSAGE ? null : message;
        });
    }

    private CompletionStage<@Nullable Message> ask(String what, String body) {
        return requests.ask(
                api + what + "." + name,
                null,
                body.getBytes(StandardCharsets.UTF_8),
                () -> unanswered.log("Nobody answers to " + api
                        + ">: the NATS servers have no JetStream, or it has another domain"));
    }
}
