package dev.parley.broker;

import dev.parley.ops.Budget;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.ops.Threads;
import dev.parley.protocol.Content;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Joins many nodes through one stream of NATS JetStream, whose sequence numbers are the offsets. A publication is stored by the
 * servers, which republish it to the nodes that have its room open ({@link NatsRooms}); what a node misses on the way is read from
 * the stream. All that it knows belongs to one thread, {@link NatsLoop}.
 */
public final class NatsBroker implements Broker {

    private static final Duration PATIENCE = Duration.ofSeconds(5); // of those who open a room or ask for its history
    private static final Duration AWAY = Duration.ofSeconds(3); // without an answer of the stream's leader
    private static final Duration STUCK =
            Duration.ofSeconds(6); // likewise, with a server that is cut off from the others
    private static final int TAIL_CHECK = 5; // sweeps between two
    private static final int MAX_UNDERWAY = 64 << 20; // bytes that are being published
    private static final int OVERHEAD = 256; // of each message

    private final NatsLoop loop;
    private final NatsLink link;
    private final NatsStream stream;
    private final NatsRooms rooms;
    private final NatsHistory history;
    private final NatsLanes lanes;
    private final NatsRoster roster;
    private final NatsWaiting waiting;
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
        this.loop = new NatsLoop(threads.factory("parley-broker"), this::announce);
        Runnable reconnected = metrics.broker(
                () -> there ? 1 : 0,
                () -> MAX_UNDERWAY - underway.availablePermits(),
                () -> (System.nanoTime() - acknowledged)
                        / (double) Duration.ofSeconds(1).toNanos());
        this.link = new NatsLink(settings.nats(), threads, loop, this::connectionChanged, reconnected);
        this.stream = new NatsStream(settings, link, clock, new Changes());
        this.history = new NatsHistory(settings, clock, stream, loop, budget);
        this.rooms = new NatsRooms(settings.room(), budget, stream, link, history, threads.executor(), this::listener);
        this.lanes = new NatsLanes(stream, link, loop);
        this.waiting = new NatsWaiting(stream);
        this.roster = new NatsRoster(new Wire(), rooms::present, System::nanoTime);
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
    public CompletionStage<@Nullable Void> open(String room, int limit, Consumer<History> opened) {
        CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
        loop.execute(() -> {
            NatsRoom open = rooms.listen(room);
            rooms.present(room, roster.members(room), List.of());
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            waiting.whenReady(deadline, result, () -> open(open, limit, opened, deadline, result));
        });
        return result;
    }

    /** Reads up to the message that the leader says is the newest: the servers that give many at once may be behind. */
    private void open(
            NatsRoom open,
            int limit,
            Consumer<History> opened,
            long deadline,
            CompletableFuture<@Nullable Void> result) {
        offset(
                open.name(),
                deadline,
                result,
                wanted -> go(history.newest(open.name(), limit, wanted, deadline), result, kept -> {
                    if (kept == null) {
                        waiting.whenReady(deadline, result, () -> open(open, limit, opened, deadline, result));
                        return;
                    }
                    rooms.opened(open, kept, opened);
                    result.complete(null);
                    letGo(open);
                }));
    }

    /** Goes on for a result, which fails if that fails. */
    private static <T extends @Nullable Object> void go(
            CompletionStage<T> stage, CompletableFuture<?> result, Consumer<? super T> next) {
        NatsLoop.then(stage, next, result::completeExceptionally);
    }

    @Override
    public CompletionStage<RoomEnd> end(String room) {
        CompletableFuture<RoomEnd> result = new CompletableFuture<>();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        loop.execute(() -> waiting.whenReady(deadline, result, () -> end(room, deadline, result)));
        return result;
    }

    private void end(String room, long deadline, CompletableFuture<RoomEnd> result) {
        offset(
                room,
                deadline,
                result,
                newest -> go(stream.info(), result, info -> {
                    if (info == null || info.hasError()) {
                        waiting.whenReady(deadline, result, () -> end(room, deadline, result));
                    } else {
                        result.complete(
                                new RoomEnd(newest, info.getStreamState().getLastSequence()));
                    }
                }));
    }

    /** Asks the leader, again and again while the result can wait, and goes on with the answer. */
    private void offset(String room, long deadline, CompletableFuture<?> result, LongConsumer then) {
        String generation = stream.generation();
        go(stream.newest(room), result, newest -> {
            if (newest == null || !generation.equals(stream.generation())) {
                waiting.whenReady(deadline, result, () -> offset(room, deadline, result, then));
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
        rooms.present(room, List.of(), roster.members(room));
        NatsRoom open = rooms.drop(room);
        if (open != null) {
            letGo(open);
        }
    }

    private void letGo(NatsRoom open) {
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
            NatsLanes.Letter letter = new NatsLanes.Letter(room, sender, id, content, deadline, result);
            NatsRoom open = rooms.find(room);
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
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        loop.execute(() -> waiting.whenReady(deadline, result, () -> history(room, after, limit, deadline, result)));
        return result;
    }

    private void history(String room, long after, int limit, long deadline, CompletableFuture<History> result) {
        offset(
                room,
                deadline,
                result,
                wanted -> go(history.after(room, after, limit, wanted, deadline), result, kept -> {
                    if (kept == null) {
                        waiting.whenReady(deadline, result, () -> history(room, after, limit, deadline, result));
                    } else {
                        result.complete(kept);
                    }
                }));
    }

    @Override
    public void typing(String room, Sender sender) {
        loop.execute(() -> link.tell(stream.typing(room), NatsForm.headers(sender), new byte[0]));
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
        loop.execute(link::connect);
        loop.execute(roster::sweep);
        loop.execute(stream::probe);
        loop.execute(rooms::repair);
        loop.execute(() -> rooms.all().forEach(open -> open.takeLate().forEach(lanes::add)));
        loop.execute(lanes::sweep);
        loop.execute(() -> waiting.sweep(System.nanoTime()));
        loop.execute(this::look);
    }

    private void look() {
        if (++sweeps % TAIL_CHECK == 0) {
            rooms.doubt();
        }
        if (there && System.nanoTime() - lastReady > AWAY.toNanos()) {
            there = false;
            listener().away();
        }
        if (System.nanoTime() - Math.max(lastReady, lastMove) > STUCK.toNanos()) {
            lastMove = System.nanoTime();
            link.move();
        }
    }

    @Override
    public void close() {
        loop.execute(roster::close);
        loop.execute(() -> rooms.all().forEach(this::letGo));
        loop.execute(lanes::close);
        loop.execute(waiting::close);
        loop.execute(link::close);
        loop.execute(loop::close);
    }

    private void announce() {
        rooms.announce();
    }

    private void connectionChanged() {
        rooms.doubt();
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
            rooms.catchUp();
            rooms.repair();
        }

        @Override
        public void renewed() {
            rooms.renewed();
        }
    }
}
