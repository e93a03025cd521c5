package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.ops.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class QuotasTest {

    private static final Network ALICE = Network.parse("192.0.2.1");
    private static final Network BOB = Network.parse("192.0.2.2");

    private final AtomicLong clock = new AtomicLong();
    private final Quotas quotas = new Quotas(3, 2, clock::get);

    @Test
    void oneMoreFromAnAddressIs429AndTakesNothing() throws Refusal {
        quotas.take(ALICE);
        Seat second = quotas.take(ALICE);
        assertRefused(ALICE, 429);
        assertThat(quotas.taken()).isEqualTo(2);
        second.release();
        quotas.take(ALICE);
    }

    @Test
    void oneMoreInAllIs503AndTakesNothing() throws Refusal {
        quotas.take(ALICE);
        quotas.take(ALICE);
        Seat third = quotas.take(BOB);
        assertRefused(BOB, 503);
        assertThat(quotas.taken()).isEqualTo(3);
        third.release();
        assertThat(quotas.sites()).isEqualTo(1);
        quotas.take(BOB);
    }

    @Test
    void aSeatIsGivenBackOnce() throws Refusal {
        Seat seat = quotas.take(ALICE);
        quotas.take(ALICE);
        seat.use();
        seat.release();
        seat.release();
        assertThat(quotas.taken()).isEqualTo(1);
        assertThat(quotas.sites()).isEqualTo(1);
    }

    @Test
    void aSeatThatNobodyCameForIsTakenBack() throws Refusal {
        quotas.take(ALICE);
        Seat used = quotas.take(ALICE);
        used.use();
        clock.addAndGet(Quotas.PATIENCE.toNanos() - 1);
        assertRefused(ALICE, 429);
        clock.addAndGet(1);
        assertThat(quotas.taken()).isEqualTo(1);
        quotas.take(ALICE);
        used.release();
        assertThat(quotas.taken()).isEqualTo(1);
    }

    @Test
    void aPeerThatComesAfterItsSeatWasTakenBackIsCounted() throws Refusal {
        Seat late = quotas.take(ALICE);
        clock.addAndGet(Quotas.PATIENCE.toNanos());
        assertThat(quotas.taken()).isZero();
        late.use();
        assertThat(quotas.taken()).isEqualTo(1);
        late.release();
        assertThat(quotas.taken()).isZero();
        assertThat(quotas.sites()).isZero();
    }

    @Test
    void manyThreadsLeaveNothingBehind() throws Exception {
        int threads = 4;
        var most = new AtomicInteger();
        var barrier = new CyclicBarrier(threads);
        var executor = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                Network address = i % 2 == 0 ? ALICE : BOB;
                all.add(executor.submit(() -> {
                    barrier.await();
                    for (int n = 0; n < 10_000; n++) {
                        try {
                            Seat seat = quotas.take(address);
                            most.accumulateAndGet(quotas.taken(), Math::max);
                            if (n % 3 > 0) {
                                seat.use();
                            }
                            seat.release();
                        } catch (Refusal expected) {
                            Thread.onSpinWait();
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        } finally {
            executor.shutdownNow();
        }
        assertThat(quotas.taken()).isZero();
        assertThat(quotas.sites()).isZero();
        assertThat(most).hasPositiveValue();
    }

    private void assertRefused(Network address, int status) {
        assertThatThrownBy(() -> quotas.take(address)).isInstanceOfSatisfying(Refusal.class, refusal -> {
            assertThat(refusal.status()).isEqualTo(status);
            assertThat(Integer.parseInt(refusal.headers().get("Retry-After"))).isBetween(1, 60);
        });
    }
}
