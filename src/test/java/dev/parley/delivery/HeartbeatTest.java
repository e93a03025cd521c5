package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

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
import dev.parley.wire.Frame;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The beats of a hub, at times that the test sets. */
class HeartbeatTest {

    private final Drain drain = new Drain();
    private final LocalHub hub = new LocalHub();
    private final Budget budget = TestBudgets.large();
    private long now = System.nanoTime();

    HeartbeatTest() {
        Settings settings = TestSettings.with(
                "parley.heartbeat.ping=25s",
                "parley.heartbeat.pong-deadline=20s",
                "parley.heartbeat.send-deadline=30s",
                "parley.heartbeat.close-grace=5s",
                "parley.heartbeat.message-deadline=60s",
                "parley.drain.spread=10s");
        hub.use(
                settings,
                new MemoryBroker(settings, Clock.SYSTEM, budget),
                new Metrics(new SimpleMeterRegistry()),
                new Health(),
                drain,
                budget);
        hub.start(Runnable::run);
    }

    private void pass(int seconds) {
        for (int i = 0; i < seconds; i++) {
            now += Duration.ofSeconds(1).toNanos();
            hub.beat(now);
        }
    }

    private LocalPeer open(GatedWriter writer) {
        return hub.open(writer, TestAdmission.toEverything(), peer -> (p, message) -> {});
    }

    private static long pings(GatedWriter writer) {
        return writer.batches().stream()
                .flatMap(batch -> batch.frames().stream())
                .filter(frame -> frame.kind() == Frame.Kind.PING)
                .count();
    }

    @Test
    void aPeerThatAnswersIsPingedNowAndThenAndStays() {
        GatedWriter writer = new GatedWriter().open();
        LocalPeer peer = open(writer);
        for (int i = 1; i <= 4; i++) {
            pass(26);
            assertThat(pings(writer)).isEqualTo(i);
            peer.pong(0);
        }
        assertThat(writer.closeReason()).isNull();
    }

    @Test
    void aPeerThatMissesItsPongIsGoneAfterTheDeadline() {
        GatedWriter writer = new GatedWriter().open();
        open(writer);
        pass(26 + 18);
        assertThat(writer.closeReason()).isNull();
        pass(3);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.UNRESPONSIVE);
        assertThat(hub.peers()).isZero();
    }

    @Test
    void anyMessageIsASignOfLife() {
        GatedWriter writer = new GatedWriter().open();
        LocalPeer peer = open(writer);
        pass(30);
        peer.text("half", false);
        pass(20);
        assertThat(writer.closeReason()).isNull();
    }

    @Test
    void whatCameBeforeThePingIsNone() {
        GatedWriter writer = new GatedWriter().open();
        LocalPeer peer = open(writer);
        peer.text("hi", true);
        pass(47);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.UNRESPONSIVE);
    }

    @Test
    void aBatchThatDoesNotLandClosesAfterTheDeadlineAndNoPingWaitsBehindIt() {
        GatedWriter writer = new GatedWriter();
        open(writer).send("stuck");
        pass(29);
        assertThat(writer.closeReason()).isNull();
        pass(2);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.TOO_SLOW);
        writer.open().land().done(null);
        assertThat(pings(writer)).isZero();
    }

    @Test
    void whoCannotBeWrittenToLeavesItsRoomsAtOnceAndIsClosedIfTheContainerHasNotDoneIt() {
        GatedWriter writer = new GatedWriter().open();
        LocalPeer peer = open(writer);
        GatedWriter others = new GatedWriter().open();
        open(others).join("r", "bob", WireFormat.PLAIN);
        peer.join("r", "alice", WireFormat.PLAIN);
        writer.refuse(new IllegalStateException("a close frame has come"));
        peer.send("hi");
        assertThat(others.texts()).containsSubsequence("* alice joined", "* alice left");
        assertThat(writer.closeReason()).isNull();
        hub.beat(System.nanoTime()); // it may come at any time after
        assertThat(writer.closeReason()).isNull();
        pass(2);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.BROKEN);
        assertThat(hub.peers()).isEqualTo(1);
    }

    @Test
    void whoCannotBeWrittenToAndHasClosedIsNotClosedASecondTime() {
        GatedWriter writer = new GatedWriter().open();
        LocalPeer peer = open(writer);
        writer.refuse(new IllegalStateException("a close frame has come"));
        peer.send("hi");
        peer.closed(CloseReasons.BYE);
        pass(2);
        assertThat(writer.closeReason()).isNull();
        assertThat(hub.peers()).isZero();
    }

    @Test
    void aPeerThatPingsAndNeverReadsThePongsIsCutAtOnce() {
        GatedWriter writer = new GatedWriter().open();
        open(writer);
        pass(1);
        assertThat(writer.isOpen()).isTrue();
        writer.flood();
        pass(1);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.TOO_FAST);
        assertThat(writer.isOpen()).isFalse();
        assertThat(hub.peers()).isZero();
    }

    @Test
    void aPeerIsNotJudgedForAPauseOfTheServer() {
        GatedWriter writer = new GatedWriter().open();
        LocalPeer peer = open(writer);
        pass(26);
        now += Duration.ofSeconds(60).toNanos();
        pass(1);
        assertThat(writer.closeReason()).isNull();
        peer.pong(0); // it had lain in the socket's buffer
        pass(10);
        assertThat(writer.closeReason()).isNull();
    }

    @Test
    void thePingsOfOneLoopLeaveFromItInOneTask() {
        Queue<Runnable> loop = new ArrayDeque<>();
        Executor executor = loop::add;
        List<GatedWriter> writers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            writers.add(new GatedWriter().open().on(executor));
            open(writers.get(i));
        }
        runAll(loop);
        pass(26);
        assertThat(loop).hasSize(1);
        assertThat(writers).allMatch(writer -> pings(writer) == 0);
        runAll(loop);
        assertThat(writers).allMatch(writer -> pings(writer) == 1);
    }

    private static void runAll(Queue<Runnable> loop) {
        while (!loop.isEmpty()) {
            loop.remove().run();
        }
    }

    @Test
    void aPingThatIsNotQueuedIsNotAwaited() {
        GatedWriter writer = new GatedWriter();
        LocalPeer peer = open(writer);
        for (int i = 0; i < 9; i++) { // one in flight, eight in the lane
            peer.send("reply");
        }
        peer.ping(now);
        pass(22);
        assertThat(writer.closeReason()).isNull();
    }

    @Test
    void aPeerThatThrowsIsClosedAndTheOthersGetTheirPings() {
        List<GatedWriter> writers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            writers.add(new GatedWriter().open());
            open(writers.get(i));
        }
        GatedWriter broken = writers.remove(10);
        broken.atLook(HeartbeatTest::fail);
        pass(26);
        assertThat(writers).allMatch(writer -> pings(writer) == 1 && writer.closeReason() == null);
        assertThat(broken.closeReason().getReasonPhrase()).matches("internal error, incident [0-9a-f]{16}");
        assertThat(hub.peers()).isEqualTo(19);
    }

    @Test
    void aConnectionThatThrowsAfterItsCloseIsCutAndTheOthersAreCutAfterTheGrace() {
        GatedWriter broken = new GatedWriter().open();
        GatedWriter behind = new GatedWriter().open();
        open(broken).close(CloseReasons.BYE);
        open(behind).close(CloseReasons.BYE);
        broken.atLook(HeartbeatTest::fail);
        pass(6);
        broken.atLook(() -> {});
        assertThat(broken.isOpen()).isFalse();
        assertThat(behind.isOpen()).isFalse();
    }

    @Test
    void aDrainClosesThePeersBehindOneThatThrows() {
        List<GatedWriter> writers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            GatedWriter writer = new GatedWriter().open().atClose(HeartbeatTest::fail);
            writers.add(writer);
            open(writer).join("r", "u" + i, WireFormat.PARLEY_V1);
        }
        writers.get(10).breakOnce(new LinkageError("of the test"));
        drain.start();
        pass(12);
        assertThat(writers).allMatch(writer -> writer.closeReason() != null);
        assertThat(hub.peers()).isZero();
    }

    private static void fail() {
        throw new AssertionError("a bug");
    }

    @Test
    void aConnectionThatTheContainerLostSilentlyHasLeft() {
        GatedWriter lost = new GatedWriter().open();
        open(lost);
        lost.vanish();
        pass(1);
        assertThat(hub.peers()).isZero();
    }

    @Test
    void aConnectionThatOutlivesItsCloseIsCutAfterTheGrace() {
        GatedWriter writer = new GatedWriter().open();
        LocalPeer peer = open(writer);
        peer.close(CloseReasons.BYE);
        pass(4);
        assertThat(writer.isOpen()).isTrue();
        pass(2);
        assertThat(writer.isOpen()).isFalse();
    }

    @Test
    void aDrainTellsAllAtOnceAndClosesThemInShares() {
        List<GatedWriter> writers = new ArrayList<>();
        for (int i = 0; i < 110; i++) {
            GatedWriter writer = new GatedWriter().open();
            writers.add(writer);
            LocalPeer peer = hub.open(writer, TestAdmission.toEverything(), opened -> (p, message) -> {});
            peer.join("r", "u" + i, WireFormat.PARLEY_V1);
        }
        pass(1);
        assertThat(writers).allMatch(writer -> delays(writer).isEmpty());
        drain.start();
        pass(1);
        assertThat(writers)
                .allMatch(writer -> delays(writer).size() == 1)
                .allMatch(writer -> delays(writer).get(0) < 10_000)
                .anyMatch(writer -> delays(writer).get(0) > 5_000);
        for (int beat = 1; beat <= 10; beat++) {
            assertThat(hub.peers()).as("beat %d", beat).isEqualTo(110 - 10 * beat);
            pass(1);
        }
        assertThat(hub.peers()).isZero();
        assertThat(writers).allMatch(writer -> CloseReasons.DRAINING.equals(writer.closeReason()));
        open(new GatedWriter().open()); // let in by a gate that did not see the drain yet
        pass(1);
        assertThat(hub.peers()).isZero();
    }

    @Test
    void aCancelledDrainLeavesThePeersThatItHasNotClosed() {
        for (int i = 0; i < 110; i++) {
            open(new GatedWriter().open());
        }
        drain.start();
        pass(4);
        assertThat(hub.peers()).isEqualTo(70);
        drain.cancel();
        pass(20);
        assertThat(hub.peers()).isEqualTo(70);
    }

    @Test
    void aDrainAfterACancelledOneTakesTheWholeSpread() {
        for (int i = 0; i < 110; i++) {
            open(new GatedWriter().open());
        }
        drain.start();
        pass(9);
        assertThat(hub.peers()).isEqualTo(20);
        for (int i = 0; i < 90; i++) {
            open(new GatedWriter().open());
        }
        drain.cancel();
        drain.start(); // within a beat
        pass(1);
        assertThat(hub.peers()).isEqualTo(100);
        pass(9);
        assertThat(hub.peers()).isEqualTo(10);
        pass(1);
        assertThat(hub.peers()).isZero();
    }

    private static List<Long> delays(GatedWriter writer) {
        Pattern drain = Pattern.compile("\\{\"type\":\"drain\",\"reconnectAfterMs\":([0-9]+)}");
        return writer.texts().stream()
                .flatMap(text -> drain.matcher(text).results())
                .map(found -> Long.valueOf(found.group(1)))
                .toList();
    }

    @Test
    void aMessageThatDoesNotEndInTimeClosesItsSender() {
        GatedWriter writer = new GatedWriter().open();
        LocalPeer peer = open(writer);
        peer.text("half", false);
        for (int i = 0; i < 6; i++) {
            pass(10);
            peer.pong(0);
            assertThat(writer.closeReason()).isNull();
        }
        assertThat(budget.used(Budget.Holder.MESSAGES)).isPositive();
        pass(2);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.UNFINISHED);
        assertThat(budget.used()).isZero();
    }

    @Test
    void aMessageThatEndsInTimeClosesNobody() {
        GatedWriter writer = new GatedWriter().open();
        LocalPeer peer = open(writer);
        peer.text("ha", false);
        pass(20);
        peer.text("lf", true);
        for (int i = 0; i < 6; i++) {
            pass(10);
            peer.pong(0);
        }
        assertThat(writer.closeReason()).isNull();
    }

    @Test
    void memoryThatAPeerHasNoUseForIsGivenBackWithinTwoBeats() {
        GatedWriter writer = new GatedWriter().open();
        open(writer).send("x");
        assertThat(budget.used(Budget.Holder.OUTBOXES)).isPositive();
        pass(2);
        assertThat(budget.used()).isZero();
    }
}
