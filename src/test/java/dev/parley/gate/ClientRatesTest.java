package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ops.Network;
import dev.parley.ops.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ClientRatesTest {

    private static final Client ALICE = Client.of("alice");
    private static final Client BOB = Client.of("bob");

    private final AtomicLong clock = new AtomicLong();
    private final ClientRates rates = rates(10, 1000);

    private ClientRates rates(double messages, double bytes) {
        return new ClientRates(new Settings.Rate(messages, bytes, Duration.ofSeconds(1)), clock::get);
    }

    private int taken(Client client) {
        int taken = 0;
        while (rates.take(client, 1, 0)) {
            taken++;
        }
        return taken;
    }

    private static Client at(String address) {
        return Client.at(Network.parse(address));
    }

    @Test
    void givesEachClientItsOwnRate() {
        assertThat(taken(ALICE)).isEqualTo(10);
        assertThat(rates.isExhausted(ALICE)).isTrue();
        assertThat(rates.isExhausted(BOB)).isFalse();
        assertThat(taken(BOB)).isEqualTo(10);
        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(550));
        assertThat(rates.isExhausted(ALICE)).isFalse();
        assertThat(taken(ALICE)).isPositive().isLessThan(10);
    }

    @Test
    void countsBodiesByTheirBytes() {
        assertThat(rates.take(ALICE, 0, 1000)).isTrue();
        assertThat(rates.take(ALICE, 0, 1)).isFalse();
    }

    @Test
    void allowsLargerIpv6BlocksFourTimesAsMuchEach() {
        int taken = 0;
        for (int network = 0; network < 16; network++) {
            taken += taken(at("2001:db8:1:" + Integer.toHexString(network) + "::1"));
        }
        assertThat(taken).as("of the /56 2001:db8:1::").isEqualTo(40);
        for (int network = 1; network < 16; network++) {
            taken += taken(at("2001:db8:1:" + Integer.toHexString(network << 8) + "::1"));
        }
        assertThat(taken).as("of the /48").isEqualTo(160);
        assertThat(taken(at("2001:db8:1:ffff::1"))).isZero();
        assertThat(taken(at("2001:db8:2::1"))).isEqualTo(10);
    }

    @Test
    void givesNobodyAFullBucketByForgetting() {
        assertThat(taken(ALICE)).isEqualTo(10);
        for (int i = 0; i < 2 * ClientRates.MAX_CLIENTS; i++) {
            rates.take(Client.of("stranger " + i), 1, 0);
        }
        assertThat(rates.take(ALICE, 1, 0)).isFalse();
        assertThat(rates.take(Client.of("one more"), 1, 0))
                .as("strangers beyond the bound share a bucket")
                .isFalse();
        clock.addAndGet(TimeUnit.SECONDS.toNanos(2));
        assertThat(taken(Client.of("one more")))
                .as("full buckets were forgotten")
                .isEqualTo(10);
    }

    @Test
    void givesAConnectionNoMoreThanItsClientMaySend() {
        ClientRates lots = rates(5000, 1 << 20);
        RateShare first = new RateShare(lots, ALICE);
        RateShare second = new RateShare(lots, ALICE);
        int taken = 0;
        while (first.admits(true, 1) | second.admits(true, 1)) {
            taken += 2;
        }
        assertThat(taken).isBetween(4980, 5010);
    }

    @Test
    void takesTheLastOfARateOneByOne() {
        RateShare share = new RateShare(rates, ALICE);
        for (int i = 0; i < 10; i++) {
            assertThat(share.admits(true, 100)).as("message %d", i).isTrue();
        }
        assertThat(share.admits(true, 0)).isFalse();
    }

    @Test
    void keepsTheRateWithManyThreads() throws Exception {
        ClientRates shared = rates(100_000, 1 << 30);
        int threads = 4;
        var barrier = new CyclicBarrier(threads);
        var executor = Executors.newFixedThreadPool(threads);
        long taken = 0;
        try {
            List<Future<Integer>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                Callable<Integer> sender = () -> {
                    RateShare share = new RateShare(shared, ALICE);
                    barrier.await();
                    int sent = 0;
                    while (share.admits(true, 10)) {
                        sent++;
                    }
                    return sent;
                };
                all.add(executor.submit(sender));
            }
            for (Future<Integer> each : all) {
                taken += each.get();
            }
        } finally {
            executor.shutdownNow();
        }
        assertThat(taken).isEqualTo(100_000);
    }
}
