package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.RawSocket;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Dialogues of right and wrong frames, one per connection, for {@code -Dfuzz.seconds}. {@code -Dfuzz.seed} repeats a
 * run, and {@code -Dfuzz.only} the one dialogue that a failure names.
 */
class FuzzIT extends Hostile {

    private static final int AT_ONCE = 2;
    private static final int SOURCES = 200;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** The closes that a dialogue like these may end with: its own, and those for mistakes. */
    private static final Set<Integer> CODES = Set.of(1000, 1002, 1007, 1009);

    private final Map<Integer, AtomicLong> ends = new ConcurrentHashMap<>();

    @Test
    void frames() throws Exception {
        long seed = Long.getLong("fuzz.seed", ThreadLocalRandom.current().nextLong(1_000_000_000));
        long seconds = Long.getLong("fuzz.seconds");
        System.out.println("Frame fuzzer: -Dfuzz.seed=" + seed + " for " + seconds + " s");
        row(Threat.FUZZ, found -> {
            if (Long.getLong("fuzz.only") != null) {
                converse(seed, Long.getLong("fuzz.only"));
                return;
            }
            long until = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
            var number = new AtomicLong();
            var threads = Executors.newFixedThreadPool(AT_ONCE);
            try {
                var workers = new ArrayList<Future<?>>();
                for (int i = 0; i < AT_ONCE; i++) {
                    workers.add(threads.submit(() -> {
                        while (System.nanoTime() < until) {
                            converse(seed, number.getAndIncrement());
                        }
                    }));
                }
                for (var worker : workers) {
                    worker.get();
                }
            } finally {
                threads.shutdownNow();
            }
            found.add("%,d dialogues in %d s, seed %d", number.get(), seconds, seed);
            found.add(
                    "ended by %s (1006: after a frame cut short, or a reset overtook the close)", new TreeMap<>(ends));
        });
    }

    private void converse(long seed, long number) {
        var dialogue = new Dialogue(seed * 1_000_003 + number);
        // From one address each port is used again within seconds, and may be refused over what is left of it.
        try (var socket = RawSocket.connectFrom("127.0.1." + (1 + number % SOURCES), server.base())) {
            socket.upgrade("/ws/echo?prefix=");
            int end = end(dialogue, socket.within(PATIENCE));
            ends.computeIfAbsent(end, key -> new AtomicLong()).incrementAndGet();
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(
                    "-Dfuzz.seed=" + seed + " -Dfuzz.only=" + number + " (" + dialogue + "): " + e.getMessage(), e);
        }
    }

    /** Holds a dialogue; the code that it was closed with, 1006 for none. */
    private static int end(Dialogue dialogue, RawSocket socket) {
        boolean sent = true;
        try {
            dialogue.writes().forEach(socket::write);
            if (dialogue.cutShort) {
                socket.halfClose();
            }
        } catch (UncheckedIOException e) {
            sent = false; // closed meanwhile
        }
        int echoed = 0;
        if (dialogue.right && dialogue.echoes.isEmpty()) {
            socket.close(1000, "");
        }
        for (var frame = socket.nextOrEnd(); frame != null; frame = socket.nextOrEnd()) {
            switch (frame.opcode()) {
                case RawSocket.PING -> {}
                case RawSocket.PONG -> {
                    var payload = frame.payload();
                    assertThat(
                                    dialogue.cutShort // noise may happen to be a ping
                                            || dialogue.pings.stream().anyMatch(ping -> Arrays.equals(ping, payload)))
                            .as("a pong answers a ping")
                            .isTrue();
                }
                case RawSocket.CLOSE -> {
                    int code = frame.code();
                    if (dialogue.right) {
                        assertThat(echoed).as("echoes").isEqualTo(dialogue.echoes.size());
                        assertThat(code).as("the answer to the close").isEqualTo(1000);
                    } else if (dialogue.cutShort && code != 1011) {
                        return code; // noise may happen to be a close, and Undertow answers the end of what is sent
                    } else if (!(dialogue.declaredTooMuch && code == 1011 && !Server.NAME.equals("wildfly"))) {
                        assertThat(CODES).as("close codes").contains(code);
                    }
                    return code;
                }
                default -> {
                    if (echoed < dialogue.echoes.size()) {
                        var echo = dialogue.echoes.get(echoed++);
                        assertThat(frame.opcode()).as("echo %d", echoed).isEqualTo(echo.opcode());
                        assertThat(frame.payload()).as("echo %d", echoed).isEqualTo(echo.payload());
                        if (dialogue.right && echoed == dialogue.echoes.size()) {
                            socket.close(1000, "");
                        }
                    } else {
                        assertThat(dialogue.right)
                                .as("more came back than was said")
                                .isFalse();
                    }
                }
            }
        }
        assertThat(!sent || dialogue.wroteOn || dialogue.cutShort)
                .as("the connection ended without a close frame")
                .isTrue();
        return 1006;
    }
}
