package dev.parley.hostile;

import dev.parley.testing.RawSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The well-behaved client beside an attack: one echo a second. Each is timed from the moment at which it was due, so that a
 * late one makes those behind it late too. A connection that fails it is opened anew, and counts as ten seconds.
 */
final class Probe implements AutoCloseable {

    /** What the 99th percentile of its echoes has to stay under. */
    static final Duration BOUND = Duration.ofMillis(250);

    /** How many echoes a row takes at the least: short ones go on until then. */
    private static final int FEWEST = 3;

    private static final long FAILED_MILLIS = 10_000;

    private final URI base;
    private final String[] headers;
    private final List<Long> millis = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch enough = new CountDownLatch(FEWEST);
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final long start = System.nanoTime();
    private RawSocket socket;
    private long due;

    private Probe(URI base, String... headers) {
        this.base = base;
        this.headers = headers;
        socket = RawSocket.open(base, "/ws/echo", headers);
    }

    /** Starts to probe the server at this address; its handshakes bring these headers, names and values in turn. */
    static Probe start(URI base, String... headers) {
        var probe = new Probe(base, headers);
        probe.clock.scheduleAtFixedRate(probe::echo, 0, 1, TimeUnit.SECONDS);
        return probe;
    }

    private void echo() {
        long dueAt = start + TimeUnit.SECONDS.toNanos(due++);
        try {
            var text = "probe " + due;
            socket.text(text);
            var frame = socket.nextButPings();
            if (frame.opcode() != RawSocket.TEXT) {
                throw new AssertionError("the well-behaved client was sent " + frame);
            }
            long late = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - dueAt);
            millis.add(late);
            if (late > BOUND.toMillis()) {
                System.out.println("The probe waited " + late + " ms for the echo due " + due + " s into the row.");
            }
        } catch (RuntimeException | AssertionError e) {
            System.out.println("The probe failed: " + e.getMessage());
            millis.add(FAILED_MILLIS);
            reopen();
        }
        enough.countDown();
    }

    private void reopen() {
        try {
            socket.close();
            socket = RawSocket.open(base, "/ws/echo", headers);
        } catch (RuntimeException | AssertionError e) {
            System.out.println("The probe could not connect: " + e.getMessage());
        }
    }

    /** Stops after the echoes that a row takes at the least; the 99th percentile in milliseconds. */
    long percentile() {
        try {
            enough.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        close();
        var sorted = new ArrayList<>(millis);
        Collections.sort(sorted);
        return sorted.get((int) Math.ceil(sorted.size() * 0.99) - 1);
    }

    @Override
    public void close() {
        clock.shutdown();
        try {
            clock.awaitTermination(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        socket.close();
    }
}
