package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.RawSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One anonymous client that fills the heap, in all the ways that the default settings leave. */
class MemoryIT extends Hostile {

    static final int POSTS = 8_000;
    static final String PASS =
            "no OutOfMemoryError; ready, or again within 60 s; refused with 503, 413, 429 or 1013; heap back within 60 s";

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long SPARE = 40 * MB; // what a server keeps of any load: buffers, threads, classes
    private static final int SENDERS = 4; // more would keep the processor from the probe
    private static final byte[] TEXT = "x".repeat(60_000).getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MESSAGE = RawSocket.encode(RawSocket.TEXT, true, true, TEXT);
    private static final int BODY = 360_000;
    private static final int UNANSWERED = -1;

    private final ExecutorService pool = Executors.newCachedThreadPool();
    private final List<RawSocket> sockets = new ArrayList<>();
    private final Map<Integer, AtomicInteger> ends = new ConcurrentSkipListMap<>();
    private long heap;
    private int logged;

    @Test
    void history() throws Exception {
        attack(
                Threat.HEAP_HISTORY,
                found -> {
                    var body = "{\"text\":\"" + new String(TEXT, StandardCharsets.US_ASCII) + "\"}";
                    var api = server.api();
                    each(SENDERS, poster -> {
                        for (int i = 0; i < POSTS / SENDERS; i++) {
                            ended(api.post("/api/rooms/new-" + poster + "-" + i + "/messages", body)
                                    .status());
                        }
                    });
                    found.add("answers by status: %s", ends);
                    assertThat(ends.keySet()).isSubsetOf(201, 413, 429, 503);
                },
                // What is kept is history within its age: it stays, within the budget.
                (long) server.api().metric("parley_memory_limit_bytes"));
    }

    @Test
    void replies() throws Exception {
        attack(
                Threat.HEAP_REPLIES,
                found -> {
                    var before = yields(Map.of());
                    connect(150, i -> deaf("/ws/echo"));
                    each(SENDERS, sender -> {
                        for (int i = sender; i < sockets.size(); i += SENDERS) {
                            send(sockets.get(i), 1_900_000);
                        }
                    });
                    found.add("yields: %s", yields(before));
                    sockets.forEach(RawSocket::reset);
                },
                0);
    }

    @Test
    void rooms() throws Exception {
        attack(
                Threat.HEAP_ROOMS,
                found -> {
                    var before = yields(Map.of());
                    connect(25, i -> deaf("/ws/chat/silent" + i + "?user=silent"));
                    var talkers = new ArrayList<RawSocket>();
                    for (int i = 0; i < 25; i++) {
                        var talker = RawSocket.open(server.base(), "/ws/chat/silent" + i + "?user=talker");
                        talkers.add(talker);
                        pool.execute(talker::drain);
                    }
                    each(SENDERS, sender -> {
                        for (int i = sender; i < talkers.size(); i += SENDERS) {
                            send(talkers.get(i), 8_000_000);
                        }
                    });
                    found.add("yields: %s", yields(before));
                    sockets.forEach(RawSocket::reset);
                    talkers.forEach(RawSocket::reset);
                },
                (long) server.api().metric("parley_memory_limit_bytes"));
    }

    @Test
    void unfinishedMessages() throws Exception {
        attack(
                Threat.HEAP_MESSAGES,
                found -> {
                    connect(
                            2_000,
                            i -> RawSocket.open(
                                    server.base(), "/ws/chat/begun", "Sec-WebSocket-Protocol", "parley.v1"));
                    var first = RawSocket.encode(RawSocket.TEXT, false, true, TEXT);
                    var next = RawSocket.encode(RawSocket.CONTINUATION, false, true, TEXT);
                    var half =
                            Arrays.copyOf(RawSocket.encode(RawSocket.TEXT, true, true, new byte[BODY + 10_000]), BODY);
                    each(SENDERS, sender -> {
                        for (int i = sender; i < sockets.size(); i += SENDERS) {
                            if (i / SENDERS % 2 == 0) {
                                sockets.get(i).offer(half);
                                continue;
                            }
                            sockets.get(i).offer(first);
                            for (int sent = TEXT.length; sent < BODY; sent += TEXT.length) {
                                sockets.get(i).offer(next);
                            }
                        }
                    });
                    each(sockets.size(), i -> ended(closeCode(sockets.get(i).within(PATIENCE))));
                    found.add("closes by code, 1006 for a reset: %s", ends);
                    assertThat(ends.keySet()).isSubsetOf(1006, 1013);
                    assertThat(ends).containsKey(1013);
                },
                0);
    }

    @Test
    void bodies() throws Exception {
        attack(
                Threat.HEAP_BODIES,
                found -> {
                    connect(500, i -> RawSocket.connect(server.base()));
                    var head = ("POST /api/rooms/slow/messages HTTP/1.1\r\nHost: "
                                    + server.base().getAuthority()
                                    + "\r\nContent-Type: application/json\r\nContent-Length: "
                                    + (BODY + 10_000) + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII);
                    each(SENDERS, sender -> {
                        for (int i = sender; i < sockets.size(); i += SENDERS) {
                            var socket = sockets.get(i).within(PATIENCE).offer(head);
                            for (int sent = 0; sent < BODY; sent += TEXT.length) {
                                socket.offer(TEXT);
                            }
                        }
                    });
                    var trickle = Executors.newSingleThreadScheduledExecutor();
                    try {
                        trickle.scheduleAtFixedRate(
                                () -> sockets.forEach(socket -> socket.offer(new byte[] {'x'})),
                                1,
                                1,
                                TimeUnit.SECONDS);
                        each(sockets.size(), i -> ended(status(sockets.get(i))));
                    } finally {
                        trickle.shutdownNow();
                    }
                    found.add("answers by status, 0 for a reset: %s", ends);
                    assertThat(ends.keySet()).isSubsetOf(0, 408, 413, 429, 503);
                    assertThat(ends).containsKey(503);
                },
                0);
    }

    /** Runs an attack, with a look at the readiness now and then; afterwards the heap has to be back but for what may stay. */
    private void attack(Threat threat, Attack attack, long stays) throws Exception {
        heap = server.heap();
        logged = server.log().length();
        row(
                threat,
                found -> {
                    try (var watch = new Watch()) {
                        attack.run(found);
                        found.add("not ready at %d of %d looks", watch.unready.get(), watch.looks.get());
                    }
                },
                found -> {
                    await().atMost(PATIENCE).untilAsserted(() -> assertThat(
                                    server.api().ops("GET", "health/ready").status())
                            .as("ready")
                            .isEqualTo(200));
                    long start = System.nanoTime();
                    await().atMost(PATIENCE).pollInterval(Duration.ofSeconds(1)).untilAsserted(() -> assertThat(
                                    server.heap() - heap)
                            .as("heap over what it was, bytes")
                            .isLessThan(stays + SPARE));
                    found.add(
                            "heap %+d MB after %d s, of which parley_memory_bytes says %d MB",
                            (server.heap() - heap) / MB,
                            TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start),
                            (long) server.api().metric("parley_memory_bytes") / MB);
                    assertThat(server.log().substring(logged)).doesNotContain("OutOfMemoryError");
                });
    }

    /** How often what had to make room since then. */
    private Map<String, Integer> yields(Map<String, Integer> before) {
        var yields = new ConcurrentSkipListMap<String, Integer>();
        for (var reason : List.of("history", "slow-reader", "publication", "reply")) {
            int now = (int) server.api().metric("parley_memory_yields_total{reason=\"" + reason + "\"}");
            yields.put(reason, now - before.getOrDefault(reason, 0));
        }
        return yields;
    }

    private static void send(RawSocket socket, int bytes) {
        for (int sent = 0; sent < bytes; sent += TEXT.length) {
            socket.offer(MESSAGE);
        }
    }

    private RawSocket deaf(String target) {
        var socket = RawSocket.connect(server.base(), 2048);
        socket.upgrade(target);
        return socket;
    }

    private void connect(int count, java.util.function.IntFunction<RawSocket> open) {
        for (int i = 0; i < count; i++) {
            sockets.add(open.apply(i));
        }
    }

    /** Does something for each number, each on a thread of its own; returns when all are through. */
    private void each(int count, IntConsumer task) throws Exception {
        var tasks = new ArrayList<Future<?>>();
        for (int i = 0; i < count; i++) {
            int number = i;
            tasks.add(pool.submit(() -> task.accept(number)));
        }
        for (var each : tasks) {
            each.get(180, TimeUnit.SECONDS);
        }
    }

    private void ended(int code) {
        ends.computeIfAbsent(code, key -> new AtomicInteger()).incrementAndGet();
    }

    private static int status(RawSocket socket) {
        try {
            return socket.statusOrEnd();
        } catch (AssertionError e) {
            return UNANSWERED;
        }
    }

    private static int closeCode(RawSocket socket) {
        for (var frame = socket.nextOrEnd(); frame != null; frame = socket.nextOrEnd()) {
            if (frame.opcode() == RawSocket.CLOSE) {
                return frame.code();
            }
        }
        return 1006;
    }

    @AfterEach
    void leave() {
        sockets.forEach(RawSocket::close);
        sockets.clear();
        ends.clear();
    }

    @AfterAll
    void end() {
        pool.shutdownNow();
    }

    /** Asks twice a second whether the server is ready. */
    private final class Watch implements AutoCloseable {
        private final AtomicInteger looks = new AtomicInteger();
        private final AtomicInteger unready = new AtomicInteger();
        private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();

        Watch() {
            clock.scheduleWithFixedDelay(this::look, 0, 500, TimeUnit.MILLISECONDS);
        }

        private void look() {
            looks.incrementAndGet();
            try {
                if (server.api().ops("GET", "health/ready").status() != 200) {
                    unready.incrementAndGet();
                }
            } catch (RuntimeException | AssertionError e) {
                unready.incrementAndGet();
            }
        }

        @Override
        public void close() {
            clock.shutdown();
            await().until(clock::isTerminated);
        }
    }
}
