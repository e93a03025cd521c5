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
        quotas.take(ALICE, false);
        Seat second = quotas.take(ALICE, false);
        assertRefused(ALICE, 429);
        assertThat(quotas.taken()).isEqualTo(2);
        second.release();
        quotas.take(ALICE, false);
    }

    @Test
    void oneMoreInAllIs503AndTakesNothing() throws Refusal {
        quotas.take(ALICE, false);
        quotas.take(ALICE, false);
        Seat third = quotas.take(BOB, false);
        assertRefused(BOB, 503);
        assertThat(quotas.taken()).isEqualTo(3);
        third.release();
        assertThat(quotas.sites()).isEqualTo(1);
        quotas.take(BOB, false);
    }

    @Test
    void aSeatIsGivenBackOnce() throws Refusal {
        Seat seat = quotas.take(ALICE, false);
        quotas.take(ALICE, false);
        seat.use();
        seat.release();
        seat.release();
        assertThat(quotas.taken()).isEqualTo(1);
        assertThat(quotas.sites()).isEqualTo(1);
    }

    @Test
    void aSeatThatNobodyCameForIsTakenBack() throws Refusal {
        quotas.take(ALICE, false);
        Seat used = quotas.take(ALICE, false);
        used.use();
        clock.addAndGet(Quotas.PATIENCE.toNanos() - 1);
        assertRefused(ALICE, 429);
        clock.addAndGet(1);
        assertThat(quotas.taken()).isEqualTo(1);
        quotas.take(ALICE, false);
        used.release();
        assertThat(quotas.taken()).isEqualTo(1);
    }

    @Test
    void aPeerThatComesAfterItsSeatWasTakenBackIsCounted() throws Refusal {
        Seat late = quotas.take(ALICE, false);
        clock.addAndGet(Quotas.PATIENCE.toNanos());
        assertThat(quotas.taken()).isZero();
        late.use();
        assertThat(quotas.taken()).isEqualTo(1);
        late.release();
        assertThat(quotas.taken()).isZero();
        assertThat(quotas.sites()).isZero();
    }

    @Test
    void givesATenthOfTheSeatsToClientsThatHaveNotSaidWhoTheyAre() throws Refusal {
        Quotas large = new Quotas(20, 20, clock::get);
        Seat first = large.take(ALICE, true);
        Seat second = large.take(BOB, true);
        assertThatThrownBy(() -> large.take(BOB, true)).isInstanceOfSatisfying(Refusal.class, refusal -> {
            assertThat(refusal.status()).isEqualTo(503);
        });
        assertThat(large.taken()).isEqualTo(2);
        large.take(BOB, false);
        first.becomeKnown();
        first.becomeKnown();
        Seat third = large.take(ALICE, true);
        second.release();
        first.release();
        third.release();
        third.becomeKnown();
        large.take(ALICE, true);
        large.take(ALICE, true);
        assertThatThrownBy(() -> large.take(ALICE, true)).isInstanceOf(Refusal.class);
    }

    @Test
    void allowsLargerIpv6BlocksFourTimesAsMuchEach() {
        Quotas large = new Quotas(1000, 2, clock::get);
        int taken = 0;
        for (int network = 0; network < 256; network++) {
            for (int host = 0; host < 3; host++) {
                try {
                    large.take(Network.parse("2001:db8:1:" + Integer.toHexString(network) + "::" + host), false);
                    taken++;
                } catch (Refusal expected) {
                    assertThat(expected.status()).isEqualTo(429);
                }
            }
        }
        assertThat(taken).isEqualTo(8);
        assertThat(large.taken()).isEqualTo(8);
        assertThat(large.sites()).as("four /64, a /56, a /48").isEqualTo(6);
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
                            Seat seat = quotas.take(address, false);
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
        assertThatThrownBy(() -> quotas.take(address, false)).isInstanceOfSatisfying(Refusal.class, refusal -> {
            assertThat(refusal.status()).isEqualTo(status);
            assertThat(Integer.parseInt(refusal.headers().get("Retry-After"))).isBetween(1, 60);
        });
    }
}
