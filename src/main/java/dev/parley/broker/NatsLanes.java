package dev.parley.broker;

import dev.parley.ops.Incidents;
import dev.parley.ops.RepeatedEvent;
import dev.parley.protocol.Content;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.PublishAck;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What this node publishes: in a lane for each sender and room, of which one message at a time is on its way, so that one that
 * is tried again is not overtaken by the next. Each is tried under the same id until it is acknowledged or its time is over;
 * the time is less than the stream remembers ids, so it is stored once at most. For the thread of {@link NatsLoop} alone.
 */
final class NatsLanes {

    private static final Duration PAUSE = Duration.ofMillis(100);

    private final NatsStream stream;
    private final NatsLink link;
    private final NatsLoop loop;
    private final Map<Key, Deque<Letter>> lanes = new HashMap<>();
    private final RepeatedEvent unstored = new RepeatedEvent(NatsLanes.class, Level.WARNING);

    private record Key(String room, String sender) {}

    NatsLanes(NatsStream stream, NatsLink link, NatsLoop loop) {
        this.stream = stream;
        this.link = link;
        this.loop = loop;
    }

    /** A message on its way. */
    static final class Letter {
        private final String room;
        private final Sender sender;
        private final @Nullable String id;
        private final Content content;
        private final long deadline;
        private final String key;
        private final CompletableFuture<Position> result;
        private boolean sent;

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
                    : String.join("/", NatsForm.token(room), NatsForm.token(sender.scope()), NatsForm.token(id));
        }

        private Key lane() {
            return new Key(room, sender.peer() == 0 ? sender.scope() : "/" + sender.peer());
        }

        boolean isLate() {
            return System.nanoTime() - deadline > 0;
        }
    }

    void add(Letter letter) {
        Deque<Letter> lane = lanes.computeIfAbsent(letter.lane(), key -> new ArrayDeque<>(2));
        lane.add(letter);
        if (lane.size() == 1) {
            send(letter);
        }
    }

    /** Sends what waits, if it may be sent, and gives up what has waited too long. */
    void sweep() {
        Incidents.each(
                List.copyOf(lanes.values()),
                lane -> send(lane.element()),
                (lane, failure) -> Incidents.log("a message waits for the next round", failure));
    }

    /** Gives up everything. */
    void close() {
        for (Deque<Letter> lane : List.copyOf(lanes.values())) {
            List.copyOf(lane).forEach(letter -> letter.result.completeExceptionally(unknown()));
        }
        lanes.clear();
    }

    private void send(Letter letter) {
        if (letter.sent) {
            return;
        }
        if (letter.isLate()) {
            end(letter, () -> letter.result.completeExceptionally(unknown()));
        } else if (stream.isReady()) {
            letter.sent = true;
            String generation = stream.generation();
            String epoch = stream.epoch(letter.room);
            NatsLoop.then(
                    link.request(
                            stream.in(letter.room),
                            NatsForm.headers(generation + "/" + letter.key, letter.sender, letter.id, letter.content),
                            NatsForm.payload(letter.content)),
                    answer -> answered(letter, epoch, answer),
                    failure -> again(letter));
        }
    }

    private void answered(Letter letter, String epoch, @Nullable Message answer) {
        PublishAck ack = answer == null || answer.isStatusMessage() ? null : ack(answer);
        if (ack == null) {
            again(letter);
            return;
        }
        Position position = new Position(epoch, ack.getSeqno());
        if (letter.id == null || !ack.isDuplicate()) {
            stored(letter, position);
            return;
        }
        NatsLoop.then(stream.get(ack.getSeqno()), first -> compare(letter, position, first), failure -> again(letter));
    }

    private void compare(Letter letter, Position position, @Nullable MessageInfo first) {
        if (first == null) {
            again(letter);
        } else if (first.hasError() || isSame(letter.content, first.getHeaders(), first.getData())) {
            stored(letter, position); // a message that is no longer kept cannot be compared
        } else {
            end(
                    letter,
                    () -> letter.result.completeExceptionally(
                            new PublishException(ErrorCode.DUPLICATE_ID, "this id stands for another text")));
        }
    }

    private static boolean isSame(
            Content content, io.nats.client.impl.@Nullable Headers headers, byte @Nullable [] data) {
        byte[] stored = data == null ? new byte[0] : data;
        return NatsForm.content(headers, stored).getClass() == content.getClass()
                && Arrays.equals(stored, NatsForm.payload(content));
    }

    private @Nullable PublishAck ack(Message answer) {
        try {
            return new PublishAck(answer);
        } catch (JetStreamApiException | IOException e) {
            unstored.log("The NATS servers do not store a message: " + e.getMessage());
            return null;
        }
    }

    private void stored(Letter letter, Position position) {
        stream.saw(position.offset());
        end(letter, () -> letter.result.complete(position));
    }

    private void again(Letter letter) {
        loop.later(PAUSE, () -> {
            letter.sent = false;
            send(letter);
        });
    }

    private void end(Letter letter, Runnable completion) {
        Deque<Letter> lane = lanes.get(letter.lane());
        if (lane == null || lane.peek() != letter) {
            return; // all was given up
        }
        lane.remove();
        if (lane.isEmpty()) {
            lanes.remove(letter.lane());
        }
        completion.run();
        Letter next = lane.peek();
        if (next != null && next.isLate()) {
            loop.execute(() -> send(next)); // one call inside the other for each of thousands would be too deep
        } else if (next != null) {
            send(next);
        }
    }

    static PublishException unknown() {
        return PublishException.of(null);
    }
}
