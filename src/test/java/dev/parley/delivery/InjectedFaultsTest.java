package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.api.Admission;
import dev.parley.api.Conversation;
import dev.parley.api.Membership;
import dev.parley.api.Peer;
import dev.parley.api.WireFormat;
import dev.parley.broker.Broker;
import dev.parley.broker.memory.MemoryBroker;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Drain;
import dev.parley.ops.Health;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestSettings;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.JsonCodec;
import dev.parley.room.Encoder;
import dev.parley.wire.FrameWriter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.json.bind.Jsonb;
import jakarta.websocket.CloseReason;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whatever the hub calls throws once, at every single call of a day in the life of a room: an {@link OutOfMemoryError}, a
 * {@link LinkageError}, a {@link RuntimeException}. One member may end, with 1011 or 1013; nobody else notices.
 */
class InjectedFaultsTest {

    private static final List<Supplier<Throwable>> FAULTS = List.of(
            () -> new OutOfMemoryError("injected"),
            () -> new LinkageError("injected"),
            () -> new IllegalStateException("injected"));

    private static final CloseReason LEFT = new CloseReason(CloseReason.CloseCodes.NORMAL_CLOSURE, "");

    /** What starts the hub, and what sees the hub but is not called by it in a room's day. */
    private static final List<String> NOT_IN_ROUNDS = List.of("Broker.attach");

    private final Logger incidents = Logger.getLogger("dev.parley.ops"); // Incidents and Metrics
    private Jsonb codec;

    @BeforeEach
    void keepQuiet() throws ReflectiveOperationException {
        incidents.setLevel(Level.OFF);
        codec = (Jsonb) jsonb().get(JsonCodec.shared());
    }

    @AfterEach
    void restore() throws ReflectiveOperationException {
        incidents.setLevel(null);
        jsonb().set(JsonCodec.shared(), codec);
    }

    private static Field jsonb() throws ReflectiveOperationException {
        Field field = JsonCodec.class.getDeclaredField("jsonb");
        field.setAccessible(true);
        return field;
    }

    @Test
    @Timeout(300)
    void aFaultWhereverTheHubCallsOutEndsOneMemberAtMost() throws Exception {
        new Day(Faults.none()).live().judge(); // loads classes, which takes time
        Faults none = Faults.none();
        new Day(none).live().judge();
        assertThat(none.calls)
                .containsKeys(
                        "FrameWriter.write",
                        "FrameWriter.close",
                        "FrameWriter.isOpen",
                        "FrameWriter.isFlooded",
                        "FrameWriter.abort",
                        "FrameWriter.loop",
                        "Jsonb.toJson",
                        "Timer.record",
                        "Counter.increment",
                        "Conversation.text",
                        "Admission.admits",
                        "Admission.closed",
                        "Broker.publish",
                        "Broker.release",
                        "Broker.sweep",
                        "Executor.execute",
                        "Function.apply",
                        "Listener.deliver",
                        "Listener.delivered",
                        "Listener.typing");
        throwEverywhere(none, faults -> new Day(faults).live().judge());
    }

    @Test
    @Timeout(300)
    void aFaultWhereverADrainCallsOutKeepsNobodyHere() throws Exception {
        new Day(Faults.none()).drain();
        Faults none = Faults.none();
        new Day(none).drain();
        throwEverywhere(none, faults -> new Day(faults).drain());
    }

    private static void throwEverywhere(Faults none, Course course) {
        int points = 0;
        int missed = 0;
        List<String> failures = new ArrayList<>();
        for (Map.Entry<String, Integer> method : none.calls.entrySet()) {
            if (NOT_IN_ROUNDS.contains(method.getKey())) {
                continue;
            }
            for (int number = 1; number <= method.getValue(); number++) {
                for (Supplier<Throwable> fault : FAULTS) {
                    points++;
                    try {
                        missed += isThrown(course, method.getKey(), number, fault) ? 0 : 1;
                    } catch (AssertionError | Exception e) {
                        failures.add(fault.get() + " at call " + number + " of " + method.getKey() + ": " + e);
                    }
                }
            }
        }
        System.out.printf("%d faults at the calls of %d methods, %d missed%n", points, none.calls.size(), missed);
        assertThat(failures).isEmpty();
        assertThat(missed).as("calls that fell out").isLessThan(points / 50);
    }

    /** Peers look at the machine's clock too: when that machine stands still for a second, a call may fall out. */
    private static boolean isThrown(Course course, String method, int number, Supplier<Throwable> fault)
            throws Exception {
        boolean thrown = false;
        for (int i = 0; i < 3 && !thrown; i++) {
            Faults faults = Faults.at(method, number, fault);
            course.run(faults);
            thrown = faults.isThrown();
        }
        return thrown;
    }

    private interface Course {
        void run(Faults faults) throws Exception;
    }

    /** Members of all kinds, on two event loops and on none, who come, speak, type, are pinged and go. */
    private final class Day {

        private final Faults faults;
        private final List<Runnable> one = new ArrayList<>();
        private final List<Runnable> two = new ArrayList<>();
        private final List<Runnable> passing = new ArrayList<>();
        private final Executor loopOne;
        private final Executor loopTwo;
        private final LocalHub hub = new LocalHub();
        private final Drain drain = new Drain();
        private final List<Member> members = new ArrayList<>();
        private final List<Throwable> escaped = new ArrayList<>();
        private long now = System.nanoTime() + Duration.ofMillis(500).toNanos(); // between two beats
        private int messages;

        Day(Faults faults) throws ReflectiveOperationException {
            this.faults = faults;
            loopOne = faults.wrap(Executor.class, one::add);
            loopTwo = faults.wrap(Executor.class, two::add);
            jsonb().set(JsonCodec.shared(), faults.wrap(Jsonb.class, codec));
            Settings settings = TestSettings.with(
                    "parley.heartbeat.ping=3s", "parley.heartbeat.close-grace=2s", "parley.drain.spread=2s");
            Budget budget = TestBudgets.large();
            hub.use(
                    settings,
                    faults.wrap(Broker.class, callingBack(new MemoryBroker(settings, Clock.SYSTEM, budget))),
                    new Metrics(new FaultyRegistry(faults)),
                    new Health(),
                    drain,
                    budget);
            hub.start(faults.wrap(Executor.class, passing::add));
        }

        /** What the broker calls may throw too. */
        private Broker callingBack(Broker broker) {
            return (Broker) Proxy.newProxyInstance(
                    Broker.class.getClassLoader(), new Class<?>[] {Broker.class}, (proxy, method, args) -> {
                        Object[] given = args != null && args[0] instanceof Broker.Listener listener
                                ? new Object[] {faults.wrap(Broker.Listener.class, listener)}
                                : args;
                        try {
                            return method.invoke(broker, given);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }

        Day live() {
            Member alice = new Member("alice", WireFormat.PARLEY_V1, loopOne, true);
            new Member("bob", WireFormat.PLAIN, loopOne, true);
            new Member("carol", WireFormat.LOBBY, loopTwo, false);
            new Member("dave", WireFormat.EVENTS, loopTwo, true);
            new Member("erin", WireFormat.PARLEY_V1, null, false);
            Member leaver = new Member("frank", WireFormat.PLAIN, null, true);
            Member sayingBye = new Member("grace", WireFormat.PARLEY_V1, loopOne, true);
            Member elsewhere = new Member("s", "ivan", WireFormat.PLAIN, loopTwo, true);
            settle();
            everybodySpeaks();
            elsewhere.goes();
            alice.container(peer -> peer.text("typing", true));
            settle();
            alice.container(peer -> peer.binary(ByteBuffer.wrap("m-binary".getBytes()), true));
            settle();
            leaver.goes();
            settle();
            sayingBye.leaves = true;
            sayingBye.container(peer -> peer.text("bye", true));
            settle();
            for (int second = 0; second < 5; second++) {
                pass();
            }
            members.forEach(member -> member.container(peer -> peer.pong(0)));
            new Member("heidi", WireFormat.PARLEY_V1, loopTwo, true);
            settle();
            everybodySpeaks();
            return this;
        }

        void drain() {
            for (String name : List.of("alice", "bob", "carol", "dave")) {
                new Member(name, WireFormat.PARLEY_V1, name.compareTo("bob") > 0 ? loopOne : null, true);
            }
            settle();
            drain.start();
            for (int second = 0; second < 10; second++) {
                pass();
            }
            assertThat(escaped).as("what the server got to see").isEmpty();
            assertThat(members).allMatch(Member::hasEnded);
            assertThat(members)
                    .filteredOn(member -> !CloseReasons.DRAINING.equals(member.connection.closeReason()))
                    .hasSizeLessThanOrEqualTo(1);
            assertThat(hub.peers()).as("peers").isZero();
            assertThat(hub.rooms()).as("rooms").isZero();
        }

        private void everybodySpeaks() {
            for (Member member : List.copyOf(members)) {
                String text = "m" + messages++;
                member.container(peer -> peer.text(text, true));
                settle();
            }
        }

        private void pass() {
            now += Duration.ofSeconds(1).toNanos();
            container(() -> hub.beat(now));
            container(hub::sweep);
            settle();
        }

        /** All loops and threads do what they have to do, and all batches land, until there is nothing left. */
        private void settle() {
            boolean busy = true;
            while (busy) {
                busy = false;
                for (List<Runnable> queue : List.of(one, two, passing)) {
                    while (!queue.isEmpty()) {
                        busy = true;
                        container(queue.remove(0));
                    }
                }
                for (Member member : members) {
                    while (member.connection.inFlight() > 0) {
                        busy = true;
                        FrameWriter.Completion landed = member.connection.land();
                        container(() -> landed.done(null));
                    }
                }
            }
        }

        /** Does what the server or one of its threads does. */
        private void container(Runnable call) {
            try {
                call.run();
            } catch (Throwable e) {
                escaped.add(e);
            }
        }

        void judge() {
            faults.off();
            for (int second = 0; second < 5; second++) {
                pass();
            }
            assertThat(escaped).as("what the server got to see").isEmpty();
            List<Member> ended = members.stream()
                    .filter(member -> !member.leaves && member.hasEnded())
                    .toList();
            assertThat(ended).as("members that ended").hasSizeLessThanOrEqualTo(1);
            for (Member member : ended) {
                assertThat(List.of(1011, 1013))
                        .contains(member.connection.closeReason().getCloseCode().getCode());
            }
            for (Member member : members) {
                assertThat(!member.leaves || member.hasEnded())
                        .as("%s, who went, is gone", member.name)
                        .isTrue();
            }
            Member late = new Member("late", WireFormat.PARLEY_V1, loopOne, true);
            settle();
            assertThat(String.join("", late.connection.texts())).contains("\"welcome\"");
            hub.publish("r", "somebody", null, "m-last");
            settle();
            List<Member> there =
                    members.stream().filter(member -> !member.hasEnded()).toList();
            assertThat(hub.peers()).as("peers").isEqualTo(there.size());
            assertThat(hub.summary("r").members()).as("announced members").isEqualTo((int) there.stream()
                    .filter(member -> Encoder.of(member.form).announces())
                    .count());
            List<String> log = there.get(0).read();
            assertThat(log).as("what was said").endsWith("m-last").doesNotHaveDuplicates();
            for (Member member : there) {
                List<String> read = member.read();
                assertThat(log.subList(log.size() - read.size(), log.size()))
                        .as("what %s has read", member.name)
                        .isEqualTo(read);
                if (member.fromTheStart) {
                    assertThat(read).as("what %s has read", member.name).isEqualTo(log);
                }
            }
            members.forEach(member -> member.container(peer -> peer.closed(LEFT)));
            settle();
            assertThat(hub.peers()).as("peers in the end").isZero();
            assertThat(hub.rooms()).as("rooms in the end").isZero();
        }

        private final class Member {
            final String room;
            final String name;
            final WireFormat form;
            final GatedWriter connection;
            final boolean fromTheStart = messages == 0;
            private final List<LocalPeer> peers = new ArrayList<>(1);
            boolean leaves;

            Member(String name, WireFormat form, Executor loop, boolean atOnce) {
                this("r", name, form, loop, atOnce);
            }

            Member(String room, String name, WireFormat form, Executor loop, boolean atOnce) {
                this.room = room;
                this.name = name;
                this.form = form;
                this.connection = new GatedWriter().on(loop);
                if (atOnce) {
                    connection.open();
                }
                members.add(this);
                FrameWriter writer = faults.wrap(FrameWriter.class, connection);
                Admission admission = faults.wrap(Admission.class, TestAdmission.toEverything());
                Day.this.container(() -> peers.add(hub.open(writer, admission, opening())));
            }

            @SuppressWarnings("unchecked")
            private Function<Peer, Conversation> opening() {
                return faults.wrap(Function.class, (Function<Peer, Conversation>) peer -> {
                    Membership joined = peer.join(room, name, form);
                    return faults.wrap(Conversation.class, new Talk(joined));
                });
            }

            /** The server has something for its endpoint; if that never got a peer, the server has closed the connection. */
            void container(java.util.function.Consumer<LocalPeer> call) {
                peers.forEach(peer -> Day.this.container(() -> call.accept(peer)));
            }

            void goes() {
                leaves = true;
                connection.vanish();
                container(peer -> peer.closed(LEFT));
            }

            boolean hasEnded() {
                return connection.closeReason() != null || !connection.isOpen();
            }

            List<String> read() {
                return Pattern.compile("m(\\d+|-\\w+)\\b")
                        .matcher(String.join(" ", connection.texts()))
                        .results()
                        .map(MatchResult::group)
                        .filter(text -> !text.equals("m-binary"))
                        .toList();
            }
        }
    }

    /** Speaks in its room, with an id where it can be told what became of it. */
    private record Talk(Membership room) implements Conversation {

        @Override
        public void text(Peer peer, String message) {
            switch (message) {
                case "bye" -> peer.close(CloseReasons.BYE);
                case "typing" -> room.typing();
                default -> room.publish(message);
            }
        }

        @Override
        public void binary(Peer peer, ByteBuffer message) {
            peer.send(message);
        }
    }

    private static final class FaultyRegistry extends SimpleMeterRegistry {

        private final Faults faults;

        FaultyRegistry(Faults faults) {
            this.faults = faults;
        }

        @Override
        protected Counter newCounter(Meter.Id id) {
            return faults.wrap(Counter.class, super.newCounter(id));
        }

        @Override
        protected Timer newTimer(Meter.Id id, DistributionStatisticConfig config, PauseDetector pauses) {
            return faults.wrap(Timer.class, super.newTimer(id, config, pauses));
        }
    }
}
