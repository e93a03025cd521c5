package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.Crowd;
import dev.parley.testing.Crowd.Client;
import dev.parley.testing.RawSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** People who come, say something and go in one way or another, for {@code -Dsoak.seconds}. */
@Tag("long")
class SoakIT extends Hostile {

    private static final int A_SECOND = 10;
    private static final int FLAT = 10;

    @Test
    void churn() throws Exception {
        row(Threat.SOAK, found -> {
            long seconds = Long.getLong("soak.seconds");
            churn(20); // what is loaded and compiled at first is no growth
            long heap = server.heap();
            int threads = server.threads();
            int files = server.descriptors();
            int came = churn(seconds);
            long grown = server.heap() - heap;
            found.add("%,d came and went in %d s", came, seconds);
            found.add("heap %+.1f MB", grown / 1e6);
            found.add("threads %+d", server.threads() - threads);
            found.add("files %+d", server.descriptors() - files);
            assertThat(grown).as("heap growth").isLessThan(2 * MB);
            assertThat(server.threads()).as("threads").isLessThanOrEqualTo(threads + FLAT);
            assertThat(server.descriptors()).as("files").isLessThanOrEqualTo(files + FLAT);
        });
    }

    private int churn(long seconds) throws InterruptedException {
        int connected = server.connections();
        var clock = Executors.newSingleThreadScheduledExecutor();
        var came = new AtomicInteger();
        try (var crowd = new Crowd(server.base(), new Guests())) {
            clock.scheduleAtFixedRate(
                    () -> {
                        int number = came.getAndIncrement();
                        crowd.connect("/ws/chat/soak" + number % 3 + "?user=guest" + number, number % Guests.WAYS);
                    },
                    0,
                    1000 / A_SECOND,
                    TimeUnit.MILLISECONDS);
            TimeUnit.SECONDS.sleep(seconds);
            clock.shutdown();
            clock.awaitTermination(1, TimeUnit.SECONDS);
            await().atMost(Duration.ofSeconds(30)).until(() -> crowd.open() == 0);
            await().atMost(Duration.ofSeconds(30)).until(() -> server.connections() <= connected);
            return came.get();
        } finally {
            clock.shutdownNow();
        }
    }

    /** Each says a line, and when it hears it goes: with a close, with a reset, or after a mistake. */
    private static final class Guests implements Crowd.Listener {
        private static final int WAYS = 3;

        @Override
        public void opened(Client client) {
            client.send(RawSocket.TEXT, "hello".getBytes(StandardCharsets.US_ASCII));
        }

        @Override
        public void message(Client client, ByteBuffer message) {
            if (!StandardCharsets.UTF_8.decode(message).toString().endsWith("hello")) {
                return;
            }
            switch (client.mark()) {
                case 0 -> client.send(RawSocket.CLOSE, new byte[] {3, (byte) 0xE8});
                case 1 -> client.reset();
                default -> client.send(RawSocket.BINARY, new byte[1]);
            }
        }
    }
}
