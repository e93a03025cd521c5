package dev.parley.broker.nats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.Sender;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nodes that hear each other over a wire which the test cuts, in time which the test lets pass. */
class RosterTest {

    private static final Sender ALICE = new Sender("alice", 1);
    private static final Sender BOB = new Sender("bob", 2);
    private static final Sender STRANGER = new Sender(null, 3);
    private static final int ENOUGH = 1 << 20;

    private final List<Node> nodes = new ArrayList<>();
    private final Queue<Runnable> due = new ArrayDeque<>();
    private long now;

    /** One node: its roster, what its hub would know, and what came to it. */
    private final class Node implements Roster.Wire, Roster.Watcher {
        private final Map<String, Consumer<byte[]>> listeners = new HashMap<>();
        private final Map<String, Set<Sender>> seen = new HashMap<>();
        private final List<PresenceMessage> came = new ArrayList<>();
        private int maxBytes = ENOUGH;
        private boolean cut;
        private Predicate<PresenceMessage> loses; // the first such message that comes
        private int calls;
        private long told; // bytes
        private final Roster roster = new Roster(this, this, () -> now);

        Node() {
            this(told -> false);
        }

        Node(Predicate<PresenceMessage> loses) {
            this.loses = loses;
            nodes.add(this);
            roster.connected();
            pass();
        }

        @Override
        public void listen(String name, Consumer<byte[]> listener) {
            listeners.put(name, listener);
        }

        @Override
        public void tell(String name, byte[] message) {
            assertThat(message).hasSizeLessThanOrEqualTo(maxBytes);
            if (!cut) {
                told += message.length;
                for (Node node : nodes) {
                    due.add(() -> node.get(name, message));
                }
            }
        }

        private void get(String name, byte[] message) {
            Consumer<byte[]> listener = listeners.get(name);
            if (cut || listener == null) {
                return;
            }
            PresenceMessage told = PresenceMessage.of(message);
            if (told != null && loses.test(told)) {
                loses = next -> false;
                return;
            }
            if (told != null) {
                came.add(told);
            }
            listener.accept(message);
        }

        @Override
        public int maxBytes() {
            return maxBytes;
        }

        @Override
        public void later(Duration delay, Runnable task) {
            due.add(task);
        }

        @Override
        public void changed(String room, Collection<Sender> joined, Collection<Sender> left) {
            calls++;
            assertThat(Collections.disjoint(joined, left)).isTrue();
            Set<Sender> members = seen.computeIfAbsent(room, key -> new HashSet<>());
            left.forEach(member ->
                    assertThat(members.remove(member)).as("%s had come", member).isTrue());
            joined.forEach(member ->
                    assertThat(members.add(member)).as("%s is new", member).isTrue());
        }

        private Set<Sender> members(String room) {
            Set<Sender> members = seen.getOrDefault(room, Set.of());
            assertThat(roster.members(room)).containsExactlyInAnyOrderElementsOf(members);
            return members;
        }

        private long came(PresenceMessage.Kind kind) {
            return came.stream().filter(told -> told.kind() == kind).count();
        }
    }

    /** Lets arrive what is on its way. */
    private void pass() {
        for (Runnable next = due.poll(); next != null; next = due.poll()) {
            next.run();
        }
    }

    private void pass(Duration time) {
        for (long second = 0; second < time.toSeconds(); second++) {
            now += Duration.ofSeconds(1).toNanos();
            nodes.forEach(node -> node.roster.sweep());
            pass();
        }
    }

    @Test
    void whoComesAndGoesIsKnownOnTheOtherNodesAndNotTwiceOnItsOwn() {
        Node a = new Node();
        Node b = new Node();
        Node c = new Node();
        a.roster.joined("r", ALICE);
        a.roster.joined("s", ALICE);
        b.roster.joined("r", BOB);
        b.roster.joined("r", STRANGER);
        pass();
        assertThat(a.members("r")).containsExactlyInAnyOrder(BOB, STRANGER);
        assertThat(b.members("r")).containsExactly(ALICE);
        assertThat(b.members("s")).containsExactly(ALICE);
        assertThat(c.members("r")).containsExactlyInAnyOrder(ALICE, BOB, STRANGER);
        a.roster.left("r", ALICE);
        b.roster.left("r", STRANGER);
        pass();
        assertThat(c.members("r")).containsExactly(BOB);
        assertThat(c.members("s")).containsExactly(ALICE);
        assertThat(c.came(PresenceMessage.Kind.LAST)).as("no list was needed").isZero();
    }

    @Test
    void aMemberThatIsInARoomTwiceIsThereUntilItHasLeftTwice() {
        Node a = new Node();
        Node b = new Node();
        a.roster.joined("r", ALICE);
        a.roster.joined("r", ALICE);
        a.roster.left("r", ALICE);
        pass();
        assertThat(b.members("r")).containsExactly(ALICE);
        a.roster.left("r", ALICE);
        pass();
        assertThat(b.members("r")).isEmpty();
    }

    @Test
    void aStormIsGatheredIntoOneMessageAndOneCall() {
        Node a = new Node();
        Node b = new Node();
        members(1000).forEach(member -> a.roster.joined("r", member));
        a.roster.joined("r", ALICE);
        a.roster.left("r", ALICE);
        pass();
        assertThat(b.members("r")).hasSize(1000).doesNotContain(ALICE);
        assertThat(b.came(PresenceMessage.Kind.CHANGES)).isEqualTo(1);
        assertThat(b.calls).isEqualTo(1);
    }

    /** Issue 7; the figures are those of cluster.md. */
    @Test
    void tenThousandMembersOfANodeAreFiveMessagesAndCostNothingWhileTheyStay() {
        Node a = new Node();
        Node b = new Node();
        List<Sender> all = members(20_000);
        for (Sender member : all) {
            Node node = member.peer() % 2 == 0 ? a : b;
            node.roster.joined("room" + member.peer() % 100, member);
        }
        pass();
        long before = a.told;
        Node late = new Node();
        assertThat(IntStream.range(0, 100)
                        .map(i -> late.members("room" + i).size())
                        .sum())
                .isEqualTo(all.size());
        assertThat(late.came(PresenceMessage.Kind.LAST)).isEqualTo(2);
        assertThat(late.came(PresenceMessage.Kind.PART)).isEqualTo(8);
        assertThat(a.told - before).as("bytes of the list").isLessThan(400_000);
        before = a.told;
        pass(Duration.ofMinutes(1));
        assertThat(a.told - before).as("bytes in a minute without changes").isLessThan(1000);
    }

    @Test
    void aNodeThatStartsLateLearnsAtOnceWhoIsThere() {
        Node a = new Node();
        a.roster.joined("r", ALICE);
        pass();
        Node late = new Node();
        assertThat(late.members("r")).containsExactly(ALICE);
        a.roster.left("r", ALICE);
        pass();
        assertThat(late.members("r")).isEmpty();
    }

    @Test
    void aChangeThatIsLostShowsInTheNextNumberAndTheListMendsIt() {
        Node a = new Node();
        Node b = new Node();
        a.roster.joined("r", ALICE);
        pass();
        b.loses = told -> told.kind() == PresenceMessage.Kind.CHANGES;
        a.roster.left("r", ALICE);
        pass();
        a.roster.joined("r", BOB);
        pass();
        assertThat(b.members("r")).containsExactly(BOB);
        assertThat(a.came(PresenceMessage.Kind.ASK)).isEqualTo(1);
    }

    @Test
    void aLastChangeThatIsLostShowsInTheNextHeartbeat() {
        Node a = new Node();
        Node b = new Node();
        b.loses = told -> told.kind() == PresenceMessage.Kind.CHANGES;
        a.roster.joined("r", ALICE);
        pass();
        assertThat(b.members("r")).isEmpty();
        pass(Duration.ofSeconds(Roster.BEAT));
        assertThat(b.members("r")).containsExactly(ALICE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aListOfWhichAPartIsLostIsAskedForAgain(int lost) {
        Node a = new Node();
        a.maxBytes = PresenceMessage.HEAD + 2 * PresenceMessage.MAX_CHANGE;
        List<Sender> all = members(5);
        all.forEach(member -> a.roster.joined("r", member));
        pass();
        Node b = new Node(told -> told.part() == lost
                && List.of(PresenceMessage.Kind.PART, PresenceMessage.Kind.LAST).contains(told.kind()));
        assertThat(b.members("r")).isEmpty();
        pass(Duration.ofSeconds(Roster.BEAT));
        assertThat(b.members("r")).containsExactlyInAnyOrderElementsOf(all);
    }

    @Test
    void aNodeThatIsSilentIsGoneWithAllItsMembersInOneCall() {
        Node a = new Node();
        Node b = new Node();
        members(5000).forEach(member -> a.roster.joined("r", member));
        pass();
        pass(Duration.ofSeconds(20));
        assertThat(b.members("r")).as("a heartbeat is enough").hasSize(5000);
        int calls = b.calls;
        nodes.remove(a);
        pass(RemoteMembers.DEAD.minusSeconds(Roster.BEAT));
        assertThat(b.members("r")).hasSize(5000);
        pass(Duration.ofSeconds(Roster.BEAT + 1));
        assertThat(b.members("r")).isEmpty();
        assertThat(b.calls - calls).isEqualTo(1);
    }

    @Test
    void aNodeThatGoesTakesItsMembersAwayAtOnceAndSaysNothingMore() {
        Node a = new Node();
        Node b = new Node();
        a.roster.joined("r", ALICE);
        pass();
        a.roster.close();
        a.roster.left("r", ALICE);
        a.roster.sweep();
        pass();
        assertThat(b.members("r")).isEmpty();
        assertThat(b.came.get(b.came.size() - 1).kind()).isEqualTo(PresenceMessage.Kind.BYE);
    }

    @Test
    void aNodeThatWasCutOffLosesTheOthersAndFindsThemAgain() {
        Node a = new Node();
        Node b = new Node();
        a.roster.joined("r", ALICE);
        a.roster.joined("s", ALICE);
        b.roster.joined("r", BOB);
        pass();
        b.cut = true;
        pass(RemoteMembers.DEAD.plusSeconds(Roster.BEAT + 1));
        assertThat(a.members("r")).isEmpty();
        assertThat(b.members("r")).isEmpty();
        a.roster.left("s", ALICE);
        b.roster.joined("r", STRANGER);
        pass();
        b.cut = false;
        b.roster.connected();
        pass();
        assertThat(a.members("r")).containsExactlyInAnyOrder(BOB, STRANGER);
        assertThat(b.members("r")).containsExactly(ALICE);
        assertThat(b.members("s")).isEmpty();
    }

    @Test
    void aNodeThatWasCutOffForAMomentTellsOnlyWhatChanged() {
        Node a = new Node();
        Node b = new Node();
        members(100).forEach(member -> a.roster.joined("r", member));
        pass();
        a.cut = true;
        a.roster.joined("r", BOB);
        pass();
        a.cut = false;
        int calls = b.calls;
        a.roster.connected();
        pass();
        assertThat(b.members("r")).hasSize(101);
        assertThat(b.calls - calls).isEqualTo(1);
    }

    @Test
    void aNodeThatStoodStillHearsWhatHasQueuedUpBeforeItGivesOthersUp() {
        Node a = new Node();
        Node b = new Node();
        a.roster.joined("r", ALICE);
        pass();
        int calls = b.calls;
        now += RemoteMembers.DEAD.plusSeconds(5).toNanos();
        b.roster.sweep();
        pass();
        assertThat(b.members("r")).containsExactly(ALICE);
        assertThat(b.calls).isEqualTo(calls);
        nodes.remove(a);
        pass(RemoteMembers.DEAD.plusSeconds(Roster.BEAT));
        assertThat(b.members("r")).isEmpty();
    }

    @Test
    void thePartsOfTwoListsAreNotMixed() {
        Node b = new Node();
        tell(b, PresenceMessage.Kind.BEAT, 1, 0);
        tell(b, PresenceMessage.Kind.PART, 1, 0, ALICE);
        tell(b, PresenceMessage.Kind.LAST, 2, 1, BOB);
        assertThat(b.members("r")).isEmpty();
        tell(b, PresenceMessage.Kind.PART, 2, 0, BOB);
        tell(b, PresenceMessage.Kind.LAST, 2, 1, STRANGER);
        assertThat(b.members("r")).containsExactlyInAnyOrder(BOB, STRANGER);
    }

    private static void tell(Node node, PresenceMessage.Kind kind, long number, int part, Sender... members) {
        List<PresenceMessage.Change> changes = Arrays.stream(members)
                .map(member -> new PresenceMessage.Change("r", member, true))
                .toList();
        node.get("all", new PresenceMessage(kind, 77, number, part, changes).bytes());
    }

    @Test
    void aNodeThatStartsAgainIsAnother() {
        Node a = new Node();
        Node b = new Node();
        a.roster.joined("r", ALICE);
        pass();
        nodes.remove(a);
        Node again = new Node();
        again.roster.joined("r", BOB);
        pass();
        assertThat(b.members("r")).containsExactlyInAnyOrder(ALICE, BOB);
        pass(RemoteMembers.DEAD.plusSeconds(Roster.BEAT));
        assertThat(b.members("r")).containsExactly(BOB);
    }

    @Test
    void whatIsLongerThanTheServersTakeIsSplit() {
        Node a = new Node();
        a.maxBytes = 4096;
        List<Sender> all = members(1000);
        Node b = new Node();
        all.forEach(member -> a.roster.joined("room" + member.peer() % 7, member));
        pass();
        Node late = new Node();
        for (Node node : List.of(b, late)) {
            int sum = IntStream.range(0, 7)
                    .map(i -> node.members("room" + i).size())
                    .sum();
            assertThat(sum).isEqualTo(1000);
        }
        assertThat(b.came(PresenceMessage.Kind.CHANGES)).isGreaterThan(10);
        assertThat(late.came(PresenceMessage.Kind.PART)).isGreaterThan(10);
    }

    @Test
    void theLongestChangeIsWithinItsBound() {
        byte[] longest = bytes(1, "r".repeat(64), new Sender("\uD83D\uDE00".repeat(64), Long.MAX_VALUE));
        assertThat(longest).hasSize(PresenceMessage.HEAD + PresenceMessage.MAX_CHANGE);
    }

    @Test
    void whatIsNotPresenceIsIgnored() {
        Node a = new Node();
        Node b = new Node();
        a.roster.joined("r", ALICE);
        pass();
        byte[] good = bytes(1, "r", BOB);
        for (int length = 0; length < good.length; length++) {
            if (length == PresenceMessage.HEAD || length == PresenceMessage.HEAD + 4) {
                continue; // between two things it is whole, and says less
            }
            byte[] cut = Arrays.copyOf(good, length);
            nodes.forEach(node -> node.get("all", cut));
        }
        byte[] future = good.clone();
        future[0] = 2;
        byte[] kind = good.clone();
        kind[1] = 0;
        for (byte[] bad : List.of(
                future,
                kind,
                bytes(1, "no room", BOB),
                bytes(1, "r", new Sender("* forged\r\nline", 9)),
                bytes(1, "x".repeat(65), BOB))) {
            b.get("all", bad);
        }
        pass();
        assertThat(b.members("r")).containsExactly(ALICE);
        b.get("all", good);
        assertThat(b.members("r")).containsExactlyInAnyOrder(ALICE, BOB);
    }

    @Test
    void aMemberWhoseNameBreaksTheRulesIsNotToldAndHoldsNobodyUp() {
        Node a = new Node();
        Node b = new Node();
        a.roster.joined("r", new Sender("a:b", 9));
        a.roster.joined("/ws", BOB);
        a.roster.joined("r", ALICE);
        a.roster.left("r", new Sender("a:b", 9));
        a.roster.left("/ws", BOB);
        pass();
        assertThat(b.members("r")).containsExactly(ALICE);
        assertThat(b.seen).containsOnlyKeys("r");
    }

    private static byte[] bytes(long number, String room, Sender member) {
        return new PresenceMessage(
                        PresenceMessage.Kind.CHANGES,
                        77,
                        number,
                        0,
                        List.of(new PresenceMessage.Change(room, member, true)))
                .bytes();
    }

    private static List<Sender> members(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new Sender("user" + i, 1000 + i))
                .toList();
    }
}
