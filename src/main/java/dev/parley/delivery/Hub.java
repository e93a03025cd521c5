package dev.parley.delivery;

import dev.parley.api.RoomSummary;
import dev.parley.api.Start;
import dev.parley.broker.Broker;
import dev.parley.broker.History;
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
import dev.parley.protocol.RoomName;
import dev.parley.protocol.UserName;
import dev.parley.room.Form;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.server.Writers;
import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.websocket.Session;
import java.lang.System.Logger.Level;
import java.util.Comparator;
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
 * The hub of this node: the registries of its peers and rooms, and the only place that delivers. An endpoint injects it and
 * opens a {@link Peer} for each session. Safe for any thread; nothing in it blocks.
 */
@ApplicationScoped
public class Hub {

    private final ConcurrentMap<Long, Peer> peers = new ConcurrentHashMap<>();

    private Settings settings;
    private Broker broker;
    private Metrics metrics;
    private Budget budget;
    private Threads threads;
    private Executor relief;
    private Clock clock;
    private ApplicationContext context;
    private Writers writers;
    private Drain drain;
    private Heartbeat heartbeat;
    private OpenRooms rooms;
    private final RepeatedEvent unchecked = new RepeatedEvent(Hub.class, Level.WARNING);
    private volatile boolean stopped;

    /** For the container. */
    @SuppressWarnings("NullAway.Init") // the container calls use and start before anything else
    public Hub() {}

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
        relief = new Relief(executor);
        heartbeat = new Heartbeat(peers.values(), settings, drain, relief);
        rooms = new OpenRooms(settings, relief, broker, clock, budget, metrics);
        budget.backlogs(() -> Stream.concat(
                rooms.stream().map(room -> new RoomMemory(room, relief)),
                peers.values().stream().map(PeerMemory::new)));
        broker.attach(rooms);
    }

    /** Starts the hub with the application, so that a wrong setting stops the deployment and not the first client. */
    void startWith(@Observes @Initialized(ApplicationScoped.class) Object application) {}

    @PreDestroy
    void stop() {
        closeAll();
    }

    /**
     * Opens a peer for a session just opened; its endpoint hands the session's callbacks on to it. The session needs the
     * {@link Admission} that the gate leaves in its user properties. Without one the session is closed with 1008, and the opening
     * does not run. Where Parley reads the connection itself (parley.writer), the container calls no {@code @OnMessage} of it, and the
     * conversation is called in the context of this thread: class loader, names, caller, and a request scope for each message.
     *
     * @param session the session, in {@code @OnOpen}
     * @param opening greets the peer, lets it join rooms, and says what to do with its messages
     * @return the peer
     */
    public Peer open(Session session, Function<Peer, Conversation> opening) {
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
     * @return the peer; whoever has the connection calls {@link Peer#closed} when it ends
     */
    public Peer open(FrameWriter writer, Admission admission, Function<Peer, Conversation> opening) {
        return open(writer, admission, settings.limits().fragments(), opening);
    }

    private Peer open(FrameWriter writer, Admission admission, int maxParts, Function<Peer, Conversation> opening) {
        long id = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
        Inbound inbound = new Inbound(maxParts, clock::nanoTime, budget);
        Peer peer = new Peer(id, this, writer, admission, inbound, settings, metrics, relief, clock::nanoTime, budget);
        peers.put(id, peer);
        metrics.peerOpened();
        Incidents.guard(() -> peer.open(opening), peer::fail);
        if (stopped) { // after the put: either closeAll sees the peer, or the peer sees that the hub has stopped
            peer.abandon(CloseReasons.GOING_AWAY);
        }
        return peer;
    }

    /**
     * How many peers this node has.
     *
     * @return peers that are open or closing
     */
    public int peers() {
        return peers.size();
    }

    /**
     * How many rooms this node has open.
     *
     * @return rooms with at least one member here
     */
    public int rooms() {
        return rooms.size();
    }

    /**
     * Closes every peer with 1001, and every peer that opens from now on. For the undeployment: GlassFish and Payara leave the
     * sessions open. Waits until the closes have been written, because afterwards the server loads no more classes.
     */
    public void closeAll() {
        stopped = true;
        Incidents.each(peers.values(), peer -> peer.abandon(CloseReasons.GOING_AWAY), Peer::fail);
        writers.close();
    }

    /** A conversation as the application's own code expects to be called, though no container calls it. */
    Conversation inContext(Conversation conversation) {
        return context.keep(conversation);
    }

    Membership join(Peer peer, String name, @Nullable String user, Form form, Start start) {
        return rooms.join(peer, name, user, form, start);
    }

    /** A membership of a room that the peer is not let into: one that has already ended. */
    Membership refuse(Peer peer, String name, @Nullable String user, Form form) {
        return rooms.refuse(peer, name, user, form);
    }

    void leave(Membership membership) {
        rooms.leave(membership);
    }

    CompletionStage<Position> publish(Membership membership, @Nullable String id, Content content) {
        return publish(membership.room().name(), membership.sender(), id, content);
    }

    private CompletionStage<Position> publish(String room, Sender sender, @Nullable String id, Content content) {
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
        return broker.publish(room, sender, id, content).whenComplete((position, failure) -> {
            if (failure == null) {
                metrics.published(System.nanoTime() - start);
            } else {
                metrics.publishFailed();
            }
        });
    }

    /**
     * Publishes a text to a room, whether it is open here or not.
     *
     * @param room the room's name
     * @param user the name of the user who publishes, null if it has none
     * @param id the user's own key for it, or null; the same again is the same message
     * @param text the text
     * @return where it stands once the broker has it; fails with {@link PublishException}
     * @throws IllegalArgumentException if the user's name breaks its rule
     */
    public CompletionStage<Position> publish(String room, @Nullable String user, @Nullable String id, String text) {
        return publish(room, new Sender(UserName.require(user), 0), id, new Content.Text(text));
    }

    /**
     * Reads messages that are kept of a room, open here or not.
     *
     * @param room the room's name
     * @param after the offset after which to start, 0 for the oldest kept
     * @param limit how many at most, at least 1
     * @return the messages; fails with {@link PublishException} if the broker is away
     */
    public CompletionStage<Page> history(String room, long after, int limit) {
        return broker.history(room, after, limit).thenApply(Page::of);
    }

    /**
     * Reads the newest messages that are kept of a room, open here or not.
     *
     * @param room the room's name
     * @param limit how many at most, at least 1
     * @return the messages; fails with {@link PublishException} if the broker is away
     */
    public CompletionStage<Page> newest(String room, int limit) {
        return kept(room).thenApply(history -> Page.of(history).newest(limit));
    }

    /**
     * Asks how far a room has come, open here or not; a {@link #find} may be a moment behind what other nodes' readers have.
     *
     * @param room the room's name
     * @return the offset of the newest message kept, 0 if there is none; fails with {@link PublishException} if
     *     the broker is away
     */
    public CompletionStage<Long> offset(String room) {
        return broker.offset(room);
    }

    /**
     * A room in short, open here or not.
     *
     * @param room the room's name
     * @return the room, with no members if nobody is in it on any node; fails with {@link PublishException} if
     *     the broker is away
     */
    public CompletionStage<RoomSummary> find(String room) {
        RoomSummary open = summary(room);
        return open != null && !open.epoch().isEmpty()
                ? CompletableFuture.completedFuture(open)
                : kept(room)
                        .thenCombine(
                                broker.elsewhere(room),
                                (history, members) -> new RoomSummary(room, members, history.epoch(), history.upTo()));
    }

    private CompletionStage<History> kept(String room) {
        return broker.history(
                room, 0, Math.max(1, settings.rooms().history(room).messages()));
    }

    /**
     * The rooms that are open here, the lobby not.
     *
     * @return a room for each, in the order of their names
     */
    public List<RoomSummary> summaries() {
        return rooms.stream()
                .filter(room -> RoomName.isValid(room.name()))
                .map(OpenRoom::summary)
                .sorted(Comparator.comparing(RoomSummary::room))
                .toList();
    }

    /**
     * A room that is open here.
     *
     * @param room the room's name
     * @return the room, or null if nobody is in it here
     */
    public @Nullable RoomSummary summary(String room) {
        OpenRoom open = rooms.find(room);
        return open == null ? null : open.summary();
    }

    /**
     * Whether the broker can be reached. While it cannot, nothing is published or delivered.
     *
     * @return true unless it is away
     */
    public boolean isBrokerThere() {
        return rooms.isBrokerThere();
    }

    void typing(Membership membership) {
        if (membership.mayTellTyping(clock.nanoTime())) {
            broker.typing(membership.room().name(), membership.sender());
        }
    }

    void forget(Peer peer, FrameWriter writer) {
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
