package dev.parley.broker.nats;

import dev.parley.broker.Sender;
import dev.parley.protocol.Content;
import dev.parley.protocol.Position;
import io.nats.client.impl.Headers;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A message on its way to the stream. For the thread of {@link Loop} alone. */
final class Letter {

    private final String room;
    private final Sender sender;
    private final @Nullable String id;
    private final Content content;
    private final long deadline;
    private final String key;
    private final CompletableFuture<Position> result;
    private boolean sent;

    /** Which messages keep their order: those of one sender in one room. */
    record Lane(String room, String sender) {}

    /**
     * A message that was not sent.
     *
     * @param deadline until when it is tried, {@link System#nanoTime}
     * @param result completes on the loop
     */
    Letter(
            String room,
            Sender sender,
            @Nullable String id,
            Content content,
            long deadline,
            CompletableFuture<Position> result) {
        this.room = room;
        this.sender = sender;
        this.id = id;
        this.content = content;
        this.deadline = deadline;
        this.result = result;
        this.key = id == null
                ? UUID.randomUUID().toString()
                : String.join("/", Codec.token(room), Codec.token(sender.scope()), Codec.token(id));
    }

    String room() {
        return room;
    }

    Lane lane() {
        return new Lane(room, sender.peer() == 0 ? sender.scope() : "/" + sender.peer());
    }

    boolean hasId() {
        return id != null;
    }

    CompletableFuture<Position> result() {
        return result;
    }

    boolean isLate() {
        return System.nanoTime() - deadline > 0;
    }

    /** Whether it is on its way now. */
    boolean isSent() {
        return sent;
    }

    void sent(boolean now) {
        sent = now;
    }

    /** What the servers are to store with it; the same message in another generation of the stream is another one. */
    Headers headers(String generation) {
        return Codec.headers(generation + "/" + key, sender, id, content);
    }

    byte[] payload() {
        return Codec.payload(content);
    }

    /** Whether what was stored is what it has to say. */
    boolean isSaidBy(@Nullable Headers headers, byte @Nullable [] data) {
        byte[] stored = data == null ? new byte[0] : data;
        return Codec.content(headers, stored).getClass() == content.getClass() && Arrays.equals(stored, payload());
    }
}
