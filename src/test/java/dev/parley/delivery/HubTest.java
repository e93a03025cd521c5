package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.api.Conversation;
import dev.parley.api.WireFormat;
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
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.JsonCodec;
import dev.parley.protocol.PublishException;
import dev.parley.room.Presence;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.json.bind.Jsonb;
import jakarta.websocket.CloseReason;
import java.lang.reflect.Field;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class HubTest {

    private static final Conversation SILENT = (peer, message) -> {};

    private static final CloseReason LEFT = new CloseReason(CloseReason.CloseCodes.NORMAL_CLOSURE, "");

    private final LocalHub hub = hub(TestSettings.small(), Runnable::run);

    @Test
    void everyoneInARoomReadsTheSameTheSenderToo() {
        Guest alice = new Guest("r", "alice", WireFormat.PLAIN);
        Guest bob = new Guest("r", "bob", WireFormat.PLAIN);
        Guest elsewhere = new Guest("other", "eve", WireFormat.PLAIN);
        alice.room.publish("hi");
        bob.peer.closed(LEFT);
        assertThat(alice.writer.texts()).containsExactly("* alice joined", "* bob joined", "alice: hi", "* bob left");
        assertThat(bob.writer.texts()).containsExactly("* bob joined", "alice: hi");
        assertThat(elsewhere.writer.texts()).containsExactly("* eve joined");
    }

    @Test
    void aMemberWithoutANameIsSomebody() {
        Guest guest = new Guest("r", null, WireFormat.PLAIN);
        Guest other = new Guest("r", "bob", WireFormat.PLAIN);
        guest.room.publish("hi");
        guest.peer.closed(LEFT);
        assertThat(guest.writer.texts()).containsExactly("* a user joined", "* bob joined", "user: hi");
        assertThat(other.writer.texts()).containsExactly("* bob joined", "user: hi", "* a user left");
    }

    @Test
    void aUserHasOneNameHoweverItIsEncoded() {
        Guest guest = new Guest("r", "Jose\u0301", WireFormat.PLAIN);
        hub.publish("r", "Jose\u0301", null, "hi");
        assertThat(guest.writer.texts()).containsExactly("* Jos\u00e9 joined", "Jos\u00e9: hi");
    }

    @Test
    void aNameThatCouldForgeALineIsRefused() {
        Guest guest = new Guest("r", "alice", WireFormat.PLAIN);
        assertThatThrownBy(() -> new Guest("r", "bob\n* eve left", WireFormat.PLAIN))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> hub.publish("r", "alice: hi", null, "hi"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(guest.writer.texts()).containsExactly("* alice joined");
    }

    @Test
    void theRuleForTextHoldsForEveryWayIn() {
        Guest alice = new Guest("r", "alice", WireFormat.PLAIN);
        Guest bob = new Guest("r", "bob", WireFormat.PLAIN);
        for (String text : List.of("\u001b[31m", "a\u0000b", "a\ud800b")) {
            for (var stage : List.of(alice.room.publish(text, "k"), hub.publish("r", null, null, text))) {
                assertThatThrownBy(() -> stage.toCompletableFuture().join())
                        .satisfies(failure ->
                                assertThat(PublishException.of(failure).code()).isEqualTo(ErrorCode.BAD_TEXT));
            }
        }
        bob.room.publish("\u001b[31m");
        assertThat(bob.writer.closeReason()).isEqualTo(CloseReasons.BAD_TEXT);
        assertThat(alice.writer.texts()).containsExactly("* alice joined", "* bob joined", "* bob left");
    }

    @Test
    void theLobbyMarksOwnMessagesAndAnnouncesNobody() {
        Guest alice = new Guest("l", "alice", WireFormat.LOBBY);
        Guest bob = new Guest("l", "bob", WireFormat.LOBBY);
        alice.room.publish("hi");
        bob.peer.closed(LEFT);
        assertThat(alice.writer.texts()).containsExactly("echo: hi");
        assertThat(bob.writer.texts()).containsExactly("hi");
    }

    /** By counts: a storm costs a member the first members' comings, then one message a second, however many come in it. */
    @Test
    void aStormOfJoinsCostsEachMemberAMessageASecond() {
        int seconds = 10;
        int perSecond = 200;
        LocalHub large = hub(TestSettings.defaultsWith("parley.writer=portable"), Runnable::run);
        List<GatedWriter> writers = new ArrayList<>();
        for (int second = 0; second < seconds; second++) {
            for (int i = 0; i < perSecond; i++) {
                GatedWriter writer = new GatedWriter().open();
                writers.add(writer);
                large.open(writer, TestAdmission.toEverything(), opened -> SILENT)
                        .join("r", "u" + writers.size(), WireFormat.PARLEY_V1);
            }
            large.sweep();
        }
        assertThat(writers.get(0).texts())
                .hasSize(1 + Presence.SINGLE - 1 + seconds)
                .last(InstanceOfAssertFactories.STRING)
                .contains("\"presence\"", "\"members\":" + seconds * perSecond);
        for (int i = 0; i < writers.size(); i++) {
            List<String> texts = writers.get(i).texts();
            int singles = Math.max(0, Presence.SINGLE - 1 - i);
            assertThat(texts).as("member %d", i).hasSize(1 + singles + seconds - i / perSecond);
            assertThat(texts)
                    .allSatisfy(text -> assertThat(text).startsWith("{").hasSizeLessThan(2_500));
        }
    }

    @Test
    void welcomesAreEncodedOutsideTheLockOfTheRoom() throws ReflectiveOperationException {
        OpenRoom room = new Guest("r", "alice", WireFormat.PARLEY_V1).room.room();
        Field jsonb = JsonCodec.class.getDeclaredField("jsonb");
        jsonb.setAccessible(true);
        Jsonb real = (Jsonb) jsonb.get(JsonCodec.shared());
        List<Boolean> locked = new ArrayList<>();
        jsonb.set(
                JsonCodec.shared(),
                Proxy.newProxyInstance(
                        HubTest.class.getClassLoader(), new Class<?>[] {Jsonb.class}, (proxy, method, args) -> {
                            locked.add(Thread.holdsLock(room));
                            return method.invoke(real, args);
                        }));
        try {
            Guest bob = new Guest("r", "bob", WireFormat.PARLEY_V1);
            bob.room.greet();
            assertThat(bob.writer.texts()).hasSize(2).allMatch(text -> text.contains("\"welcome\""));
        } finally {
            jsonb.set(JsonCodec.shared(), real);
        }
        assertThat(locked).isNotEmpty().containsOnly(false);
    }

    @Test
    void aLoopThatTakesNoTasksAnyMoreKeepsNobodyWaiting() {
        GatedWriter writer = new GatedWriter().open().on(task -> {
            throw new RejectedExecutionException();
        });
        Guest stopping = new Guest("r", "alice", WireFormat.PLAIN, writer);
        stopping.room.publish("hi");
        assertThat(writer.texts()).containsExactly("* alice joined", "alice: hi");
    }

    @Test
    void aPeerThatIsOvertakenIsClosedAndNobodyElseNotices() {
        Guest slow = new Guest("r", "slow", WireFormat.PLAIN, new GatedWriter());
        Guest quick = new Guest("r", "quick", WireFormat.PLAIN);
        for (int i = 0; i < 100; i++) { // the room keeps 64
            quick.room.publish("m" + i);
        }
        assertThat(slow.writer.closeReason()).isEqualTo(CloseReasons.TOO_SLOW);
        assertThat(quick.writer.closeReason()).isNull();
        assertThat(quick.writer.texts()).hasSize(1 + 100 + 1).contains("* slow left");
        assertThat(hub.peers()).isEqualTo(1);
    }

    @Test
    void whoLagsWithinTheBoundsGetsEverythingWhenItReadsAgain() {
        GatedWriter stuck = new GatedWriter();
        Guest late = new Guest("r", "late", WireFormat.PLAIN, stuck);
        Guest quick = new Guest("r", "quick", WireFormat.PLAIN);
        for (int i = 0; i < 60; i++) {
            quick.room.publish("m" + i);
        }
        stuck.open();
        stuck.land().done(null);
        assertThat(late.writer.texts()).hasSize(1 + 1 + 60).endsWith("quick: m59");
        assertThat(stuck.closeReason()).isNull();
    }

    @Test
    void aPeerWhoseRepliesPileUpIsClosed() {
        Guest slow = new Guest("r", "slow", WireFormat.PLAIN, new GatedWriter());
        for (int i = 0; i < 20; i++) { // the outbox keeps 8
            slow.peer.send("reply");
        }
        assertThat(slow.writer.closeReason()).isEqualTo(CloseReasons.TOO_SLOW);
        assertThat(hub.peers()).isZero();
        assertThat(hub.rooms()).isZero();
    }

    @Test
    void whatWasSentBeforeACloseStillLeaves() {
        GatedWriter writer = new GatedWriter();
        LocalPeer peer = hub.open(writer, TestAdmission.toEverything(), opened -> SILENT);
        peer.send("one");
        peer.send("two");
        peer.close(CloseReasons.BYE);
        assertThat(writer.closeReason()).isNull();
        writer.land().done(null);
        writer.land().done(null);
        assertThat(writer.texts()).containsExactly("one", "two");
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.BYE);
        assertThat(hub.peers()).isZero();
    }

    @Test
    void anExceptionOfAConversationClosesThatPeerWithAnIncident() {
        Guest other = new Guest("r", "u", WireFormat.PLAIN);
        GatedWriter writer = new GatedWriter().open();
        LocalPeer broken = hub.open(writer, TestAdmission.toEverything(), peer -> (p, message) -> {
            throw new IllegalStateException("secret");
        });
        broken.text("boom", true);
        assertThat(writer.closeReason().getCloseCode().getCode()).isEqualTo(1011);
        assertThat(writer.closeReason().getReasonPhrase())
                .matches("internal error, incident [0-9a-f]{16}")
                .doesNotContain("secret");
        assertThat(other.writer.closeReason()).isNull();
        assertThat(hub.peers()).isEqualTo(1);
    }

    @Test
    void aBinaryMessageIsRefusedWhereAConversationDoesNotTakeIt() {
        GatedWriter writer = new GatedWriter().open();
        LocalPeer peer = hub.open(writer, TestAdmission.toEverything(), opened -> SILENT);
        peer.binary(ByteBuffer.allocate(3), true);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.TEXT_ONLY);
    }

    @Test
    void nothingIsSaidToAConversationAfterTheClose() {
        List<String> said = new ArrayList<>();
        LocalPeer peer = hub.open(
                new GatedWriter().open(), TestAdmission.toEverything(), opened -> (p, message) -> said.add(message));
        peer.text("one", true);
        peer.close(CloseReasons.BYE);
        peer.text("two", true);
        assertThat(said).containsExactly("one");
    }

    @Test
    void joiningAfterTheCloseLeavesNoTrace() {
        LocalPeer peer = hub.open(new GatedWriter().open(), TestAdmission.toEverything(), opened -> SILENT);
        peer.closed(LEFT);
        peer.join("r", "ghost", WireFormat.PLAIN);
        assertThat(hub.rooms()).isZero();
        assertThat(hub.peers()).isZero();
    }

    @Test
    void undeploymentClosesAllWithGoingAway() {
        Guest one = new Guest("r", "u", WireFormat.PLAIN);
        Guest two = new Guest("s", "u", WireFormat.PLAIN, new GatedWriter());
        hub.closeAll();
        assertThat(one.writer.closeReason()).isEqualTo(CloseReasons.GOING_AWAY);
        assertThat(two.writer.closeReason()).isEqualTo(CloseReasons.GOING_AWAY);
        assertThat(hub.peers()).isZero();
        assertThat(hub.rooms()).isZero();
    }

    @Test
    void aPeerThatOpensAfterTheUndeploymentIsClosedWithGoingAway() {
        hub.closeAll();
        Guest late = new Guest("r", "late", WireFormat.PLAIN);
        assertThat(late.writer.closeReason()).isEqualTo(CloseReasons.GOING_AWAY);
        assertThat(hub.peers()).isZero();
        assertThat(hub.rooms()).isZero();
    }

    @Test
    void undeploymentClosesThePeersBehindOneThatThrows() {
        List<GatedWriter> writers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            GatedWriter writer = new GatedWriter().open().atClose(HubTest::fail);
            writers.add(writer);
            hub.open(writer, TestAdmission.toEverything(), opened -> SILENT);
        }
        hub.closeAll();
        assertThat(writers).allMatch(writer -> CloseReasons.GOING_AWAY.equals(writer.closeReason()));
        assertThat(hub.peers()).isZero();
    }

    @Test
    void anErrorInOneWriterClosesThatPeerAndTheRoomGoesOn() {
        Guest first = new Guest("r", "first", WireFormat.LOBBY);
        Guest second = new Guest("r", "second", WireFormat.LOBBY);
        Guest third = new Guest("r", "third", WireFormat.LOBBY);
        second.writer.breakOnce(new LinkageError("of the test"));
        first.room.publish("a");
        first.room.publish("b");
        assertThat(first.writer.texts()).containsExactly("echo: a", "echo: b");
        assertThat(third.writer.texts()).containsExactly("a", "b");
        assertThat(second.writer.closeReason().getReasonPhrase()).matches("internal error, incident [0-9a-f]{16}");
        assertThat(hub.peers()).isEqualTo(2);
    }

    @Test
    void anErrorInAWriterOfAnotherLoopClosesThatPeerAndTheRoomGoesOn() {
        Deque<Runnable> loop = new ArrayDeque<>();
        Guest here = new Guest("r", "here", WireFormat.LOBBY);
        Guest broken = new Guest(
                "r", "broken", WireFormat.LOBBY, new GatedWriter().open().on(loop::add));
        Guest behind = new Guest(
                "r", "behind", WireFormat.LOBBY, new GatedWriter().open().on(loop::add));
        broken.writer.breakOnce(new LinkageError("of the test"));
        here.room.publish("a");
        while (!loop.isEmpty()) {
            loop.remove().run();
        }
        here.room.publish("b");
        while (!loop.isEmpty()) {
            loop.remove().run();
        }
        assertThat(here.writer.texts()).containsExactly("echo: a", "echo: b");
        assertThat(behind.writer.texts()).containsExactly("a", "b");
        assertThat(broken.writer.closeReason().getCloseCode().getCode()).isEqualTo(1011);
    }

    @Test
    void aMemberWhoseCloseThrowsInAWalkDoesNotKeepTheOthersWaiting() {
        Guest slow = new Guest("r", "slow", WireFormat.LOBBY, new GatedWriter().atClose(HubTest::fail));
        Guest quick = new Guest("r", "quick", WireFormat.LOBBY);
        slow.peer.send("in flight");
        for (int i = 0; i < 100; i++) { // the room keeps 64
            quick.room.publish("m" + i);
        }
        assertThat(slow.writer.closeReason()).isEqualTo(CloseReasons.TOO_SLOW);
        assertThat(quick.writer.texts()).hasSize(100);
    }

    @Test
    void aLoopThatFailsToTakeATaskKeepsNobodyWaiting() {
        GatedWriter writer = new GatedWriter().open().on(task -> fail());
        Guest stopping = new Guest("r", "alice", WireFormat.LOBBY, writer);
        stopping.room.publish("a");
        stopping.room.publish("b");
        assertThat(writer.texts()).containsExactly("echo: a", "echo: b");
    }

    @Test
    void anErrorOfAConversationClosesThatPeerWithAnIncident() {
        GatedWriter writer = new GatedWriter().open();
        LocalPeer broken = hub.open(writer, TestAdmission.toEverything(), peer -> (p, message) -> fail());
        broken.text("boom", true);
        assertThat(writer.closeReason().getReasonPhrase()).matches("internal error, incident [0-9a-f]{16}");
    }

    @Test
    void aPeerLeavesTheHubEvenIfItsAdmissionThrows() {
        GatedWriter writer = new GatedWriter().open();
        hub.open(writer, TestAdmission.until(Instant.EPOCH).atClosed(HubTest::fail), opened -> SILENT);
        hub.beat(System.nanoTime());
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.EXPIRED);
        assertThat(hub.peers()).isZero();
    }

    private static void fail() {
        throw new AssertionError("a bug");
    }

    /**
     * Real threads publish, join and leave while writers, on loops or on none, complete as chance has it, and those of visitors throw. Every
     * reader that stays reads every message since it came, once, and all in one order; in the end nothing is left.
     */
    @Test
    @Timeout(120)
    void everyReaderSeesOneOrderUnderAnyInterleaving() throws Exception {
        long seed = Long.getLong("seed", ThreadLocalRandom.current().nextLong());
        Random random = new Random(seed);
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<ExecutorService> threads =
                List.of(pool, Executors.newSingleThreadExecutor(), Executors.newSingleThreadExecutor());
        List<@Nullable ExecutorService> loops = Arrays.asList(threads.get(1), threads.get(2), pool, null);
        try {
            for (int round = 0; round < 15; round++) {
                String what = "seed " + seed + ", round " + round;
                LocalHub busy = hub(TestSettings.with("parley.room.messages=8192", "parley.room.bytes=16MiB"), pool);
                List<RandomWriter> readers = new ArrayList<>();
                List<LocalPeer> peers = new ArrayList<>();
                List<LocalMembership> rooms = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    RandomWriter writer = new RandomWriter(loops.get(i % 4), pool, random.nextLong(), 0);
                    readers.add(writer);
                    peers.add(busy.open(writer, TestAdmission.toEverything(), peer -> SILENT));
                    rooms.add(peers.get(i).join("r", "p" + i, WireFormat.LOBBY));
                }
                int senders = 3;
                int messages = 300;
                CountDownLatch done = new CountDownLatch(senders + 1);
                for (int s = 0; s < senders; s++) {
                    int sender = s;
                    pool.execute(() -> {
                        for (int i = 0; i < messages; i++) {
                            rooms.get(sender).publish(sender + "." + i);
                        }
                        done.countDown();
                    });
                }
                long churnSeed = random.nextLong();
                pool.execute(() -> {
                    Random chance = new Random(churnSeed);
                    for (int i = 0; i < 100; i++) {
                        LocalPeer visitor = busy.open(
                                new RandomWriter(loops.get(i % 4), pool, chance.nextLong(), 4),
                                TestAdmission.toEverything(),
                                peer -> SILENT);
                        visitor.join("r", "visitor", WireFormat.LOBBY);
                        visitor.closed(LEFT);
                    }
                    done.countDown();
                });
                assertThat(done.await(60, TimeUnit.SECONDS)).as(what).isTrue();
                Awaitility.await(what).atMost(30, TimeUnit.SECONDS).until(() -> readers.stream()
                        .allMatch(r -> r.texts.size() == senders * messages));
                List<String> order = said(readers.get(19));
                assertThat(order).as(what).doesNotHaveDuplicates();
                for (int s = 0; s < senders; s++) {
                    String prefix = s + ".";
                    assertThat(order.stream().filter(t -> t.startsWith(prefix)))
                            .as(what)
                            .hasSize(messages)
                            .isSortedAccordingTo(java.util.Comparator.comparingInt(
                                    t -> Integer.parseInt(t.substring(prefix.length()))));
                }
                for (RandomWriter reader : readers) {
                    assertThat(said(reader)).as(what).isEqualTo(order);
                }
                peers.forEach(visitor -> visitor.closed(LEFT));
                assertThat(busy.peers()).as(what).isZero();
                assertThat(busy.rooms()).as(what).isZero();
            }
        } finally {
            threads.forEach(ExecutorService::shutdownNow);
        }
    }

    static LocalHub hub(Settings settings, java.util.concurrent.Executor executor) {
        Budget budget = TestBudgets.large();
        LocalHub hub = new LocalHub();
        hub.use(
                settings,
                new MemoryBroker(settings, Clock.SYSTEM, budget),
                new Metrics(new SimpleMeterRegistry()),
                new Health(),
                new Drain(),
                budget);
        hub.start(executor);
        return hub;
    }

    private final class Guest {
        final GatedWriter writer;
        final LocalPeer peer;
        final LocalMembership room;

        Guest(String room, String user, WireFormat form) {
            this(room, user, form, new GatedWriter().open());
        }

        Guest(String room, String user, WireFormat form, GatedWriter writer) {
            this.writer = writer;
            this.peer = hub.open(writer, TestAdmission.toEverything(), opened -> SILENT);
            this.room = peer.join(room, user, form);
        }
    }

    private static List<String> said(RandomWriter reader) {
        return reader.texts.stream().map(text -> text.replace("echo: ", "")).toList();
    }
}
