package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.RawSocket;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Requests that take for ever, or do not end. */
class HandshakesIT extends Hostile {

    private static final Duration DROPPED = Duration.ofSeconds(15);
    private static final int SLOW = 2000;
    private static final int HUGE = 20 * 1024 * 1024;

    private static final String REQUEST = "GET /ws/echo HTTP/1.1\r\nHost: localhost\r\n";

    /**
     * slowhttptest holds its connections open with a line of header every ten seconds, and says in its table how many were
     * open at each second. A connection that says nothing at all, and one that sends a byte each second, are timed beside it.
     */
    @Test
    @Tag("long")
    void slowHandshake() throws Exception {
        row(Threat.SLOW_HANDSHAKE, found -> {
            int before = server.connections();
            var table = Path.of("target", "hostile", "slowhttptest-" + Server.NAME);
            var log = Path.of(table + ".log");
            Files.createDirectories(table.getParent());
            var attack = new ProcessBuilder(
                            "slowhttptest",
                            "-H",
                            "-c",
                            Integer.toString(SLOW),
                            "-r",
                            "500",
                            "-i",
                            "10",
                            "-l",
                            "25",
                            "-t",
                            "GET",
                            "-u",
                            server.base() + "/ws/echo",
                            "-g",
                            "-o",
                            table.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            attack.getOutputStream().close();
            long silent;
            try (var socket = RawSocket.connect(server.base())) {
                silent = untilDropped(socket, "");
            }
            long trickling;
            try (var socket = RawSocket.connect(server.base())) {
                socket.write(REQUEST.getBytes(StandardCharsets.US_ASCII));
                trickling = untilDropped(socket, "x");
            }
            assertThat(attack.waitFor(120, TimeUnit.SECONDS))
                    .as("slowhttptest ends")
                    .isTrue();
            assertThat(Files.readString(log)).as("slowhttptest's last words").contains("No open connections left");
            // Seconds, Closed, Pending, Connected, Service Available; the last line stands for the second before the
            // end.
            var seconds = Files.readAllLines(Path.of(table + ".csv")).stream()
                    .skip(1)
                    .map(line -> line.split(","))
                    .toList();
            int most = 0;
            int last = 0;
            for (var second : seconds) {
                int connected = Integer.parseInt(second[3]);
                if (connected > most) {
                    most = connected;
                    last = Integer.parseInt(second[0]);
                }
            }
            int dropped = seconds.size() - last;
            found.add("%,d of %,d connected, all dropped within %d s", most, SLOW, dropped);
            found.add("a silent one dropped in %.1f s", silent / 1e3);
            if (Server.NAME.equals("wildfly")) {
                found.add("one that sends a byte a second in %.1f s", trickling / 1e3);
                assertThat(trickling).as("one that sends a byte a second, ms").isBetween(0L, DROPPED.toMillis());
            } else {
                // Grizzly bounds the silence of a request, not its length in time.
                found.unmet("one that sends a byte a second is not in a minute");
                assertThat(trickling).as("one that sends a byte a second").isNegative();
            }
            assertThat(dropped).as("seconds until all were dropped").isLessThanOrEqualTo((int) DROPPED.toSeconds());
            assertThat(silent).as("a silent one, ms").isLessThan(DROPPED.toMillis());
            await().atMost(DROPPED).until(() -> server.connections() <= before);
        });
    }

    @Test
    void longHeader() throws Exception {
        row(Threat.LONG_HEADER, found -> {
            long before = server.heap();
            var answers = new TreeSet<String>();
            long slowest = 0;
            for (int i = 0; i < 20; i++) {
                long start = System.nanoTime();
                answers.add("20 MB: " + answer(REQUEST + "X-Long: " + "x".repeat(HUGE) + "\r\n\r\n"));
                answers.add("2,000 headers: " + answer(REQUEST + "X-Many: x\r\n".repeat(2000) + "\r\n"));
                answers.add("2,000 names: " + answer(REQUEST + names(2000) + "\r\n"));
                slowest = Math.max(slowest, System.nanoTime() - start);
            }
            long grown = server.heap() - before;
            found.add("%s", String.join(", ", answers));
            found.add("the slowest three took %d ms", slowest / 1_000_000);
            found.add("heap %+.1f MB", grown / 1e6);
            assertThat(answers).allMatch(answer -> answer.matches(".*: (4..|dropped)"));
            assertThat(grown).as("heap growth").isLessThan(2 * MB);
        });
    }

    private static String names(int count) {
        var names = new StringBuilder();
        for (int i = 0; i < count; i++) {
            names.append("X-").append(i).append(": x\r\n");
        }
        return names.toString();
    }

    /** The status that a request gets, or that the connection ended without one. */
    private String answer(String request) {
        try (var socket = RawSocket.connect(server.base()).within(DROPPED)) {
            try {
                socket.write(request.getBytes(StandardCharsets.US_ASCII));
            } catch (UncheckedIOException e) {
                // It has had enough; the status may still be there to read.
            }
            var status = socket.statusOrEnd();
            return status == 0 ? "dropped" : Integer.toString(status);
        }
    }

    /** Milliseconds until the server ends a connection on which this is sent each second; -1 if it does not in a minute. */
    private static long untilDropped(RawSocket socket, String drip) {
        long start = System.nanoTime();
        socket.within(Duration.ofSeconds(1));
        for (int second = 0; second < 60; second++) {
            if (socket.hasEnded()) {
                return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            }
            try {
                socket.write(drip.getBytes(StandardCharsets.US_ASCII));
            } catch (UncheckedIOException e) {
                return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            }
        }
        return -1;
    }
}
