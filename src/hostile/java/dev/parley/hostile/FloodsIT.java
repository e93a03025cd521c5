package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.Crowd;
import dev.parley.testing.Crowd.Client;
import dev.parley.testing.RawSocket;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Too many connections, messages, pings. */
class FloodsIT extends Hostile {

    private static final int PEERS = 800;
    private static final int PEERS_PER_ADDRESS = 500;
    private static final int MORE = 20;
    private static final int CHURN = 5000;
    private static final int CHURN_AT_ONCE = 100;
    private static final int RATE = 100;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration FLOOD = Duration.ofSeconds(10);

    @Override
    List<String> settings() {
        return List.of(
                "-Dparley.gate.peers=" + PEERS,
                "-Dparley.gate.peers-per-address=" + PEERS_PER_ADDRESS,
                "-Dparley.rate.messages=" + RATE + "/s",
                // The harness warms up with more than that at once.
                "-Dparley.rate.burst=60s");
    }

    @Test
    void connectionFlood() throws Exception {
        row(Threat.CONNECTION_FLOOD, found -> {
            int probe = 1;
            try (var crowd = new Crowd(server.base(), new Crowd.Listener() {})) {
                for (int i = probe; i < PEERS_PER_ADDRESS; i++) {
                    crowd.connect("/ws/chat/flood" + i % 50);
                }
                await().atMost(PATIENCE).until(() -> crowd.open() == PEERS_PER_ADDRESS - probe);
                for (int i = 0; i < MORE; i++) {
                    crowd.connect("/ws/echo");
                }
                await().atMost(PATIENCE).until(() -> crowd.ended(429) == MORE);
                assertRefused(429);
                for (int i = PEERS_PER_ADDRESS; i < PEERS; i++) {
                    crowd.connectFrom("127.0.0.2", "/ws/chat/flood" + i % 50);
                }
                await().atMost(PATIENCE).until(() -> crowd.open() == PEERS - probe);
                for (int i = 0; i < MORE; i++) {
                    crowd.connectFrom("127.0.0.3", "/ws/echo");
                }
                await().atMost(PATIENCE).until(() -> crowd.ended(503) == MORE);
                found.add(
                        "%d from one address, then %d of %d 429; %d in all, then %d of %d 503",
                        PEERS_PER_ADDRESS, MORE, MORE, PEERS, MORE, MORE);
                crowd.drop();
                await().atMost(PATIENCE).until(() -> crowd.open() == 0);
            }
            awaitRegistries(probe);
            long start = System.nanoTime();
            try (var crowd = new Crowd(server.base(), new Passers())) {
                for (int i = 0; i < CHURN; i++) {
                    crowd.connect("/ws/chat/flood" + i % 50, i);
                    int done = i - CHURN_AT_ONCE;
                    if (done % 10 == 0) {
                        await().pollInterval(Duration.ofMillis(1))
                                .atMost(PATIENCE)
                                .until(() -> crowd.ends().values().stream()
                                                .mapToInt(Number::intValue)
                                                .sum()
                                        > done);
                    }
                }
                await().atMost(PATIENCE).until(() -> crowd.open() == 0);
                found.add("%,d opens and closes in %.1f s: %s", CHURN, (System.nanoTime() - start) / 1e9, crowd.ends());
            }
            awaitRegistries(probe);
            found.add("then peers and rooms 0");
        });
    }

    /** They go as soon as they have come: with a close, or with a reset. */
    private static final class Passers implements Crowd.Listener {
        @Override
        public void opened(Client client) {
            if (client.mark() % 2 == 0) {
                client.send(RawSocket.CLOSE, new byte[] {3, (byte) 0xE8});
            } else {
                client.reset();
            }
        }
    }

    private void assertRefused(int status) {
        try (var socket = RawSocket.connect(server.base())) {
            var response = socket.handshake("/ws/echo");
            assertThat(response.status()).isEqualTo(status);
            assertThat(response.header("Retry-After")).as("Retry-After").matches("[1-9]\\d*");
        }
    }

    private void awaitRegistries(int peers) {
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(server.api().metric("parley_peers")).as("peers").isEqualTo(peers);
            assertThat(server.api().metric("parley_rooms")).as("rooms").isZero();
        });
    }

    @Test
    void messageFlood() throws Exception {
        row(Threat.MESSAGE_FLOOD, found -> {
            try (var socket = RawSocket.open(server.base(), "/ws/echo?prefix=")) {
                long start = System.nanoTime();
                var end = flood(socket, 10 * RATE, RawSocket.encode(RawSocket.TEXT, true, true, (byte) 'x'));
                found.add("%s after %.1f s at %d a second", end, (System.nanoTime() - start) / 1e9, 10 * RATE);
                assertThat(end).isEqualTo("1008");
            }
            found.add("processor back in %d s", secondsUntilIdle());
        });
    }

    /** Where a container reads the frames, it answers pings itself and tells the WAR of none; of pongs it tells. */
    @Test
    @Tag("long")
    void pingFlood() throws Exception {
        row(Threat.PING_FLOOD, found -> {
            long heap = server.heap();
            var ping = RawSocket.encode(RawSocket.PING, true, true, new byte[125]);
            var many = ByteBuffer.allocate(100 * ping.length);
            while (many.hasRemaining()) {
                many.put(ping);
            }
            long processor = server.processorMillis();
            String reader;
            try (var socket = RawSocket.open(server.base(), "/ws/echo")) {
                reader = flood(socket, 1000, many.array());
                if (reader.equals("1008")) {
                    found.add("one that reads its pongs: %s", reader);
                } else {
                    found.unmet("one that reads its pongs: %s", reader);
                }
            }
            found.add("%.0f %% of a processor", (server.processorMillis() - processor) / 10.0 / FLOOD.toSeconds());
            try (var socket = RawSocket.connect(server.base(), 2048)) {
                socket.upgrade("/ws/echo");
                var writer = new Thread(() -> {
                    try {
                        while (!Thread.interrupted()) {
                            socket.write(many.array());
                        }
                    } catch (UncheckedIOException e) {
                        // Cut, or it has been closed below.
                    }
                });
                writer.start();
                writer.join(FLOOD.toMillis());
                long grown = server.heap() - heap;
                found.add("one that does not: heap %+.1f MB after %d s", grown / 1e6, FLOOD.toSeconds());
                socket.reset();
                writer.join();
                assertThat(grown).as("heap growth").isLessThan(20 * MB);
            }
            try (var socket = RawSocket.open(server.base(), "/ws/echo")) {
                var end = flood(socket, 10 * RATE, RawSocket.encode(RawSocket.PONG, true, true));
                found.add("pongs that nobody asked for: %s", end);
                assertThat(end).isEqualTo("1008");
            }
            found.add("processor back in %d s", secondsUntilIdle());
            boolean readsFrames = System.getProperty("parley.writer").equals("auto");
            assertThat(reader).as("one that reads").isEqualTo(readsFrames ? "1008" : "not closed");
        });
    }

    /** Writes these bytes so often a second, and reads; the code that ends it, or "not closed". */
    private static String flood(RawSocket socket, int aSecond, byte[] bytes) throws InterruptedException {
        var writer = new Thread(() -> {
            long start = System.nanoTime();
            try {
                for (long i = 0; System.nanoTime() - start < FLOOD.toNanos() && !Thread.interrupted(); i++) {
                    LockSupport.parkNanos(start + i * 1_000_000_000L / aSecond - System.nanoTime());
                    socket.write(bytes);
                }
                socket.close(1000, "");
            } catch (UncheckedIOException e) {
                // It has been closed.
            }
        });
        writer.start();
        var frame = socket.nextOrEnd();
        while (frame != null && frame.opcode() != RawSocket.CLOSE) {
            frame = socket.nextOrEnd();
        }
        writer.interrupt();
        writer.join();
        return frame == null ? "1006" : frame.code() == 1000 ? "not closed" : Integer.toString(frame.code());
    }

    /** How long it takes until the server uses less than a fifth of a processor again; the probe alone is there. */
    private long secondsUntilIdle() {
        var last = new AtomicLong(server.processorMillis());
        long start = System.nanoTime();
        await().atMost(Duration.ofSeconds(11))
                .pollDelay(Duration.ofSeconds(1))
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> {
                    long now = server.processorMillis();
                    return now - last.getAndSet(now) < 200;
                });
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    }
}
