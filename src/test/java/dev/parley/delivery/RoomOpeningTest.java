package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.api.Membership;
import dev.parley.api.RoomSummary;
import dev.parley.api.Start;
import dev.parley.api.WireFormat;
import dev.parley.broker.Broker;
import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.RoomEnd;
import dev.parley.broker.Sender;
import dev.parley.ops.Clock;
import dev.parley.ops.Drain;
import dev.parley.ops.Health;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestSettings;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.Content;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The hub on a broker that answers when the test says so. */
class RoomOpeningTest {

    private static final PublishException AWAY = new PublishException(ErrorCode.UNAVAILABLE, "away");

    private final SlowBroker broker = new SlowBroker();
    private final LocalHub hub = new LocalHub();
    private final Health health = new Health();
    private final MeterRegistry meters = new SimpleMeterRegistry();

    @BeforeEach
    void start() {
        Settings settings = TestSettings.small();
        hub.use(settings, broker, new Metrics(meters), health, new Drain(), TestBudgets.large());
        hub.start(Runnable::run);
    }

    @Test
    void whoJoinsWaitsForTheRoomAndMissesNothing() {
        GatedWriter typed = new GatedWriter().open();
        GatedWriter plain = new GatedWriter().open();
        join(typed, "alice", WireFormat.PARLEY_V1, new Start(new Position("e", 1), 0));
        join(plain, "bob", WireFormat.PLAIN, Start.NOW);
        broker.deliver(1, 0); // under way since the room was open before
        assertThat(typed.texts()).isEmpty();
        assertThat(plain.texts()).isEmpty();
        broker.opening.complete(
                new History("e", 0, 3, List.of(publication(1, 0), publication(2, 1), publication(3, 2))));
        assertThat(typed.texts().get(0)).contains("\"welcome\"", "\"recovered\":true", "\"offset\":3");
        assertThat(String.join("", typed.texts()))
                .contains("\"text\":\"2\"", "\"text\":\"3\"")
                .doesNotContain("\"text\":\"1\"");
        assertThat(plain.texts()).containsExactly("* bob joined");
        broker.deliver(4, 3);
        assertThat(plain.texts()).containsExactly("* bob joined", "u: 4");
    }

    @Test
    void aGapIsCountedWhateverItsCause() {
        broker.opening.complete(new History("e", 2, 4, List.of(publication(3, 2), publication(4, 3))));
        for (Start start : List.of(Start.NOW, at("e", 2), at("e", 3), at("e", 4))) {
            join(new GatedWriter().open(), "whole", WireFormat.PARLEY_V1, start);
        }
        assertThat(gaps()).as("of those who miss nothing").isZero();
        join(new GatedWriter().open(), "away too long", WireFormat.PARLEY_V1, at("e", 1));
        assertThat(gaps()).isEqualTo(1);
        join(new GatedWriter().open(), "from another history", WireFormat.EVENTS, at("d", 4));
        assertThat(gaps()).isEqualTo(2);
        join(new GatedWriter().open(), "from the future", WireFormat.PARLEY_V1, at("e", 5));
        assertThat(gaps()).isEqualTo(3);
        broker.listener.renewed("r", "f", 0);
        assertThat(gaps()).as("all seven are told of the broker's loss").isEqualTo(10);
    }

    @Test
    void whoWasFurtherOnAnotherNodeWaitsForThisOneAndReadsNothingTwice() {
        broker.opening.complete(new History("e", 0, 1, List.of(publication(1, 0))));
        join(new GatedWriter().open(), "bob", WireFormat.PLAIN, Start.NOW);
        GatedWriter back = new GatedWriter().open();
        var newest = new CompletableFuture<Long>();
        broker.newest = newest;
        join(back, "alice", WireFormat.PARLEY_V1, at("e", 3));
        broker.deliver(2, 1);
        newest.complete(4L);
        assertThat(back.texts()).isEmpty();
        broker.deliver(3, 2);
        broker.deliver(4, 3);
        assertThat(back.texts().get(0)).contains("\"welcome\"", "\"recovered\":true", "\"offset\":3");
        assertThat(String.join("", back.texts()))
                .contains("\"text\":\"4\"")
                .doesNotContain("\"text\":\"2\"", "\"text\":\"3\"", "bad-since");
        assertThat(gaps()).isZero();
    }

    @Test
    void whoWasFurtherThanARoomThatOpensWaitsForItToo() {
        GatedWriter back = new GatedWriter().open();
        broker.newest = CompletableFuture.completedFuture(2L);
        join(back, "alice", WireFormat.PARLEY_V1, at("e", 2));
        broker.opening.complete(new History("e", 0, 1, List.of(publication(1, 0))));
        assertThat(back.texts()).isEmpty();
        broker.deliver(2, 1);
        assertThat(back.texts()).hasSize(1).first().asString().contains("\"recovered\":true", "\"offset\":2");
    }

    /** Nodes that opened a quiet room at different times count its end differently. */
    @Test
    void whoWasFurtherInARoomInWhichNothingHasComeSinceHasMissedNothing() {
        broker.opening.complete(new History("e", 0, 1, List.of(publication(1, 0))));
        broker.newest = CompletableFuture.completedFuture(1L);
        broker.last = 9;
        GatedWriter typed = new GatedWriter().open();
        join(typed, "alice", WireFormat.PARLEY_V1, at("e", 5));
        join(new GatedWriter().open(), "bob", WireFormat.EVENTS, at("e", 9));
        assertThat(typed.texts().get(0)).contains("\"recovered\":true", "\"offset\":1");
        broker.deliver(10, 1);
        assertThat(String.join("", typed.texts())).contains("\"text\":\"10\"").doesNotContain("bad-since", "gap");
        assertThat(gaps()).isZero();
        GatedWriter beyond = new GatedWriter().open();
        join(beyond, "carol", WireFormat.PARLEY_V1, at("e", 11));
        assertThat(String.join("", beyond.texts())).contains("\"recovered\":false", "bad-since");
    }

    @Test
    void whoWasNeverSoFarIsTold() {
        broker.opening.complete(new History("e", 0, 1, List.of(publication(1, 0))));
        GatedWriter first = new GatedWriter().open();
        broker.newest = CompletableFuture.completedFuture(1L);
        join(first, "alice", WireFormat.PARLEY_V1, at("e", 2));
        assertThat(String.join("", first.texts())).contains("\"recovered\":false", "bad-since");
        GatedWriter second = new GatedWriter().open();
        join(second, "bob", WireFormat.EVENTS, at("e", 2));
        assertThat(String.join("", second.texts())).contains("\"recovered\":false", "bad-since");
    }

    @Test
    void whoWaitsForTheRoomLearnsThatItsHistoryIsAnother() {
        broker.opening.complete(new History("e", 0, 1, List.of(publication(1, 0))));
        join(new GatedWriter().open(), "bob", WireFormat.PLAIN, Start.NOW);
        GatedWriter back = new GatedWriter().open();
        broker.newest = CompletableFuture.completedFuture(9L);
        join(back, "alice", WireFormat.PARLEY_V1, at("e", 9));
        broker.listener.renewed("r", "f", 0);
        assertThat(back.texts().get(0)).contains("\"epoch\":\"f\"", "\"recovered\":false");
    }

    @Test
    void whoWasFurtherIsSentAwayWhileTheBrokerIs() {
        broker.opening.complete(new History("e", 0, 1, List.of(publication(1, 0))));
        GatedWriter back = new GatedWriter().open();
        broker.newest = CompletableFuture.failedFuture(AWAY);
        join(back, "alice", WireFormat.PARLEY_V1, at("e", 2));
        assertThat(back.closeReason()).isEqualTo(CloseReasons.UNAVAILABLE);
        assertThat(hub.rooms()).isZero();
    }

    private static Start at(String epoch, long offset) {
        return new Start(new Position(epoch, offset), 0);
    }

    private double gaps() {
        return meters.get("parley.gaps").functionCounter().count();
    }

    @Test
    void aRoomThatCannotBeOpenedClosesWhoWaitsAndIsForgotten() {
        GatedWriter writer = new GatedWriter().open();
        join(writer, "alice", WireFormat.PARLEY_V1, Start.NOW);
        broker.opening.completeExceptionally(AWAY);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.UNAVAILABLE);
        assertThat(hub.rooms()).isZero();
        assertThat(hub.peers()).isZero();
        assertThat(broker.calls).containsExactly("open r", "release r");
    }

    @Test
    void whoLeavesBeforeTheRoomIsOpenLeavesNothing() {
        LocalPeer peer = join(new GatedWriter().open(), "alice", WireFormat.PARLEY_V1, Start.NOW);
        peer.close(CloseReasons.BYE);
        assertThat(hub.rooms()).isZero();
        broker.opening.complete(new History("e", 0, 0, List.of()));
        assertThat(hub.peers()).isZero();
        assertThat(broker.calls).containsExactly("open r", "release r");
    }

    @Test
    void aPlainClientWhoseMessageIsNotPublishedIsClosed() {
        GatedWriter writer = new GatedWriter().open();
        LocalPeer peer = hub.open(writer, TestAdmission.toEverything(), opened -> {
            Membership room = opened.join("r", "alice", WireFormat.PLAIN);
            return (p, message) -> room.publish(message);
        });
        broker.opening.complete(new History("e", 0, 0, List.of()));
        broker.publishing = CompletableFuture.failedFuture(AWAY);
        peer.text("hi", true);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.UNAVAILABLE);
    }

    @Test
    void aLossIsToldToOneWhoCanBeToldAndClosesTheOther() {
        GatedWriter typed = new GatedWriter().open();
        GatedWriter plain = new GatedWriter().open();
        join(typed, "alice", WireFormat.PARLEY_V1, Start.NOW);
        join(plain, "bob", WireFormat.PLAIN, Start.NOW);
        broker.opening.complete(new History("e", 0, 1, List.of(publication(1, 0))));
        broker.listener.lost("r", 2, 2);
        broker.deliver(3, 2);
        assertThat(String.join("", typed.texts())).contains("{\"type\":\"gap\",\"from\":2,\"to\":2}", "\"text\":\"3\"");
        assertThat(plain.closeReason()).isEqualTo(CloseReasons.MESSAGES_LOST);
        assertThat(overtaken()).as("it was not slow").isZero();
    }

    @Test
    void aNewEpochGreetsTypedReadersAnewAndClosesPlainOnes() {
        GatedWriter typed = new GatedWriter().open();
        GatedWriter plain = new GatedWriter().open();
        join(typed, "alice", WireFormat.PARLEY_V1, Start.NOW);
        join(plain, "bob", WireFormat.PLAIN, Start.NOW);
        broker.opening.complete(new History("e", 0, 9, List.of()));
        broker.listener.renewed("r", "f", 0);
        assertThat(typed.texts()).anySatisfy(text -> assertThat(text)
                .contains("\"welcome\"", "\"epoch\":\"f\"", "\"offset\":0", "\"recovered\":false"));
        assertThat(plain.closeReason()).isEqualTo(CloseReasons.MESSAGES_LOST);
        assertThat(overtaken()).as("it was not slow").isZero();
        broker.deliver(2, 1);
        assertThat(typed.texts().get(typed.texts().size() - 1))
                .as("a late message of the lost history")
                .doesNotContain("\"offset\":2");
        broker.deliver(
                new Publication("r", "f", 1, 0, new Sender("u", 1), null, Instant.EPOCH, new Content.Text("new")));
        assertThat(typed.texts().get(typed.texts().size() - 1)).contains("\"offset\":1", "\"new\"");
    }

    @Test
    void aRoomGreetsWithTheMembersOfOtherNodesAndTellsTheirComingsAndGoings() {
        GatedWriter typed = new GatedWriter().open();
        GatedWriter plain = new GatedWriter().open();
        join(typed, "alice", WireFormat.PARLEY_V1, Start.NOW);
        Sender bob = new Sender("bob", 77);
        broker.present(List.of(bob), List.of());
        broker.opening.complete(new History("e", 0, 0, List.of()));
        assertThat(typed.texts()).hasSize(1);
        assertThat(typed.texts().get(0)).contains("\"members\":2", "\"users\":[\"bob\",\"alice\"]");
        join(plain, "paul", WireFormat.PLAIN, Start.NOW);
        broker.present(List.of(new Sender("alice", 78)), List.of(bob));
        broker.present(List.of(new Sender("alice", 78)), List.of(bob));
        assertThat(plain.texts()).containsExactly("* paul joined", "* bob left", "* alice joined");
        assertThat(String.join("", typed.texts()))
                .contains("{\"type\":\"left\",\"user\":\"bob\",\"members\":2,\"connections\":0}")
                .contains("{\"type\":\"joined\",\"user\":\"alice\",\"members\":3,\"connections\":2}");
        assertThat(hub.summary("r")).isEqualTo(new RoomSummary("r", 3, "e", 0));
    }

    @Test
    void aNodeThatGoesWithAThousandMembersIsOneMessageForEachReader() {
        GatedWriter typed = new GatedWriter().open();
        GatedWriter plain = new GatedWriter().open();
        join(typed, "alice", WireFormat.PARLEY_V1, Start.NOW);
        join(plain, "paul", WireFormat.PLAIN, Start.NOW);
        broker.opening.complete(new History("e", 0, 0, List.of()));
        List<Sender> thousand = IntStream.range(0, 1000)
                .mapToObj(i -> new Sender("u" + i, 1L << 40 | i))
                .toList();
        int before = typed.texts().size();
        broker.present(thousand, List.of());
        hub.sweep();
        broker.present(List.of(), thousand);
        hub.sweep();
        assertThat(typed.texts()).hasSize(before + 2);
        assertThat(typed.texts().get(before)).contains("\"presence\"", "\"members\":1002", "\"u99\"");
        assertThat(typed.texts().get(before + 1)).contains("\"presence\"", "\"members\":2", "\"u99\"");
        assertThat(plain.texts()).containsExactly("* paul joined");
        assertThat(plain.closeReason()).isNull();
    }

    @Test
    void theBrokerHearsWhoIsAnnouncedOnceItIsInTheRoom() {
        LocalPeer alice = join(new GatedWriter().open(), "alice", WireFormat.PARLEY_V1, Start.NOW);
        LocalPeer lobby = join(new GatedWriter().open(), "nobody", WireFormat.LOBBY, Start.NOW);
        LocalPeer brief = join(new GatedWriter().open(), "brief", WireFormat.PLAIN, Start.NOW);
        brief.close(CloseReasons.BYE);
        broker.opening.complete(new History("e", 0, 0, List.of()));
        alice.close(CloseReasons.BYE);
        lobby.close(CloseReasons.BYE);
        assertThat(broker.calls).containsExactly("open r", "joined r alice", "left r alice", "release r");
    }

    @Test
    void aRoomThatIsNotOpenHereHasTheMembersOfOtherNodes() {
        broker.history = CompletableFuture.completedFuture(new History("e", 0, 5, List.of()));
        assertThat(hub.find("r").toCompletableFuture().join()).isEqualTo(new RoomSummary("r", 2, "e", 5));
    }

    @Test
    void whileTheBrokerIsAwayTheNodeIsNotReady() {
        assertThat(health.conditions()).containsEntry("broker", true);
        broker.listener.away();
        assertThat(health.conditions()).containsEntry("broker", false);
        broker.listener.back();
        assertThat(health.conditions()).containsEntry("broker", true);
    }

    @Test
    void aClientThatJoinsWhileARoomFailsToOpenIsWelcomedByTheNextOpening() {
        GatedWriter late = new GatedWriter().open();
        GatedWriter first = new GatedWriter().open().atClose(() -> join(late, "late", WireFormat.PARLEY_V1, Start.NOW));
        GatedWriter second = new GatedWriter().open();
        join(first, "alice", WireFormat.PARLEY_V1, Start.NOW);
        join(second, "bob", WireFormat.PARLEY_V1, Start.NOW);
        CompletableFuture<History> failing = broker.opening;
        broker.opening = new CompletableFuture<>();
        failing.completeExceptionally(AWAY);
        assertThat(first.closeReason()).isEqualTo(CloseReasons.UNAVAILABLE);
        assertThat(second.closeReason()).isEqualTo(CloseReasons.UNAVAILABLE);
        broker.opening.complete(new History("e", 0, 0, List.of()));
        assertThat(late.texts()).hasSize(1).first().asString().contains("\"welcome\"", "\"members\":1");
        assertThat(broker.calls).containsExactly("open r", "release r", "open r", "joined r late");
    }

    @Test
    void aClientThatJoinsWhileARoomFailsToOpenIsClosedIfTheNextOpeningFailsToo() {
        GatedWriter late = new GatedWriter().open();
        join(
                new GatedWriter().atClose(() -> join(late, "late", WireFormat.PLAIN, Start.NOW)),
                "alice",
                WireFormat.PLAIN,
                Start.NOW);
        join(new GatedWriter(), "bob", WireFormat.PLAIN, Start.NOW);
        broker.opening.completeExceptionally(AWAY);
        assertThat(late.closeReason()).isEqualTo(CloseReasons.UNAVAILABLE);
        assertThat(hub.rooms()).isZero();
        assertThat(hub.peers()).isZero();
    }

    @Test
    void aBrokerThatThrowsWhileItOpensARoomLeavesNoRoomBehind() {
        broker.broken = "r";
        GatedWriter writer = new GatedWriter().open();
        join(writer, "alice", WireFormat.PLAIN, Start.NOW);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.UNAVAILABLE);
        assertThat(hub.rooms()).isZero();
        assertThat(hub.peers()).isZero();
    }

    @Test
    void aBrokerThatThrowsForOneMemberLeavesTheRoomToTheOthers() {
        broker.opening.complete(new History("e", 0, 1, List.of(publication(1, 0))));
        GatedWriter plain = new GatedWriter().open();
        join(plain, "bob", WireFormat.PLAIN, Start.NOW);
        broker.broken = "end";
        GatedWriter ahead = new GatedWriter().open();
        join(ahead, "alice", WireFormat.PARLEY_V1, at("e", 2));
        assertThat(ahead.closeReason().getCloseCode().getCode()).isEqualTo(1011);
        broker.deliver(2, 1);
        assertThat(plain.texts()).containsExactly("* bob joined", "u: 2");
        assertThat(hub.summary("r").members()).isEqualTo(1);
        hub.closeAll();
        assertThat(hub.rooms()).isZero();
    }

    @Test
    void aMemberThatThrowsWhileItEntersDoesNotKeepTheOthersOut() {
        GatedWriter broken = new GatedWriter().open();
        GatedWriter behind = new GatedWriter().open();
        join(broken, "alice", WireFormat.PARLEY_V1, Start.NOW);
        join(behind, "bob", WireFormat.PARLEY_V1, Start.NOW);
        broken.breakOnce(new LinkageError("of the test"));
        broker.opening.complete(new History("e", 0, 0, List.of()));
        assertThat(behind.texts().get(0)).contains("\"welcome\"");
        assertThat(broken.closeReason().getCloseCode().getCode()).isEqualTo(1011);
        assertThat(hub.peers()).isEqualTo(1);
    }

    @Test
    void aRoomThatFailsInASweepIsClosedAndTheOthersAreSwept() {
        AtomicInteger looks = new AtomicInteger(Integer.MIN_VALUE);
        Clock failing = new Clock() {
            @Override
            public Instant instant() {
                return Instant.now();
            }

            @Override
            public long nanoTime() {
                if (looks.getAndIncrement() == 0) {
                    throw new AssertionError("a bug in one of the sweeps");
                }
                return System.nanoTime();
            }
        };
        LocalHub swept = new LocalHub();
        swept.use(TestSettings.small(), broker, new Metrics(meters), health, new Drain(), TestBudgets.large());
        swept.start(Runnable::run, failing);
        broker.opening.complete(new History("e", 0, 1, List.of()));
        List<GatedWriter> writers = new ArrayList<>();
        for (String room : List.of("a", "r", "z")) {
            GatedWriter writer = new GatedWriter().open();
            writers.add(writer);
            swept.open(writer, TestAdmission.toEverything(), opened -> (p, message) -> {})
                    .join(room, room, WireFormat.PLAIN, Start.NOW);
        }
        looks.set(0);
        swept.sweep();
        assertThat(looks.get()).as("looks at the clock, one for each room").isEqualTo(3);
        assertThat(writers)
                .filteredOn(writer -> writer.closeReason() != null)
                .singleElement()
                .satisfies(
                        writer -> assertThat(writer.closeReason().getCloseCode().getCode())
                                .isEqualTo(1011));
        assertThat(swept.rooms()).isEqualTo(2);
    }

    @Test
    void theRoomsAreSweptEvenIfTheBrokerIsNot() {
        broker.opening.complete(new History("e", 0, 1, List.of()));
        GatedWriter typed = new GatedWriter().open();
        join(typed, "alice", WireFormat.PARLEY_V1, Start.NOW);
        broker.present(
                IntStream.range(0, 1000)
                        .mapToObj(i -> new Sender("u" + i, 1L << 40 | i))
                        .toList(),
                List.of());
        broker.broken = "sweep";
        hub.sweep();
        assertThat(typed.texts()).last().asString().contains("\"presence\"");
    }

    /** All rooms wait for that thread. */
    @Test
    void onTheBrokersThreadNobodyIsWrittenToAndNobodysCodeRuns() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        LocalHub threaded = new LocalHub();
        threaded.use(TestSettings.small(), broker, new Metrics(meters), health, new Drain(), TestBudgets.large());
        threaded.start(tasks::add);
        GatedWriter writer = new GatedWriter().open();
        List<String> answers = new ArrayList<>();
        LocalPeer alice = threaded.open(writer, TestAdmission.toEverything(), opened -> {
            Membership room = opened.join("r", "alice", WireFormat.PARLEY_V1);
            return (p, message) -> room.publish(message, "id").thenAccept(position -> answers.add("ack"));
        });
        runAll(tasks);

        broker.opening.complete(new History("e", 0, 0, List.of()));
        assertThat(writer.texts()).isEmpty();
        runAll(tasks);
        assertThat(writer.texts()).hasSize(1).first().asString().contains("\"welcome\"");

        var publishing = new CompletableFuture<Position>();
        broker.publishing = publishing;
        alice.text("hi", true);
        runAll(tasks);
        publishing.complete(new Position("e", 1));
        assertThat(answers).isEmpty();
        runAll(tasks);
        assertThat(answers).containsExactly("ack");

        var newest = new CompletableFuture<Long>();
        broker.newest = newest;
        threaded.newest("r", 1).thenAccept(page -> answers.add("page"));
        var history = new CompletableFuture<History>();
        broker.history = history;
        threaded.newest("closed", 1).thenAccept(page -> answers.add("page of a closed room"));
        newest.complete(0L);
        history.complete(new History("e", 0, 0, List.of()));
        assertThat(answers).containsExactly("ack");
        runAll(tasks);
        assertThat(answers).containsExactlyInAnyOrder("ack", "page", "page of a closed room");
        assertThat(broker.calls).contains("history closed 0").doesNotContain("history r 0");

        broker.listener.renewed("r", "f", 0);
        assertThat(writer.texts()).hasSize(1);
        runAll(tasks);
        assertThat(writer.texts()).hasSize(2).last().asString().contains("\"epoch\":\"f\"");
    }

    private static void runAll(Deque<Runnable> tasks) {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    private double overtaken() {
        return meters.get("parley.overtaken").functionCounter().count();
    }

    private LocalPeer join(GatedWriter writer, String user, WireFormat form, Start start) {
        LocalPeer peer = hub.open(writer, TestAdmission.toEverything(), opened -> (p, message) -> {});
        peer.join("r", user, form, start);
        return peer;
    }

    private static Publication publication(long offset, long previous) {
        return publication("r", offset, previous);
    }

    private static Publication publication(String room, long offset, long previous) {
        return new Publication(
                room, "e", offset, previous, new Sender("u", 1), null, Instant.EPOCH, new Content.Text("" + offset));
    }

    private static final class SlowBroker implements Broker {
        CompletableFuture<History> opening = new CompletableFuture<>();
        final List<String> calls = new ArrayList<>();
        CompletionStage<Position> publishing = new CompletableFuture<>();
        CompletionStage<History> history = new CompletableFuture<>();
        CompletionStage<Long> newest = CompletableFuture.completedFuture(0L);
        long last; // of all rooms

        @Nullable
        String broken; // the room that the broker throws for

        Listener listener;

        private void failIn(String room) {
            if (room.equals(broken)) {
                throw new AssertionError("a bug of the broker");
            }
        }

        void deliver(long offset, long previous) {
            deliver("r", offset, previous);
        }

        void deliver(String room, long offset, long previous) {
            deliver(publication(room, offset, previous));
        }

        void deliver(Publication publication) {
            listener.deliver(publication);
            listener.delivered(publication.room());
        }

        void present(List<Sender> joined, List<Sender> left) {
            listener.present("r", joined, left);
            listener.delivered("r");
        }

        @Override
        public void attach(Listener hub) {
            listener = hub;
        }

        @Override
        public CompletionStage<@Nullable Void> open(String room, int limit, Consumer<History> opened) {
            calls.add("open " + room);
            failIn(room);
            return opening.thenAccept(opened);
        }

        @Override
        public void release(String room) {
            calls.add("release " + room);
        }

        @Override
        public CompletionStage<Position> publish(String room, Sender sender, @Nullable String id, Content content) {
            return publishing;
        }

        @Override
        public CompletionStage<History> history(String room, long after, int limit) {
            calls.add("history " + room + " " + after);
            failIn(room);
            return history;
        }

        @Override
        public CompletionStage<RoomEnd> end(String room) {
            failIn("end");
            return newest.thenApply(offset -> new RoomEnd(offset, Math.max(offset, last)));
        }

        @Override
        public void typing(String room, Sender sender) {
            listener.typing(room, sender);
        }

        @Override
        public void joined(String room, Sender member) {
            calls.add("joined " + room + " " + member.user());
        }

        @Override
        public void left(String room, Sender member) {
            calls.add("left " + room + " " + member.user());
        }

        @Override
        public CompletionStage<Integer> elsewhere(String room) {
            return CompletableFuture.completedFuture(2);
        }

        @Override
        public void close() {}

        @Override
        public void sweep() {
            calls.add("sweep");
            failIn("sweep");
        }
    }
}
