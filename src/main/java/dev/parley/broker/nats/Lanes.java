package dev.parley.broker.nats;

import dev.parley.ops.Incidents;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.PublishAck;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What this node publishes: in a lane for each sender and room, of which one message at a time is on its way, so that one that
 * is tried again is not overtaken by the next. Each is tried under the same id until it is acknowledged or its time is over;
 * the time is less than the stream remembers ids, so it is stored once at most. For the thread of {@link Loop} alone.
 */
final class Lanes {

    private static final Duration PAUSE = Duration.ofMillis(100);

    private final StreamApi api;
    private final Generation generation;
    private final Loop loop;
    private final Map<Letter.Lane, Deque<Letter>> lanes = new HashMap<>();

    Lanes(StreamApi api, Generation generation, Loop loop) {
        this.api = api;
        this.generation = generation;
        this.loop = loop;
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
            List.copyOf(lane).forEach(letter -> letter.result().completeExceptionally(unknown()));
        }
        lanes.clear();
    }

    private void send(Letter letter) {
        if (letter.isSent()) {
            return;
        }
        if (letter.isLate()) {
            end(letter, () -> letter.result().completeExceptionally(unknown()));
        } else if (generation.isReady()) {
            letter.sent(true);
            String epoch = generation.epoch(letter.room());
            Loop.then(
                    api.publish(letter.room(), letter.headers(generation.name()), letter.payload()),
                    ack -> answered(letter, epoch, ack),
                    failure -> again(letter));
        }
    }

    private void answered(Letter letter, String epoch, @Nullable PublishAck ack) {
        if (ack == null) {
            again(letter);
            return;
        }
        Position position = new Position(epoch, ack.getSeqno());
        if (!letter.hasId() || !ack.isDuplicate()) {
            stored(letter, position);
            return;
        }
        Loop.then(api.get(ack.getSeqno()), first -> compare(letter, position, first), failure -> again(letter));
    }

    private void compare(Letter letter, Position position, @Nullable MessageInfo first) {
        if (first == null) {
            again(letter);
        } else if (first.hasError() || letter.isSaidBy(first.getHeaders(), first.getData())) {
            stored(letter, position); // a message that is no longer kept cannot be compared
        } else {
            end(letter, () -> letter.result()
                    .completeExceptionally(
                            new PublishException(ErrorCode.DUPLICATE_ID, "this id stands for another text")));
        }
    }

    private void stored(Letter letter, Position position) {
        generation.saw(position.offset());
        end(letter, () -> letter.result().complete(position));
    }

    private void again(Letter letter) {
        loop.later(PAUSE, () -> {
            letter.sent(false);
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

    private static PublishException unknown() {
        return PublishException.of(null);
    }
}
