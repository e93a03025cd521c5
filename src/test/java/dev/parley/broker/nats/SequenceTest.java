package dev.parley.broker.nats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.Broker;
import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.ops.Budget;
import dev.parley.ops.Settings;
import dev.parley.ops.TestBudgets;
import dev.parley.protocol.Content;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

class SequenceTest {

    private static final String EPOCH = "e";

    private final List<String> told = new ArrayList<>(); // to the hub
    private final Budget budget = TestBudgets.large();
    private final Sequence sequence = sequence(new Settings.Room(4, 1 << 20));

    private Sequence sequence(Settings.Room bounds) {
        Broker.Listener listener = (Broker.Listener) Proxy.newProxyInstance(
                Broker.Listener.class.getClassLoader(),
                new Class<?>[] {Broker.Listener.class},
                (self, method, args) -> {
                    told.add(
                            method.getName().equals("lost")
                                    ? "lost " + args[1] + "-" + args[2]
                                    : "" + ((Publication) args[0]).offset());
                    return null;
                });
        return new Sequence("r", bounds, budget.account(Budget.Holder.ROOMS), () -> listener);
    }

    @Test
    void deliversRepeatedMessagesOnce() {
        sequence.start(kept(0));
        take(1, 0);
        take(1, 0);
        take(2, 1);
        take(1, 0);
        assertThat(told).containsExactly("1", "2");
        assertThat(sequence.asks()).isFalse();
    }

    @Test
    void deliversMessagesThatArriveDuringTheOpeningAfterTheHistory() {
        take(2, 1);
        take(3, 2);
        assertThat(told).isEmpty();
        sequence.start(kept(0, 1, 2));
        take(4, 3);
        assertThat(told).containsExactly("3", "4");
    }

    @Test
    void waitsForAMissingMessageUntilTheStreamHasIt() {
        sequence.start(kept(0, 1));
        take(4, 3);
        assertThat(told).isEmpty();
        assertThat(sequence.asks()).isTrue();
        assertThat(sequence.last()).isEqualTo(1);
        assertThat(sequence.wanted()).isEqualTo(4);
        assertThat(sequence.asks()).as("asked already").isFalse();
        assertThat(sequence.repair(kept(1, 2))).as("a moment behind").isTrue();
        assertThat(sequence.asks()).isTrue();
        assertThat(sequence.last()).isEqualTo(2);
        take(5, 4);
        take(4, 3);
        sequence.repair(kept(2, 3, 4, 5));
        assertThat(told).containsExactly("2", "3", "4", "5");
        assertThat(sequence.asks()).isFalse();
        assertThat(budget.used()).isZero();
    }

    @Test
    void tellsALossIfTheStreamNoLongerHasTheMessage() {
        sequence.start(kept(0, 1));
        take(5, 4);
        sequence.asks();
        sequence.repair(kept(3, 4));
        assertThat(told).containsExactly("lost 2-3", "4", "5");
    }

    @Test
    void tellsALossBetweenTwoMessagesOfTheStream() {
        sequence.start(kept(0, 1, 3));
        take(7, 6);
        sequence.asks();
        sequence.repair(new History(EPOCH, 3, 6, List.of(publication(4, 3), publication(6, 5))));
        assertThat(told).containsExactly("4", "lost 5-5", "6", "7");
    }

    @Test
    void deliversWaitingMessagesEvenIfTheStreamHasDeletedThem() {
        sequence.start(kept(0, 1));
        take(3, 2);
        sequence.asks();
        sequence.repair(kept(3));
        assertThat(told).containsExactly("lost 2-2", "3");
    }

    @Test
    void givesUpAMissingMessageAfterEightTries() {
        sequence.start(kept(0, 1));
        take(3, 2);
        for (int i = 0; i < 8; i++) {
            assertThat(told).isEmpty();
            assertThat(sequence.asks()).isTrue();
            assertThat(sequence.repair(i % 2 == 0 ? null : kept(1))).isFalse();
        }
        assertThat(told).containsExactly("lost 2-2", "3");
    }

    @Test
    void readsFromTheStreamWhatExceedsTheLimit() {
        sequence.start(kept(0, 1));
        for (long offset = 3; offset <= 9; offset++) {
            take(offset, offset - 1);
        }
        assertThat(sequence.asks()).isTrue();
        assertThat(sequence.repair(kept(1, 2, 3))).as("a moment behind").isTrue();
        assertThat(told).containsExactly("2", "3", "4", "5", "6");
        assertThat(sequence.asks()).isTrue();
        assertThat(sequence.wanted()).isEqualTo(9);
        take(10, 9);
        assertThat(sequence.repair(kept(6, 7, 8, 9))).isTrue();
        assertThat(told).containsExactly("2", "3", "4", "5", "6", "7", "8", "9", "10");
        assertThat(sequence.asks()).isFalse();
    }

    @Test
    void givesUpMessagesThatTheStreamNeverReturns() {
        sequence.start(kept(0, 1));
        for (long offset = 3; offset <= 9; offset++) {
            take(offset, offset - 1);
        }
        for (int i = 0; i < 16; i++) {
            assertThat(sequence.asks()).isTrue();
            sequence.repair(null);
        }
        assertThat(told).containsExactly("lost 2-2", "3", "4", "5", "6", "lost 7-9");
        assertThat(sequence.asks()).isFalse();
    }

    @Test
    void limitsWhatWaitsForTheOpeningAndReadsTheRestFromTheStream() {
        for (long offset = 1; offset <= 9; offset++) {
            take(offset, offset - 1);
        }
        sequence.start(kept(0, 1, 2));
        assertThat(told).containsExactly("3", "4");
        assertThat(sequence.asks()).isTrue();
        sequence.repair(kept(4, 5, 6, 7, 8, 9));
        assertThat(told).containsExactly("3", "4", "5", "6", "7", "8", "9");
    }

    @Test
    void ignoresADeletedPredecessor() {
        sequence.start(kept(0, 1));
        take(7, 0);
        assertThat(told).containsExactly("7");
    }

    @Test
    void ignoresTheHistoryOfAnotherEpoch() {
        sequence.start(kept(0, 1));
        take(3, 2);
        sequence.asks();
        sequence.repair(new History("other", 1, 2, List.of(publication(2, 1))));
        assertThat(told).isEmpty();
    }

    @Test
    void limitsAndCountsTheBytesThatWait() {
        Sequence bounded = sequence(new Settings.Room(64, 10_000));
        bounded.start(kept(0));
        Content text = new Content.Text("x".repeat(4_000));
        for (long offset = 3; offset <= 9; offset++) {
            bounded.take(
                    new Publication("r", EPOCH, offset, offset - 1, new Sender("u", 1), null, Instant.EPOCH, text));
        }
        assertThat(told).isEmpty();
        assertThat(budget.used()).isBetween(8_000L, 12_000L);
        bounded.repair(kept(0, 1, 2));
        assertThat(told).containsExactly("1", "2", "3", "4");
        bounded.close();
        assertThat(budget.used()).isZero();
    }

    @Test
    void startsAnewInANewEpochAndDeliversNothingOfTheOldOne() {
        sequence.start(kept(0));
        take(7, 0);
        take(9, 8);
        assertThat(sequence.asks()).isTrue();
        sequence.renew();
        assertThat(budget.used()).isZero();
        sequence.repair(kept(7, 8, 9));
        take(1, 0);
        take(2, 1);
        assertThat(told).containsExactly("7", "1", "2");
    }

    /** {@code -Dseed=} repeats a run. */
    @Test
    void deliversEveryMessageOnceInOrderWhateverIsLateRepeatedOrLost() {
        long seed = Long.getLong("seed", ThreadLocalRandom.current().nextLong());
        for (int i = 0; i < 2_000; i++) {
            try {
                random(new Random(seed + i));
            } catch (AssertionError e) {
                throw new AssertionError("-Dseed=" + (seed + i) + ": " + e.getMessage(), e);
            }
        }
    }

    private void random(Random random) {
        told.clear();
        Sequence each = sequence(new Settings.Room(1 + random.nextInt(6), 1 << 20));
        List<Publication> stored = new ArrayList<>();
        TreeSet<Long> gone = new TreeSet<>(); // from the stream
        long offset = 0;
        for (int i = 0; i < 40; i++) {
            long before = offset;
            offset += 1 + random.nextInt(3);
            stored.add(publication(offset, before));
        }
        int opened = random.nextInt(40);
        int silent = 0;
        for (int i = 0; i < 40; i++) {
            if (i == opened) {
                each.start(page(stored, 0, i, gone));
            }
            for (int copies = random.nextInt(3); copies > 0; copies--) {
                each.take(stored.get(i - random.nextInt(Math.min(i, 3) + 1)));
            }
            if (random.nextInt(8) == 0) {
                gone.add(stored.get(i).offset());
            }
            if (each.asks()) {
                boolean answers = ++silent > 3 || random.nextInt(4) > 0;
                silent = answers ? 0 : silent;
                each.repair(answers ? page(stored, each.last(), i + 1, gone) : null);
            }
        }
        Publication end = stored.get(39);
        stored.add(new Publication(
                "r", EPOCH, offset + 1, end.offset(), end.sender(), null, Instant.EPOCH, end.content()));
        each.take(stored.get(40));
        for (int i = 0; i < 9 && each.asks(); i++) {
            each.repair(page(stored, each.last(), 41, gone));
        }
        long at = opened == 0 ? 0 : stored.get(opened - 1).offset();
        for (String one : told) {
            boolean lost = one.startsWith("lost ");
            String[] range = one.replace("lost ", "").split("-");
            long from = Long.parseLong(range[0]);
            long to = Long.parseLong(range[range.length - 1]);
            long after = at;
            if (lost) {
                assertThat(from).as(told.toString()).isEqualTo(at + 1);
                assertThat(to).as(told.toString()).isGreaterThanOrEqualTo(from);
                assertThat(stored)
                        .as("in the stream and told as lost: %s", told)
                        .noneMatch(other ->
                                other.offset() >= from && other.offset() <= to && !gone.contains(other.offset()));
            } else {
                assertThat(stored.stream().map(Publication::offset).filter(other -> other > after && other < from))
                        .as("left out before %s: %s", one, told)
                        .isEmpty();
                assertThat(from).as(told.toString()).isGreaterThan(at);
            }
            at = to;
        }
        assertThat(at).as(told.toString()).isEqualTo(offset + 1);
        each.close();
        assertThat(budget.used()).isZero();
    }

    /** What the stream gives after an offset: as the real one, each with the one before it that is still there. */
    private static History page(List<Publication> stored, long after, int to, TreeSet<Long> gone) {
        List<Publication> page = new ArrayList<>();
        stored.subList(0, to).stream()
                .filter(each -> each.offset() > after && !gone.contains(each.offset()))
                .forEach(page::add);
        long last = to == 0 ? after : Math.max(after, stored.get(to - 1).offset());
        return new History(EPOCH, after, page.isEmpty() ? last : Math.max(last, after), page);
    }

    private void take(long offset, long previous) {
        sequence.take(publication(offset, previous));
    }

    private static Publication publication(long offset, long previous) {
        return new Publication(
                "r", EPOCH, offset, previous, new Sender("u", 1), null, Instant.EPOCH, new Content.Text("" + offset));
    }

    private static History kept(long after, long... offsets) {
        List<Publication> publications = new ArrayList<>();
        long last = after;
        for (long offset : offsets) {
            publications.add(publication(offset, last));
            last = offset;
        }
        return new History(EPOCH, after, last, publications);
    }
}
