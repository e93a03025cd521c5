package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.Crowd;
import dev.parley.testing.Crowd.Client;
import dev.parley.testing.RawSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A planned stop, as Ctrl-C or an orchestrator makes it, while the rooms are busy. */
@Tag("long")
class StopIT extends Hostile {

    private static final int PEERS = 500;
    private static final int ROOMS = 10;
    private static final int A_SECOND = 500;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void plannedStop() throws Exception {
        unprobed(Threat.PLANNED_STOP, found -> {
            var said = new AtomicLong();
            var heard = new AtomicLong();
            var clients = new ArrayList<Client>();
            var clock = Executors.newSingleThreadScheduledExecutor();
            var listener = new Crowd.Listener() {
                @Override
                public void message(Client client, ByteBuffer message) {
                    heard.incrementAndGet();
                }
            };
            try (var crowd = new Crowd(server.base(), listener)) {
                for (int i = 0; i < PEERS; i++) {
                    clients.add(crowd.connect("/ws/chat/stop" + i % ROOMS));
                }
                await().atMost(PATIENCE).until(() -> crowd.open() == PEERS);
                clock.scheduleAtFixedRate(
                        () -> crowd.execute(() -> {
                            int number = (int) said.getAndIncrement();
                            clients.get(number % PEERS)
                                    .send(RawSocket.TEXT, ("line " + number).getBytes(StandardCharsets.US_ASCII));
                        }),
                        0,
                        1_000_000 / A_SECOND,
                        TimeUnit.MICROSECONDS);
                await().atMost(PATIENCE).until(() -> said.get() > 3 * A_SECOND);
                long start = System.nanoTime();
                suite.stopServer();
                found.add(
                        "%d peers, %,d messages said, %,d heard; stopped in %.1f s",
                        PEERS, said.get(), heard.get(), (System.nanoTime() - start) / 1e9);
                await().atMost(PATIENCE).until(() -> crowd.open() == 0);
                found.add("closes by code: %s", crowd.ends());
                assertThat(crowd.ended(1006)).as("closed with 1006").isZero();
            } finally {
                clock.shutdownNow();
                startServer();
            }
        });
    }
}
