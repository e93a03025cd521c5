package dev.parley.delivery;

import dev.parley.api.Admission;
import dev.parley.api.Conversation;
import dev.parley.api.Hub;
import dev.parley.api.Page;
import dev.parley.api.Peer;
import dev.parley.api.RoomSummary;
import dev.parley.api.Start;
import dev.parley.api.WireFormat;
import dev.parley.broker.Broker;
import dev.parley.broker.Sender;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Drain;
import dev.parley.ops.Health;
import dev.parley.ops.Incidents;
import dev.parley.ops.Metrics;
import dev.parley.ops.RepeatedEvent;
import dev.parley.ops.Settings;
import dev.parley.ops.Threads;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.Content;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.MessageText;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import dev.parley.protocol.UserName;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.Loops;
import dev.parley.wire.server.Writers;
import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.websocket.Session;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The hub of this node: the registries of its peers and rooms, and the only place that delivers. Safe for any thread; nothing in
 * it blocks. What another bean calls is public: a library's proxy is of another class loader on GlassFish.
 */
@ApplicationScoped
public class LocalHub implements Hub {

    private final ConcurrentMap<Long, LocalPeer> peers = new ConcurrentHashMap<>();

    private Settings settings;
    private Broker broker;
    private Metrics metrics;
    private Budget budget;
    private Threads threads;
    private Executor pool;
    private Executor background;
    private Clock clock;
    private ApplicationContext context;
    private Writers writers;
    private Drain drain;
    private Heartbeat heartbeat;
    private OpenRooms rooms;
    private RoomQueries queries;
    private final RepeatedEvent unchecked = new RepeatedEvent(LocalHub.class, Level.WARNING);
    private volatile boolean stopped;

    /** For the container. */
    @SuppressWarnings("NullAway.Init") // the container calls use and start before anything else
    public LocalHub() {}

    @Inject
    void use(Threads threads, ApplicationContext context) {
        this.threads = threads;
        this.context = context;
    }

    @Inject
    void use(Settings settings, Broker broker, Metrics metrics, Health health, Drain drain, Budget budget) {
        this.settings = settings;
        this.broker = broker;
        this.metrics = metrics;
        this.drain = drain;
        this.budget = budget;
        health.condition("broker", this::isBrokerThere);
        health.condition("heartbeat", () -> heartbeat.isAlive());
        health.condition("not draining", () -> !drain.isStarted());
        metrics.peerCount(peers::size);
        metrics.roomCount(() -> rooms.size());
        metrics.lag(() -> rooms.stream().mapToLong(OpenRoom::lag).max().orElse(0));
    }

    @PostConstruct
    void start() {
        start(threads.executor());
        threads.repeat(Heartbeat.PERIOD, heartbeat);
        threads.repeat(Heartbeat.PERIOD, this::sweep);
    }

    void start(Executor executor) {
        start(executor, Clock.SYSTEM);
    }

    void start(Executor executor, Clock ages) {
        clock = ages;
        writers = new Writers(settings.writer());
        pool = executor;
        background = new SerialExecutor(executor);
        heartbeat = new Heartbeat(peers.values(), settings, drain, background);
        rooms = new OpenRooms(settings, background, pool, broker, clock, budget, metrics);
        queries = new RoomQueries(rooms, broker, settings, executor);
        budget.backlogs(() -> Stream.concat(
                rooms.stream().map(room -> new RoomMemory(room, background)),
                peers.values().stream().map(PeerMemory::new)));
        broker.attach(rooms);
    }

    /** Starts the hub with the application, so that a wrong setting stops the deployment and not the first client. */
    void startWith(@Observes @Initialized(ApplicationScoped.class) Object application) {}

    @PreDestroy
    void stop() {
        closeAll();
    }

    @Override
    public LocalPeer open(Session session, Function<Peer, Conversation> opening) {
        int maxParts = Writers.partsAreFragments(session) ? settings.limits().fragments() : Integer.MAX_VALUE;
        FrameWriter writer = writers.open(session);
        if (session.getUserProperties().get(Admission.KEY) instanceof Admission admission) {
            return open(writer, admission, maxParts, opening);
        }
        unchecked.log(
                "A session that the gate has not checked was closed with 1008. Every @ServerEndpoint on the hub needs"
                        + " configurator = HandshakeConfigurator.class, and the application needs the HandshakeFilter on /*.");
        return open(writer, Unchecked.ADMISSION, maxParts, peer -> {
            peer.close(CloseReasons.UNCHECKED);
            return (sender, message) -> {};
        });
    }

    /**
     * Opens a peer for any connection that takes frames.
     *
     * @param writer brings frames to it
     * @param admission what the gate grants it
     * @param opening greets the peer, lets it join rooms, and says what to do with its messages
     * @return the peer; whoever has the connection calls {@link LocalPeer#closed} when it ends
     */
    public LocalPeer open(FrameWriter writer, Admission admission, Function<Peer, Conversation> opening) {
        return open(writer, admission, settings.limits().fragments(), opening);
    }

    private LocalPeer open(
            FrameWriter writer, Admission admission, int maxParts, Function<Peer, Conversation> opening) {
        long id = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
        Inbound inbound = new Inbound(maxParts, clock::nanoTime, budget);
        LocalPeer peer = new LocalPeer(
                id, this, writer, admission, inbound, settings, metrics, background, clock::nanoTime, budget);
        peers.put(id, peer);
        metrics.peerOpened();
        Incidents.guard(() -> peer.open(opening), peer::fail);
        if (stopped) { // after the put: either closeAll sees the peer, or the peer sees that the hub has stopped
            peer.abandon(CloseReasons.GOING_AWAY);
        }
        return peer;
    }

    @Override
    public int peers() {
        return peers.size();
    }

    @Override
    public int rooms() {
        return rooms.size();
    }

    /**
     * Closes every peer with 1001, and every peer that opens from now on. For the undeployment: GlassFish and Payara leave the
     * sessions open. Waits until the closes have been written, because afterwards the server loads no more classes.
     */
    public void closeAll() {
        stopped = true;
        Incidents.each(peers.values(), peer -> peer.abandon(CloseReasons.GOING_AWAY), LocalPeer::fail);
        writers.close();
    }

    /** A conversation as the application's own code expects to be called, though no container calls it. */
    Conversation inContext(Conversation conversation) {
        return context.keep(conversation);
    }

    LocalMembership join(LocalPeer peer, String name, @Nullable String user, WireFormat format, Start start) {
        return rooms.join(peer, name, user, format, start);
    }

    /** A membership of a room that the peer is not let into: one that has already ended. */
    LocalMembership refuse(LocalPeer peer, String name, @Nullable String user, WireFormat format) {
        return rooms.refuse(peer, name, user, format);
    }

    void leave(LocalMembership membership) {
        rooms.leave(membership);
    }

    CompletionStage<Position> publish(LocalMembership membership, @Nullable String id, Content content) {
        Executor loop = membership.peer().loop();
        Executor answers = loop == null ? background : task -> Loops.execute(loop, task);
        return publish(membership.room().name(), membership.sender(), id, content, answers);
    }

    private CompletionStage<Position> publish(
            String room, Sender sender, @Nullable String id, Content content, Executor answers) {
        String problem = content instanceof Content.Text text ? MessageText.problem(text.text()) : null;
        if (problem != null) {
            return CompletableFuture.failedFuture(new PublishException(ErrorCode.BAD_TEXT, "text " + problem));
        }
        if (!budget.fits(Budget.Holder.HISTORY, 0)) {
            metrics.publishFailed();
            return CompletableFuture.failedFuture(new PublishException(
                    ErrorCode.UNAVAILABLE, "The server is short of memory and did not store the message. Try again."));
        }
        long start = System.nanoTime();
        return Answers.on(answers, broker.publish(room, sender, id, content)).whenComplete((position, failure) -> {
            if (failure == null) {
                metrics.published(System.nanoTime() - start);
            } else {
                metrics.publishFailed();
            }
        });
    }

    @Override
    public CompletionStage<Position> publish(String room, @Nullable String user, @Nullable String id, String text) {
        return publish(room, new Sender(UserName.require(user), 0), id, new Content.Text(text), pool);
    }

    @Override
    public CompletionStage<Page> history(String room, long after, int limit) {
        return queries.history(room, after, limit);
    }

    @Override
    public CompletionStage<Page> newest(String room, int limit) {
        return queries.newest(room, limit);
    }

    @Override
    public CompletionStage<Long> last(String room) {
        return queries.last(room);
    }

    @Override
    public CompletionStage<RoomSummary> find(String room) {
        return queries.find(room);
    }

    @Override
    public List<RoomSummary> summaries() {
        return queries.summaries();
    }

    @Nullable
    RoomSummary summary(String room) {
        return queries.summary(room);
    }

    @Override
    public boolean isBrokerThere() {
        return rooms.isBrokerThere();
    }

    void typing(LocalMembership membership) {
        if (membership.mayTellTyping(clock.nanoTime())) {
            broker.typing(membership.room().name(), membership.sender());
        }
    }

    void forget(LocalPeer peer, FrameWriter writer) {
        peers.remove(peer.id());
        heartbeat.part(writer);
    }

    void beat(long now) {
        heartbeat.beat(now);
    }

    void sweep() {
        budget.relieve();
        Incidents.guard(
                broker::sweep, failure -> Incidents.log("the broker is swept again in the next round", failure));
        rooms.sweep();
    }
}
