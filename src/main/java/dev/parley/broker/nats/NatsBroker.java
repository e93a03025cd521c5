package dev.parley.broker.nats;

import dev.parley.broker.Broker;
import dev.parley.broker.History;
import dev.parley.broker.RoomEnd;
import dev.parley.broker.Sender;
import dev.parley.ops.Budget;
import dev.parley.ops.Metrics;
import dev.parley.ops.RepeatedEvent;
import dev.parley.ops.Settings;
import dev.parley.ops.Threads;
import dev.parley.protocol.Content;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Joins many nodes through one stream of NATS JetStream, whose sequence numbers are the offsets. A publication is stored by the
 * servers, which republish it to the nodes that have its room open ({@link Subscriptions}); what a node misses on the way is read from
 * the stream. All that it knows belongs to one thread, {@link Loop}.
 */
public final class NatsBroker implements Broker {

    private static final Duration AWAY = Duration.ofSeconds(3); // without an answer of the stream's leader
    private static final Duration STUCK =
            Duration.ofSeconds(6); // likewise, with a server that is cut off from the others
    private static final int TAIL_CHECK = 5; // sweeps between two

    /** How much may be on its way to the stream, bytes. */
    static final int MAX_UNDERWAY = 64 << 20;

    /** How much a message counts for beside its content, bytes. */
    static final int OVERHEAD = 256;

    private final Loop loop;
    private final NatsConnection connection;
    private final Subjects subjects;
    private final Generation generation;
    private final StreamGuard guard;
    private final Subscriptions subscriptions;
    private final Queries queries;
    private final Lanes lanes;
    private final Roster roster;
    private final Waiting waiting;
    private final RepeatedEvent away = new RepeatedEvent(NatsBroker.class, Level.WARNING);
    private final RepeatedEvent back = new RepeatedEvent(NatsBroker.class, Level.INFO);
    private final Semaphore underway = new Semaphore(MAX_UNDERWAY);
    private final long publishNanos;

    // The loop's.
    private long lastReady = System.nanoTime();
    private long lastMove = lastReady;
    private int sweeps;
    private volatile boolean there; // written on the loop
    private volatile long acknowledged = System.nanoTime();
    private volatile @Nullable Listener listener;

    /**
     * A broker that connects when a hub is attached.
     *
     * @param settings say where the servers are, how much history a room keeps and for how long an id is remembered
     * @param threads make its threads
     * @param clock tells how old a message is
     * @param metrics show its state
     * @param budget what is read from the stream, and what waits for a missing message, is taken from
     */
    public NatsBroker(Settings settings, Threads threads, InstantSource clock, Metrics metrics, Budget budget) {
        this.loop = new Loop(threads.factory("parley-broker"), this::announce);
        Runnable reconnected = metrics.broker(
                () -> there ? 1 : 0,
                () -> MAX_UNDERWAY - underway.availablePermits(),
                () -> (System.nanoTime() - acknowledged)
                        / (double) Duration.ofSeconds(1).toNanos());
        this.connection = new NatsConnection(settings.nats(), threads, loop, this::connectionChanged, reconnected);
        this.subjects = new Subjects(settings.nats().stream());
        this.generation = new Generation(connection::connected);
        StreamApi api = new StreamApi(settings.nats(), connection.requests(), subjects, generation);
        Confirmation confirmation = new Confirmation(api, generation);
        this.guard = new StreamGuard(settings, subjects, api, generation, confirmation, clock, new Changes());
        Reads reads = new Reads(settings, clock, api, generation, loop, budget);
        this.subscriptions = new Subscriptions(
                settings.room(),
                budget,
                connection,
                subjects,
                api,
                generation,
                reads,
                threads.executor(),
                this::listener);
        this.lanes = new Lanes(api, generation, loop);
        this.waiting = new Waiting(generation);
        this.queries = new Queries(confirmation, api, generation, reads, waiting);
        this.roster = new Roster(new Wire(), subscriptions::present, System::nanoTime);
        Duration window = settings.ids().window().dividedBy(2);
        Duration timeout = settings.nats().publishTimeout();
        this.publishNanos = (timeout.compareTo(window) < 0 ? timeout : window).toNanos();
    }

    @Override
    public void attach(Listener listener) {
        this.listener = listener;
        listener.away();
        loop.execute(connection::connect);
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
        CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
        loop.execute(() -> {
            Subscription open = subscriptions.listen(room);
            subscriptions.present(room, roster.members(room), List.of());
            queries.newest(room, limit, result, kept -> {
                subscriptions.opened(open, kept, opened);
                result.complete(null);
                letGo(open);
            });
        });
        return result;
    }

    @Override
    public CompletionStage<RoomEnd> end(String room) {
        CompletableFuture<RoomEnd> result = new CompletableFuture<>();
        loop.execute(() -> queries.end(room, result));
        return result;
    }

    @Override
    public void release(String room) {
        loop.execute(() -> drop(room));
    }

    private void drop(String room) {
        subscriptions.present(room, List.of(), roster.members(room));
        Subscription open = subscriptions.drop(room);
        if (open != null) {
            letGo(open);
        }
    }

    private void letGo(Subscription open) {
        open.takeEarly().forEach(lanes::add);
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
            Letter letter = new Letter(room, sender, id, content, deadline, result);
            Subscription open = subscriptions.find(room);
            if (open == null || !open.keeps(letter)) {
                lanes.add(letter);
            }
        });
        CompletionStage<Position> stage = result;
        return stage.whenComplete((position, failure) -> {
            underway.release(size);
            if (failure == null) {
                acknowledged = System.nanoTime();
            }
        });
    }

    @Override
    public CompletionStage<History> history(String room, long after, int limit) {
        CompletableFuture<History> result = new CompletableFuture<>();
        loop.execute(() -> queries.after(room, after, limit, result));
        return result;
    }

    @Override
    public void typing(String room, Sender sender) {
        loop.execute(() -> connection.tell(subjects.typing(room), Codec.headers(sender), new byte[0]));
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

    @Override
    public void sweep() {
        // Each is a task of its own: one that fails does not keep the others from running.
        loop.execute(connection::connect);
        loop.execute(roster::sweep);
        loop.execute(guard::probe);
        loop.execute(() -> subscriptions.all().forEach(open -> open.takeLate().forEach(lanes::add)));
        loop.execute(lanes::sweep);
        loop.execute(() -> waiting.sweep(System.nanoTime()));
        loop.execute(this::look);
    }

    private void look() {
        if (++sweeps % TAIL_CHECK == 0) {
            subscriptions.doubt();
        }
        if (there && System.nanoTime() - lastReady > AWAY.toNanos()) {
            there = false;
            away.log(
                    "The stream's leader does not answer: this node is not ready, and acknowledges nothing until it does");
            listener().away();
        }
        if (System.nanoTime() - Math.max(lastReady, lastMove) > STUCK.toNanos()) {
            lastMove = System.nanoTime();
            connection.move();
        }
    }

    @Override
    public void close() {
        loop.execute(roster::close);
        loop.execute(() -> subscriptions.all().forEach(this::letGo));
        loop.execute(lanes::close);
        loop.execute(waiting::close);
        loop.execute(connection::close);
        loop.execute(loop::close);
    }

    private void announce() {
        subscriptions.announce();
    }

    private void connectionChanged() {
        subscriptions.doubt();
        if (connection.connected() != null) {
            roster.connected();
        }
        generation.doubt();
        guard.probe();
    }

    private final class Wire implements Roster.Wire {
        @Override
        public void listen(String name, Consumer<byte[]> listener) {
            connection.listen(subjects.presence(name), message -> listener.accept(message.getData()));
        }

        @Override
        public void tell(String name, byte[] message) {
            connection.tell(subjects.presence(name), null, message);
        }

        @Override
        public int maxBytes() {
            return connection.maxPayload();
        }

        @Override
        public void later(Duration delay, Runnable task) {
            loop.later(delay, task);
        }
    }

    private final class Changes implements StreamGuard.Watcher {
        @Override
        public void ready() {
            lastReady = System.nanoTime();
            acknowledged = lastReady; // the stream has just stored what confirms its leader
            if (!there) {
                there = true;
                back.log("The stream's leader answers: this node is ready");
                listener().back();
            }
            waiting.ready();
            lanes.sweep();
            subscriptions.catchUp();
            subscriptions.repair();
        }

        @Override
        public void renewed() {
            subscriptions.renewed();
        }
    }
}
