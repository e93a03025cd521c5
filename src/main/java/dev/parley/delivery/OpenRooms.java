package dev.parley.delivery;

import dev.parley.api.Start;
import dev.parley.api.WireFormat;
import dev.parley.broker.Broker;
import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Incidents;
import dev.parley.ops.Metrics;
import dev.parley.ops.RepeatedEvent;
import dev.parley.ops.Settings;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.Position;
import jakarta.websocket.CloseReason;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The rooms that are open on this node, which the broker delivers to. Safe for any thread; nothing in it blocks. */
final class OpenRooms implements Broker.Listener {

    private static final Logger LOG = System.getLogger(OpenRooms.class.getName());

    private final ConcurrentMap<String, OpenRoom> rooms = new ConcurrentHashMap<>();
    private final Settings settings;
    private final Executor background;
    private final Executor pool;
    private final Broker broker;
    private final Clock clock;
    private final Budget budget;
    private final Metrics metrics;
    private final RepeatedEvent unopened = new RepeatedEvent(OpenRooms.class, Level.WARNING);
    private volatile boolean brokerThere = true;

    OpenRooms(
            Settings settings,
            Executor background,
            Executor pool,
            Broker broker,
            Clock clock,
            Budget budget,
            Metrics metrics) {
        this.settings = settings;
        this.background = background;
        this.pool = pool;
        this.broker = broker;
        this.clock = clock;
        this.budget = budget;
        this.metrics = metrics;
        budget.roomHistory(() -> stream().map(room -> new RoomMemory(room, background)));
    }

    int size() {
        return rooms.size();
    }

    Stream<OpenRoom> stream() {
        return rooms.values().stream();
    }

    @Nullable
    OpenRoom find(String name) {
        return rooms.get(name);
    }

    boolean isBrokerThere() {
        return brokerThere;
    }

    /** Makes a peer a member of a room, which is opened if it is the first here. */
    LocalMembership join(LocalPeer peer, String name, @Nullable String user, WireFormat format, Start start) {
        LocalMembership[] joined = new LocalMembership[1];
        boolean[] created = new boolean[1];
        // compute is atomic for a key: a room that the last member leaves meanwhile is either left before or not
        // removed.
        rooms.compute(name, (key, known) -> {
            created[0] = known == null;
            OpenRoom room = known == null
                    ? new OpenRoom(key, settings, background, pool, broker, clock, budget, metrics, this::fail)
                    : known;
            joined[0] = room.join(peer, user, format, start);
            return room;
        });
        OpenRoom room = joined[0].room();
        if (created[0]) {
            open(room);
        } else {
            verify(room, List.of(joined));
        }
        room.wake();
        return joined[0];
    }

    /** A membership that has ended before it began, of a room that nobody else finds. */
    LocalMembership refuse(LocalPeer peer, String name, @Nullable String user, WireFormat format) {
        return new LocalMembership(
                new OpenRoom(name, settings, background, pool, broker, clock, budget, metrics, this::fail),
                peer,
                user,
                format,
                Start.NOW);
    }

    /** Opens a room that deliveries find already, unless it has been left again; so opening and release take turns. */
    private void open(OpenRoom room) {
        List<CompletionStage<?>> opening = new ArrayList<>(1);
        rooms.computeIfPresent(room.name(), (key, current) -> {
            if (current == room) {
                opening.add(ask(room));
            }
            return current;
        });
        // The room changes on the broker's thread, to stay in step with deliveries; its members hear of it on others.
        opening.forEach(stage -> Answers.on(background, stage)
                .whenComplete((done, failure) -> guard(room, () -> {
                    if (failure == null) {
                        room.advanced();
                        verify(room, room.everybody());
                    } else {
                        unopened.log("A room could not be opened, its members are closed with 1013: "
                                + Objects.requireNonNullElse(failure.getCause(), failure)
                                        .getMessage());
                        end(room, CloseReasons.UNAVAILABLE);
                    }
                })));
    }

    private CompletionStage<?> ask(OpenRoom room) {
        try {
            int limit = settings.rooms().history(room.name()).messages();
            return broker.open(room.name(), limit, kept -> guard(room, () -> room.opened(kept)));
        } catch (Throwable e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Runs a task of a room, and never throws: a room in no known state is closed. */
    private void guard(OpenRoom room, Runnable task) {
        Incidents.guard(task, failure -> fail(room, failure));
    }

    /** Closes a room, from any thread and under any lock: its clients reconnect, and the first opens it anew. */
    private void fail(OpenRoom room, Throwable failure) {
        if (!room.isFirstFailure()) {
            return;
        }
        String incident = Incidents.log("a room is closed, its members with 1011", failure);
        background.execute(() -> end(room, CloseReasons.internalError(incident)));
    }

    /** Ends a room: peers that join from now on, perhaps while the members are closed, open another one. */
    private void end(OpenRoom room, CloseReason reason) {
        List<LocalMembership> members = new ArrayList<>();
        rooms.computeIfPresent(room.name(), (key, current) -> {
            if (current != room) {
                return current;
            }
            members.addAll(room.end());
            room.close();
            release(key);
            return null;
        });
        Incidents.each(members, member -> member.peer().abandon(reason), OpenRooms::fail);
    }

    private void release(String name) {
        Incidents.guard(
                () -> broker.release(name),
                failure -> Incidents.log("a room is closed, the broker may still deliver it", failure));
    }

    private static void fail(LocalMembership member, Throwable failure) {
        member.peer().fail(failure);
    }

    /**
     * Asks the broker about those who were further than the room is here: they may wait for it; or nothing has come since, and they
     * have missed nothing (another node counted the end of a quiet room further); or they were never so far, which they are told.
     */
    private void verify(OpenRoom room, List<LocalMembership> members) {
        Incidents.each(members, member -> verify(room, member), OpenRooms::fail);
    }

    private void verify(OpenRoom room, LocalMembership member) {
        Position since = member.start().since();
        if (since != null && room.isAwaited(member)) {
            Answers.on(background, broker.end(room.name()))
                    .whenComplete((end, failure) -> Incidents.guard(
                            () -> {
                                if (failure != null) {
                                    member.peer().abandon(CloseReasons.UNAVAILABLE);
                                } else if (end.newest() < since.offset()) {
                                    room.letIn(member, since.offset() <= end.last());
                                }
                            },
                            bug -> fail(member, bug)));
        }
    }

    /** Ends a membership; the room goes with the last. */
    void leave(LocalMembership membership) {
        OpenRoom room = membership.room();
        boolean[] left = new boolean[1];
        rooms.computeIfPresent(room.name(), (key, current) -> {
            if (current != room) {
                return current;
            }
            left[0] = room.leave(membership);
            if (!room.isEmpty()) {
                return room;
            }
            room.close();
            release(key);
            return null;
        });
        if (left[0]) {
            room.wake();
        }
    }

    /** Lets go of what is too old to be kept. */
    void sweep() {
        rooms.values().forEach(room -> guard(room, room::sweep));
    }

    private void inRoom(String name, Consumer<OpenRoom> task) {
        OpenRoom room = rooms.get(name);
        if (room != null) {
            guard(room, () -> task.accept(room));
        }
    }

    @Override
    public void deliver(Publication publication) {
        inRoom(publication.room(), room -> room.deliver(publication));
    }

    @Override
    public void lost(String name, long from, long to) {
        inRoom(name, room -> room.lost(to));
    }

    @Override
    public void delivered(String name) {
        budget.relieve();
        inRoom(name, OpenRoom::advanced);
    }

    @Override
    public void typing(String name, Sender sender) {
        inRoom(name, room -> room.typing(sender));
    }

    @Override
    public void present(String name, Collection<Sender> joined, Collection<Sender> left) {
        inRoom(name, room -> room.present(joined, left));
    }

    @Override
    public void renewed(String name, String epoch, long offset) {
        inRoom(name, room -> {
            room.renewed(epoch, offset);
            background.execute(() -> guard(room, room::advanced));
        });
    }

    @Override
    public void away() {
        brokerThere = false;
        LOG.log(Level.WARNING, "The broker cannot be reached: nothing is published until it is back");
    }

    @Override
    public void back() {
        brokerThere = true;
        LOG.log(Level.INFO, "The broker is back");
    }
}
