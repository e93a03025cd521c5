package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ops.Budget.Holder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BudgetTest {

    private static final int KB = 1024;
    private static final long LIMIT = 1024 * KB;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<String> order = new ArrayList<>();
    private long now;
    private final Budget budget = new Budget(LIMIT, new Metrics(meters), () -> now);

    @Test
    void anAccountTakesInStepsAndKeepsAFew() {
        Budget.Account account = budget.account(Holder.MESSAGES);
        assertThat(account.hold(1)).isTrue();
        assertThat(budget.used()).isEqualTo(4 * KB);
        assertThat(account.hold(4 * KB)).isFalse();
        assertThat(account.hold(20 * KB)).isTrue();
        assertThat(budget.used()).isEqualTo(20 * KB);
        assertThat(account.hold(4 * KB)).isFalse();
        assertThat(budget.used()).as("slack").isEqualTo(20 * KB);
        account.hold(3 * KB);
        assertThat(budget.used()).isEqualTo(4 * KB);
        account.settle(0);
        assertThat(budget.used()).isZero();
    }

    @Test
    void aClosedAccountTakesNothing() {
        Budget.Account account = budget.account(Holder.OUTBOXES);
        account.hold(100 * KB);
        account.close();
        assertThat(account.hold(200 * KB)).isFalse();
        assertThat(budget.used()).isZero();
        assertThat(budget.used(Holder.OUTBOXES)).isZero();
    }

    @Test
    void whatFitsDisturbsNobody() {
        history(KB, 1);
        backlog("reader", KB);
        budget.account(Holder.OUTBOXES).hold(LIMIT / 2);
        assertThat(budget.fits(Holder.OUTBOXES, 0)).isTrue();
        assertThat(order).isEmpty();
    }

    @Test
    void theOldestHistoryOfAllGoesFirst() {
        Log a = new Log("a", Holder.HISTORY, 100 * KB, 1, 4, 5);
        Log b = new Log("b", Holder.HISTORY, 100 * KB, 2, 3, 6);
        Log c = new Log("c", Holder.ROOMS, 100 * KB, 7);
        budget.brokerHistory(() -> Stream.of(a, b));
        budget.roomHistory(() -> Stream.of(c));
        budget.account(Holder.OUTBOXES).hold(580 * KB);
        assertThat(budget.fits(Holder.OUTBOXES, 0)).isTrue();
        assertThat(order).containsExactly("a1", "b2", "b3", "a4");
        assertThat(budget.used()).isLessThanOrEqualTo(LIMIT - LIMIT / 8);
        assertThat(yields("history")).isEqualTo(4);
    }

    @Test
    void slowReadersGoWhenNoHistoryIsLeftTheLargestFirst() {
        history(100 * KB, 1);
        Waiting small = new Waiting("small", 200 * KB, 200 * KB);
        Waiting large = new Waiting("large", 400 * KB, 300 * KB);
        budget.backlogs(() -> Stream.of(small, large));
        budget.account(Holder.OUTBOXES).hold(500 * KB);
        assertThat(budget.fits(Holder.OUTBOXES, 0)).isTrue();
        assertThat(order).containsExactly("1", "large");
        assertThat(yields("slow-reader")).isEqualTo(1);
    }

    @Test
    void oneThatWasCutIsCutAgainIfItIsStillTheLargest() {
        Waiting large = new Waiting("large", 800 * KB, 250 * KB);
        Waiting small = new Waiting("small", 200 * KB, 200 * KB);
        budget.backlogs(() -> Stream.of(small, large));
        budget.account(Holder.OUTBOXES).hold(400 * KB);
        assertThat(budget.fits(Holder.OUTBOXES, 0)).isTrue();
        assertThat(order).containsExactly("large", "large");
    }

    @Test
    void whatNobodyCanMakeRoomForIsRefused() {
        budget.account(Holder.ROOMS).hold(LIMIT);
        assertThat(budget.fits(Holder.HISTORY, 0)).isTrue();
        assertThat(budget.fits(Holder.HISTORY, 1)).isFalse();
        assertThat(yields("publication")).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(names = {"MESSAGES", "BODIES", "RESPONSES"})
    void whatCannotMakeRoomMayUseAQuarter(Holder holder) {
        budget.account(holder).hold(LIMIT / 4);
        assertThat(budget.fits(holder, 0)).isTrue();
        assertThat(budget.fits(holder, 1)).isFalse();
        assertThat(budget.fits(Holder.OUTBOXES, LIMIT / 2)).isTrue();
    }

    @Test
    void aSearchThatFoundNothingIsNotRepeatedAtOnce() {
        int[] searches = {0};
        budget.backlogs(() -> {
            searches[0]++;
            return Stream.of();
        });
        budget.account(Holder.ROOMS).hold(2 * LIMIT);
        budget.relieve();
        budget.relieve();
        assertThat(searches[0]).isEqualTo(1);
        now += TimeUnit.MILLISECONDS.toNanos(100);
        budget.relieve();
        assertThat(searches[0]).isEqualTo(2);
    }

    @Test
    void aHolderThatFailsStopsNoLaterSearch() {
        boolean[] fails = {true};
        Waiting reader = new Waiting("reader", LIMIT, LIMIT);
        budget.backlogs(() -> {
            if (fails[0]) {
                throw new OutOfMemoryError("for the test");
            }
            return Stream.of(reader);
        });
        assertThat(budget.fits(Holder.OUTBOXES, 1)).isFalse();
        fails[0] = false;
        now += TimeUnit.SECONDS.toNanos(1);
        assertThat(budget.fits(Holder.OUTBOXES, 1)).isTrue();
    }

    @Test
    void nobodyIsRefusedForALittleWhileAnotherMakesRoom() {
        boolean[] meanwhile = new boolean[2];
        budget.backlogs(() -> {
            meanwhile[0] = budget.fits(Holder.HISTORY, 1);
            meanwhile[1] = budget.fits(Holder.HISTORY, LIMIT / 4);
            return Stream.of();
        });
        budget.account(Holder.ROOMS).hold(LIMIT);
        assertThat(budget.fits(Holder.HISTORY, 1)).isFalse();
        assertThat(meanwhile).containsExactly(true, false);
    }

    @Test
    void aScrapeTellsWhatIsUsedForWhatAndTheLimit() {
        budget.account(Holder.BODIES).hold(10 * KB);
        assertThat(meters.get("parley.memory").tag("holder", "bodies").gauge().value())
                .isEqualTo(12 * KB);
        assertThat(meters.get("parley.memory.limit").gauge().value()).isEqualTo(LIMIT);
    }

    /** Threads that take, give and close at random: at the end nothing is taken. */
    @Test
    void whatManyThreadsTakeTheyGiveBack() throws Exception {
        long seed = System.nanoTime();
        int threads = 4;
        CountDownLatch done = new CountDownLatch(threads);
        List<Budget.Account> accounts = Stream.of(Holder.values())
                .flatMap(holder -> Stream.generate(() -> budget.account(holder)).limit(20))
                .toList();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            for (int t = 0; t < threads; t++) {
                Random random = new Random(seed + t);
                pool.execute(() -> {
                    for (int i = 0; i < 100_000; i++) {
                        Budget.Account account = accounts.get(random.nextInt(accounts.size()));
                        switch (random.nextInt(5_000)) {
                            case 0 -> account.close();
                            case 1, 2, 3 -> account.settle(random.nextInt(50 * KB));
                            default -> account.hold(random.nextInt(50 * KB));
                        }
                    }
                    done.countDown();
                });
            }
            assertThat(done.await(60, TimeUnit.SECONDS)).as("seed %d", seed).isTrue();
        } finally {
            pool.shutdownNow();
        }
        accounts.forEach(Budget.Account::close);
        assertThat(budget.used()).as("seed %d", seed).isZero();
        for (Holder holder : Holder.values()) {
            assertThat(budget.used(holder)).as("seed %d", seed).isZero();
        }
    }

    private void history(long each, long... offsets) {
        Log log = new Log("", Holder.HISTORY, each, offsets);
        budget.brokerHistory(() -> Stream.of(log));
    }

    private void backlog(String name, long size) {
        Waiting waiting = new Waiting(name, size, size);
        budget.backlogs(() -> Stream.of(waiting));
    }

    private double yields(String reason) {
        return meters.get("parley.memory.yields")
                .tag("reason", reason)
                .counter()
                .count();
    }

    private final class Log implements Budget.Kept {
        private final String name;
        private final Budget.Account account;
        private final long each;
        private final Deque<Long> offsets = new ArrayDeque<>();

        Log(String name, Holder holder, long each, long... offsets) {
            this.name = name;
            this.account = budget.account(holder);
            this.each = each;
            for (long offset : offsets) {
                this.offsets.add(offset);
            }
            account.hold(each * this.offsets.size());
        }

        @Override
        public long oldest() {
            return offsets.isEmpty() ? Long.MAX_VALUE : offsets.element();
        }

        @Override
        public int letGo(long upTo, long bytes) {
            int count = 0;
            for (; oldest() <= upTo && !offsets.isEmpty() && each * count < bytes; count++) {
                order.add(name + offsets.remove());
            }
            account.settle(each * offsets.size());
            return count;
        }
    }

    private final class Waiting implements Budget.Backlog {
        private final String name;
        private final Budget.Account account = budget.account(Holder.ROOMS);
        private final long cut;
        private long size;

        Waiting(String name, long size, long cut) {
            this.name = name;
            this.size = size;
            this.cut = cut;
            account.hold(size);
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public void cut() {
            order.add(name);
            size -= Math.min(size, cut);
            account.settle(size);
        }
    }
}
