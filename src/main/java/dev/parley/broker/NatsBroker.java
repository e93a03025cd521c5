package dev.parley.broker;

import dev.parley.ops.Settings;
import dev.parley.ops.Threads;
import dev.parley.protocol.Content;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import io.nats.client.Message;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Joins many nodes through one stream of NATS JetStream, whose sequence numbers are the offsets. A publication is stored by the
 * servers, which republish it to the nodes that have its room open; what a node misses on the way shows in the next one, or in a
 * look at the newest of each room, and is read from the stream. All that it knows belongs to one thread, {@link NatsLoop}; the
 * readers of a room are woken on another.
 */
public final class NatsBroker implements Broker {

    private static final Duration PATIENCE = Duration.ofSeconds(5); // of those who open a room or ask for its history
    private static final Duration AWAY = Duration.ofSeconds(3); // without an answer of the stream's leader
    private static final int TAIL_CHECK = 5; // sweeps between two
    private static final int MAX_ROOMS = 1000; // in one look; the servers allow 1,024
    private static final int MAX_UNDERWAY = 64 << 20; // bytes that are being published
    private static final int OVERHEAD = 256; // of each message

    private final Executor wakers;
    private final NatsLoop loop;
    private final NatsLink link;
    private final NatsStream stream;
    private final NatsHistory history;
    private final NatsLanes lanes;
    private final NatsRoster roster;
    private final NatsWaiting waiting;
    private final Semaphore underway = new Semaphore(MAX_UNDERWAY);
    private final long publishNanos;

    // The loop's.
    private final Map<String, Topic> topics = new HashMap<>(); // that are open here
    private final Set<String> unannounced = new HashSet<>();
    private long lastReady = System.nanoTime();
    private int sweeps;
    private boolean there;
    private boolean behind = true; // something may not have been delivered
    private volatile @Nullable Listener listener;

    /** A room that is open here. */
    private static final class Topic {
        private final String room;
        private long last; // the newest message that was delivered, or given with the history
        private final List<NatsLanes.Letter> early = new ArrayList<>(0); // would pass who waits for the room to open
        private boolean opened;

        private Topic(String room) {
            this.room = room;
        }
    }

    /**
     * A broker that connects when a hub is attached.
     *
     * @param settings say where the servers are, how much history a room keeps and for how long an id is remembered
     * @param threads make its threads
     * @param clock tells how old a message is
     */
    public NatsBroker(Settings settings, Threads threads, InstantSource clock) {
        this.wakers = threads.executor();
        this.loop = new NatsLoop(threads.factory("parley-broker"), this::announce);
        this.link = new NatsLink(settings.nats(), threads, loop, this::connectionChanged);
        this.stream = new NatsStream(settings, link, new Changes());
        this.history = new NatsHistory(settings, clock, stream, loop);
        this.lanes = new NatsLanes(stream, link, loop);
        this.waiting = new NatsWaiting(stream);
        this.roster = new NatsRoster(new Wire(), this::present, System::nanoTime);
        Duration window = settings.ids().window().dividedBy(2);
        Duration timeout = settings.nats().publishTimeout();
        this.publishNanos = (timeout.compareTo(window) < 0 ? timeout : window).toNanos();
    }

    @Override
    public void attach(Listener listener) {
        this.listener = listener;
        listener.away();
        loop.execute(link::connect);
    }

    private Listener listener() {
        Listener attached = listener;
        if (attached == null) {
            throw new IllegalStateException("no listener is attached");
        }
        return attached;
    }

    @Override
    public CompletionStage<History> open(String room, int limit) {
        CompletableFuture<History> result = new CompletableFuture<>();
        loop.execute(() -> {
            Topic topic = topics.computeIfAbsent(room, this::subscribe);
            present(room, roster.members(room), List.of());
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            waiting.whenReady(deadline, result, () -> open(topic, limit, deadline, result));
        });
        return result;
    }

    private Topic subscribe(String room) {
        link.listen(stream.out(room), this::deliver);
        link.listen(stream.typing(room), this::typing);
        return new Topic(room);
    }

    /** Reads up to the message that the leader says is the newest: the servers that give many at once may be behind. */
    private void open(Topic topic, int limit, long deadline, CompletableFuture<History> result) {
        String generation = stream.generation();
        newest(topic.room, deadline, result, wanted -> history.newest(topic.room, limit, wanted, deadline)
                .thenAccept(kept -> {
                    if (kept == null || !generation.equals(stream.generation())) {
                        waiting.whenReady(deadline, result, () -> open(topic, limit, deadline, result));
                        return;
                    }
                    topic.last = Math.max(topic.last, kept.upTo());
                    topic.opened = true;
                    behind = true; // the way from the leader to here may not have been open yet
                    result.complete(kept);
                    letGo(topic);
                }));
    }

    @Override
    public CompletionStage<Long> newest(String room) {
        CompletableFuture<Long> result = new CompletableFuture<>();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        loop.execute(() -> waiting.whenReady(deadline, result, () -> newest(room, deadline, result, result::complete)));
        return result;
    }

    /** Asks the leader, again and again while the result can wait, and goes on with the answer. */
    private void newest(String room, long deadline, CompletableFuture<?> result, LongConsumer then) {
        stream.newest(room).thenAccept(newest -> {
            if (newest == null) {
                waiting.whenReady(deadline, result, () -> newest(room, deadline, result, then));
            } else {
                then.accept(newest.hasError() ? 0 : newest.getSeq());
            }
        });
    }

    @Override
    public void release(String room) {
        loop.execute(() -> drop(room));
    }

    private void drop(String room) {
        present(room, List.of(), roster.members(room));
        Topic topic = topics.remove(room);
        if (topic != null) {
            link.unlisten(stream.out(room));
            link.unlisten(stream.typing(room));
            letGo(topic);
        }
    }

    private void letGo(Topic topic) {
        topic.early.forEach(lanes::add);
        topic.early.clear();
    }

    @Override
    public CompletionStage<Position> publish(String room, Sender sender, @Nullable String id, Content content) {
        listener();
        CompletableFuture<Position> result = new CompletableFuture<>();
        int size = Math.min(content.size() + OVERHEAD, MAX_UNDERWAY);
        if (!underway.tryAcquire(size)) {
            result.completeExceptionally(new PublishException(
                    ErrorCode.UNAVAILABLE, "the message was not stored: too many are waiting to be"));
            return result;
        }
        long deadline = System.nanoTime() + publishNanos;
        loop.execute(() -> {
            NatsLanes.Letter letter = new NatsLanes.Letter(room, sender, id, content, deadline, result);
            Topic topic = topics.get(room);
            if (topic == null || topic.opened) {
                lanes.add(letter);
            } else {
                topic.early.add(letter);
            }
        });
        CompletionStage<Position> stage = result;
        return stage.whenComplete((position, failure) -> underway.release(size));
    }

    @Override
    public CompletionStage<History> history(String room, long after, int limit) {
        CompletableFuture<History> result = new CompletableFuture<>();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        loop.execute(() -> waiting.whenReady(deadline, result, () -> history(room, after, limit, deadline, result)));
        return result;
    }

    private void history(String room, long after, int limit, long deadline, CompletableFuture<History> result) {
        Topic topic = topics.get(room);
        history.after(room, after, limit, topic == null ? 0 : topic.last, deadline)
                .thenAccept(kept -> {
                    if (kept == null) {
                        waiting.whenReady(deadline, result, () -> history(room, after, limit, deadline, result));
                    } else {
                        result.complete(kept);
                    }
                });
    }

    @Override
    public void typing(String room, Sender sender) {
        loop.execute(() -> link.tell(stream.typing(room), NatsForm.headers(sender), new byte[0]));
    }

    private void typing(Message message) {
        String room = NatsForm.text(message.getSubject());
        if (topics.containsKey(room) && message.getHeaders() != null) {
            Sender sender = NatsForm.sender(message.getHeaders());
            wakers.execute(() -> listener().typing(room, sender));
        }
    }

    @Override
    public void joined(String room, Sender member) {
        loop.execute(() -> roster.joined(room, member));
    }

    @Override
    public void left(String room, Sender member) {
        loop.execute(() -> roster.left(room, member));
    }

    @Override
    public CompletionStage<Integer> elsewhere(String room) {
        CompletableFuture<Integer> count = new CompletableFuture<>();
        loop.execute(() -> count.complete(roster.members(room).size()));
        return count;
    }

    private void present(String room, Collection<Sender> joined, Collection<Sender> left) {
        if (topics.containsKey(room)) {
            listener().present(room, joined, left);
            unannounced.add(room);
        }
    }

    @Override
    public void sweep(Instant now) {
        loop.execute(() -> {
            link.connect();
            roster.sweep();
            stream.probe();
            lanes.sweep();
            long nanos = System.nanoTime();
            waiting.sweep(nanos);
            if (++sweeps % TAIL_CHECK == 0) {
                behind = true;
            }
            if (there && nanos - lastReady > AWAY.toNanos()) {
                there = false;
                listener().away();
            }
        });
    }

    @Override
    public void close() {
        loop.execute(() -> {
            roster.close();
            topics.values().forEach(this::letGo);
            lanes.close();
            waiting.close();
            link.close();
            loop.close();
        });
    }

    /** What was stored, as the servers republish it. */
    private void deliver(Message message) {
        Publication publication = NatsForm.publication(message);
        if (publication != null && stream.isVerified() && stream.isCurrent(message)) {
            deliver(publication);
        } else {
            behind = true; // it is found when it is clear to which history it belongs
        }
    }

    private void deliver(Publication publication) {
        stream.saw(publication.offset(), publication.at());
        Topic topic = topics.get(publication.room());
        if (topic != null && publication.offset() > topic.last) {
            topic.last = publication.offset();
            listener().deliver(publication);
            unannounced.add(topic.room);
        }
    }

    private void announce() {
        for (String room : unannounced) {
            wakers.execute(() -> listener().delivered(room));
        }
        unannounced.clear();
    }

    /** Looks at the newest message of each room: the last one may have been stored and not republished. */
    private void checkTails() {
        behind = false;
        List<String> rooms = new ArrayList<>(topics.keySet());
        for (int i = 0; i < rooms.size(); i += MAX_ROOMS) {
            stream.newest(rooms.subList(i, Math.min(i + MAX_ROOMS, rooms.size())))
                    .thenAccept(batch -> {
                        if (batch == null) {
                            behind = true;
                            return;
                        }
                        batch.messages().stream()
                                .filter(stream::isCurrent)
                                .map(NatsForm::publication)
                                .sorted(Comparator.comparingLong(Publication::offset))
                                // Which one was before it nobody says: with this, who has not all asks for the history.
                                .forEach(newest -> deliver(newest.follows(newest.offset() - 1)));
                    });
        }
    }

    private void connectionChanged() {
        behind = true;
        if (link.connected() != null) {
            roster.connected();
        }
        stream.doubt();
        stream.probe();
    }

    private final class Wire implements NatsRoster.Wire {
        @Override
        public void listen(String name, Consumer<byte[]> listener) {
            link.listen(stream.presence(name), message -> listener.accept(message.getData()));
        }

        @Override
        public void tell(String name, byte[] message) {
            link.tell(stream.presence(name), null, message);
        }

        @Override
        public int maxBytes() {
            return link.maxPayload();
        }

        @Override
        public void later(Duration delay, Runnable task) {
            loop.later(delay, task);
        }
    }

    private final class Changes implements NatsStream.Watcher {
        @Override
        public void ready() {
            lastReady = System.nanoTime();
            if (!there) {
                there = true;
                listener().back();
            }
            waiting.ready();
            lanes.sweep();
            if (behind) {
                checkTails();
            }
        }

        @Override
        public void renewed() {
            for (Topic topic : topics.values()) {
                topic.last = 0;
                if (topic.opened) {
                    listener().renewed(topic.room, stream.epoch(topic.room), 0);
                }
            }
        }
    }
}
