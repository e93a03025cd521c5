package dev.parley.broker.memory;

import dev.parley.broker.Broker;
import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.RoomEnd;
import dev.parley.broker.Sender;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Incidents;
import dev.parley.ops.Settings;
import dev.parley.protocol.Content;
import dev.parley.protocol.Position;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The embedded broker: one node, in memory, gone with it. One counter gives the offsets of all rooms, as a networked stream
 * would. A room that is not open, has no history and remembers no id leaves nothing behind; when it comes again it has
 * another epoch. When memory is short the oldest messages of all rooms go first, with their ids.
 */
public final class MemoryBroker implements Broker {

    private final Clock clock;
    private final AtomicLong offsets = new AtomicLong();
    private final Topics topics;
    private volatile @Nullable Listener listener;

    /**
     * A broker without rooms.
     *
     * @param settings say how much history a room keeps and for how long an id is remembered
     * @param clock tells when a message was taken, and how long ago
     * @param budget what it keeps is taken from
     */
    public MemoryBroker(Settings settings, Clock clock, Budget budget) {
        this.clock = clock;
        this.topics = new Topics(settings, budget);
        budget.brokerHistory(() -> topics.stream().map(each -> new RoomHistory(each.getKey(), each.getValue())));
    }

    @Override
    public void attach(Listener listener) {
        this.listener = listener;
    }

    private Listener listener() {
        Listener attached = listener;
        if (attached == null) {
            throw new IllegalStateException("no listener is attached");
        }
        return attached;
    }

    @Override
    public CompletionStage<@Nullable Void> open(String room, int limit, Consumer<History> opened) {
        topics.with(room, topic -> {
            topics.open(topic);
            topic.expire(clock.nanoTime());
            topic.delivered = topic.last();
            opened.accept(topic.newest(limit));
            return topic;
        });
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void release(String room) {
        topics.with(room, topic -> {
            topics.close(topic);
            return topic;
        });
        topics.discard(room);
        topics.forgetEmptyRooms();
    }

    @Override
    public CompletionStage<Position> publish(String room, Sender sender, @Nullable String id, Content content) {
        Listener hub = listener();
        CompletableFuture<Position> result = new CompletableFuture<>();
        boolean delivered = topics.with(room, topic -> {
            long now = clock.nanoTime();
            topic.expire(now);
            try {
                Position first = topic.published(sender, id, content);
                if (first != null) {
                    result.complete(first);
                    return false;
                }
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
                return false;
            }
            Publication publication = new Publication(
                    room, topic.epoch, offsets.incrementAndGet(), topic.last(), sender, id, clock.instant(), content);
            topic.add(publication, now);
            result.complete(new Position(topic.epoch, publication.offset()));
            deliver(topic, publication);
            return topic.open;
        });
        if (delivered) {
            hub.delivered(room);
        } else {
            topics.discard(room);
            topics.forgetEmptyRooms();
        }
        return result;
    }

    private void deliver(Topic topic, Publication publication) {
        if (topic.open) {
            catchUp(publication.room(), topic, publication.previous());
            listener().deliver(publication);
            topic.delivered = publication.offset();
        }
    }

    /** Delivers what the hub does not have because it has thrown an exception: usually nothing. */
    private void catchUp(String room, Topic topic, long upTo) {
        while (topic.open && topic.delivered < upTo) {
            Publication next = topic.next(topic.delivered, upTo);
            long before = next == null ? upTo : next.previous();
            if (before > topic.delivered) {
                listener().lost(room, topic.delivered + 1, before);
                topic.delivered = before;
            }
            if (next != null) {
                listener().deliver(next);
                topic.delivered = next.offset();
            }
        }
    }

    @Override
    public CompletionStage<History> history(String room, long after, int limit) {
        History history = topics.with(room, topic -> {
            topic.expire(clock.nanoTime());
            return topic.after(after, limit);
        });
        topics.discard(room);
        return CompletableFuture.completedFuture(history);
    }

    @Override
    public CompletionStage<RoomEnd> end(String room) {
        long offset = topics.with(room, Topic::offset);
        topics.discard(room);
        return CompletableFuture.completedFuture(new RoomEnd(offset, offset));
    }

    @Override
    public void typing(String room, Sender sender) {
        Topic topic = topics.find(room);
        if (topic != null && topic.open) {
            listener().typing(room, sender);
            listener().delivered(room);
        }
    }

    @Override
    public void joined(String room, Sender member) {
        // There is no other node.
    }

    @Override
    public void left(String room, Sender member) {
        // Nobody was told.
    }

    @Override
    public CompletionStage<Integer> elsewhere(String room) {
        return CompletableFuture.completedFuture(0);
    }

    @Override
    public void sweep() {
        Incidents.each(
                topics.names(),
                this::sweep,
                (room, failure) -> Incidents.log("the history of a room is swept again in the next round", failure));
    }

    private void sweep(String room) {
        Topic topic = topics.find(room);
        if (topic != null) {
            boolean late;
            synchronized (topic) {
                topic.expire(clock.nanoTime());
                late = topic.open && topic.delivered < topic.last();
                catchUp(room, topic, topic.last());
            }
            if (late) {
                listener().delivered(room);
            }
            topics.discard(room);
        }
    }

    @Override
    public void close() {
        // Nothing is under way, and what it holds goes with it.
    }

    /** How many rooms it holds anything of. */
    int rooms() {
        return topics.size();
    }

    /** The history of a room, as what can be let go. */
    private final class RoomHistory implements Budget.Kept {

        private final String room;
        private final Topic topic;

        RoomHistory(String room, Topic topic) {
            this.room = room;
            this.topic = topic;
        }

        @Override
        public long oldest() {
            synchronized (topic) {
                return topic.oldest();
            }
        }

        @Override
        public int letGo(long upTo, long bytes) {
            int messages;
            synchronized (topic) {
                messages = topic.letGo(upTo, bytes);
            }
            topics.discard(room);
            return messages;
        }
    }
}
