package dev.parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Two nodes with {@code -Dmany.clients=10000} each, almost all of them quiet, as in an application in which one room is talked in. */
@Tag("long")
class ManyClientsIT {

    private static final int CLIENTS = Integer.getInteger("many.clients", 10_000);
    private static final int BUSY = CLIENTS / 20; // of each node: a thousand in all
    private static final int ROOMS = 95; // quiet ones
    private static final int PERIOD_MILLIS = 10; // of each of two speakers: 200 messages a second
    private static final int MESSAGES = 2000; // of each
    private static final long MB = 1 << 20;

    private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(2);

    @Test
    void everybodyReadsAllThatIsSaidAndBothNodesKnowWhoIsThere() throws Exception {
        try (var nats = new NatsServer();
                var wildfly = node("wildfly", nats);
                var payara = node("payara", nats)) {
            await(20).until(() -> wildfly.isReady() && payara.isReady());
            long[] heap = {wildfly.heap(), payara.heap()};
            try (var here = audience(wildfly);
                    var there = audience(payara)) {
                assertThat(List.of(here.count().open(), there.count().open())).containsExactly(CLIENTS, CLIENTS);
                await(30).until(() -> members(wildfly, "busy") == 2 * BUSY && members(payara, "busy") == 2 * BUSY);
                assertThat(members(wildfly)).isEqualTo(2 * CLIENTS);
                assertThat(members(payara)).isEqualTo(2 * CLIENTS);
                System.out.printf(
                        "%,d clients on each of two nodes, all seen on both; each takes %.1f KB of the heap on WildFly, %.1f KB on Payara; resident %d and %d MB%n",
                        CLIENTS,
                        (wildfly.heap() - heap[0]) / 1024.0 / CLIENTS,
                        (payara.heap() - heap[1]) / 1024.0 / CLIENTS,
                        wildfly.resident() / MB,
                        payara.resident() / MB);
                CompletableFuture<Void> one = speak(wildfly, "speaker1");
                CompletableFuture<Void> two = speak(payara, "speaker2");
                CompletableFuture.allOf(one, two).get(120, TimeUnit.SECONDS);
                await(30)
                        .until(() -> here.count().read() == 2L * MESSAGES * BUSY
                                && there.count().read() == 2L * MESSAGES * BUSY);
                assertThat(here.count().broken() + there.count().broken())
                        .as("messages out of order, or twice")
                        .isZero();
                assertThat(members(wildfly)).isEqualTo(2 * CLIENTS);
                assertThat(members(payara)).isEqualTo(2 * CLIENTS);
                long killed = System.nanoTime();
                payara.kill();
                await(30).until(() -> members(wildfly, "busy") == BUSY);
                assertThat(members(wildfly)).isEqualTo(CLIENTS);
                System.out.printf(
                        "%,d messages read; the members of the node that was killed are gone after %.1f s%n",
                        4L * MESSAGES * BUSY, (System.nanoTime() - killed) / 1e9);
                assertThat(here.count().open()).isEqualTo(CLIENTS);
            }
        } finally {
            clock.shutdownNow();
        }
    }

    private static Node node(String server, NatsServer nats) {
        return new Node(
                server,
                "-Dparley.broker=nats",
                "-Dparley.nats.servers=" + nats.address(),
                "-Dparley.nats.bytes=256MiB");
    }

    private static Audience audience(Node node) {
        return new Audience(node.base(), BUSY, CLIENTS - BUSY, ROOMS);
    }

    /** Says numbers, one after the other, at a steady rate. */
    private CompletableFuture<Void> speak(Node node, String user) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        AtomicLong next = new AtomicLong();
        clock.scheduleAtFixedRate(
                () -> {
                    long number = next.getAndIncrement();
                    if (number < MESSAGES) {
                        try {
                            node.api().publish("busy", user, Long.toString(number));
                        } catch (Throwable e) {
                            done.completeExceptionally(e);
                        }
                    } else {
                        done.complete(null);
                    }
                },
                0,
                PERIOD_MILLIS,
                TimeUnit.MILLISECONDS);
        return done;
    }

    /** How many members all rooms have, as one node knows. */
    private static int members(Node node) {
        return IntStream.rangeClosed(0, ROOMS)
                .map(room -> members(node, room == ROOMS ? "busy" : Audience.quiet(room)))
                .sum();
    }

    private static int members(Node node, String room) {
        return node.api().get("/api/rooms/" + room).expect(200).json().getInt("members");
    }

    private static ConditionFactory await(int seconds) {
        return Awaitility.await().atMost(seconds, TimeUnit.SECONDS);
    }
}
