package dev.parley.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.HandshakeGrammar.Attempt;
import dev.parley.testing.HandshakeGrammar.Expected;
import dev.parley.testing.HandshakeGrammar.Target;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Handshakes sent to a server, and what became of each. A client that is upgraded sends a message at once and reads one frame,
 * so that an endpoint which says nothing by itself shows too. One that has to be closed only reads: Grizzly may take what it sends
 * for another request. Requests share connections where their answers allow it.
 */
public final class HandshakeWalk {

    private static final int THREADS = 4;
    private static final int PER_ADDRESS = 50;
    private static final AtomicInteger ADDRESSES = new AtomicInteger(1);
    private static final int SHOWN = 12;
    private static final int POLICY = 1008;

    /** What became of a handshake. */
    public enum Outcome {
        /** No upgrade: an answer, or the end of the connection. */
        REFUSED,
        /** An upgrade, and a close 1008 as the first frame. */
        CLOSED,
        /** An upgrade, and anything else. */
        ACCEPTED
    }

    /**
     * A handshake and what became of it.
     *
     * @param attempt the handshake
     * @param status the status of the answer, 0 if there was none
     * @param outcome what became of it
     * @param detail the first frame behind an upgrade
     */
    public record Result(Attempt attempt, int status, Outcome outcome, String detail) {

        /** Whether it is what had to become of it. */
        public boolean isExpected() {
            return switch (attempt.expected()) {
                case REFUSED -> outcome == Outcome.REFUSED;
                case CLOSED -> outcome != Outcome.ACCEPTED;
                case ANY -> true;
                case ACCEPTED -> outcome == Outcome.ACCEPTED;
            };
        }

        private boolean isLetIn() {
            return outcome == Outcome.ACCEPTED && !isExpected();
        }

        @Override
        public String toString() {
            return "%s %s %s (%d) %s: %s"
                    .formatted(attempt.credentials(), attempt.grade(), outcome, status, detail, attempt);
        }
    }

    private final List<Result> results;

    private HandshakeWalk(List<Result> results) {
        this.results = results;
    }

    /** Parley's endpoints and those of {@link WalkEndpoints}, in an application with this context. */
    public static List<Target> targets(String context) {
        return Stream.of(
                        Target.own("/ws", true),
                        Target.own("/ws/echo", false),
                        Target.own("/ws/reverse", false),
                        Target.own("/ws/json", false),
                        Target.own("/ws/chat", true),
                        Target.own("/ws/chat/main", true).withVariable(),
                        Target.application("/ws/prices", true),
                        Target.application("/forgotten", false),
                        Target.application("/app/plain", false),
                        Target.application("/app/rooms/blue", true).withVariable())
                .map(target -> target.in(context))
                .toList();
    }

    /** Sends handshakes, from so many addresses of this machine that no rate of the server's refuses them first. */
    public static HandshakeWalk walk(URI base, List<Attempt> attempts) throws InterruptedException {
        var pool = Executors.newFixedThreadPool(THREADS);
        try {
            var parts = pool.invokeAll(IntStream.range(0, THREADS)
                    .mapToObj(part -> new Walker(base, attempts, part))
                    .toList());
            return new HandshakeWalk(
                    parts.stream().map(HandshakeWalk::get).flatMap(List::stream).toList());
        } finally {
            pool.shutdown();
        }
    }

    private static String nextAddress() {
        int number = ADDRESSES.getAndIncrement();
        return "127.1.%d.%d".formatted(number >> 8 & 0xFF, number & 0xFF);
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.get();
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError("a handshake could not be tried", e);
        }
    }

    /** How many were tried. */
    public int tried() {
        return results.size();
    }

    /** How many were let in that must not be. */
    public long letIn() {
        return results.stream().filter(Result::isLetIn).count();
    }

    /** How many became what a flawless one with good credentials must become. */
    public long accepted() {
        return results.stream()
                .filter(result -> result.attempt.expected() == Expected.ACCEPTED && result.isExpected())
                .count();
    }

    /** How many were answered with each status; 0 stands for the end of the connection. */
    public Map<Integer, Long> statuses() {
        return results.stream().collect(Collectors.groupingBy(Result::status, TreeMap::new, Collectors.counting()));
    }

    /** Insists that each became what it had to become. */
    public HandshakeWalk expectAll() {
        var wrong = results.stream()
                .filter(result -> !result.isExpected())
                .map(Result::toString)
                .toList();
        assertThat(wrong.size())
                .as("wrong outcomes, such as\n%s", String.join("\n", wrong.subList(0, Math.min(SHOWN, wrong.size()))))
                .isZero();
        return this;
    }

    @Override
    public String toString() {
        return "%,d handshakes tried, %,d let in".formatted(tried(), letIn());
    }

    /** One thread's share: every n-th handshake. */
    private static final class Walker implements Callable<List<Result>> {
        private final URI base;
        private final List<Attempt> attempts;
        private final int part;
        private RawSocket socket;
        private String address;
        private int left; // handshakes from this address

        Walker(URI base, List<Attempt> attempts, int part) {
            this.base = base;
            this.attempts = attempts;
            this.part = part;
        }

        @Override
        public List<Result> call() {
            try {
                return IntStream.range(0, attempts.size())
                        .filter(i -> i % THREADS == part)
                        .mapToObj(i -> tryOne(attempts.get(i)))
                        .toList();
            } finally {
                hangUp();
            }
        }

        private Result tryOne(Attempt attempt) {
            if (left-- == 0) {
                hangUp();
                address = nextAddress();
                left = PER_ADDRESS;
            }
            try {
                boolean isReused = socket != null && attempt.keepsAlive();
                var answer = isReused ? ask(attempt) : null;
                if (answer == null) { // none yet, or the server has ended a connection that it had kept
                    hangUp();
                    socket = RawSocket.connectFrom(address, base);
                    answer = ask(attempt);
                }
                if (answer == null) {
                    hangUp();
                    return new Result(attempt, 0, Outcome.REFUSED, "");
                }
                if (answer.status() == 101) {
                    var result = upgraded(attempt, answer);
                    hangUp();
                    return result;
                }
                if (!attempt.keepsAlive() || !answer.keepsAlive()) {
                    hangUp();
                }
                return new Result(attempt, answer.status(), Outcome.REFUSED, answer.toString());
            } catch (AssertionError e) {
                throw new AssertionError(attempt.toString(), e);
            }
        }

        private RawSocket.Response ask(Attempt attempt) {
            return socket.offer(attempt.bytes()).answerOrEnd(!attempt.keepsAlive());
        }

        private Result upgraded(Attempt attempt, RawSocket.Response answer) {
            if (!answer.header("Upgrade").equalsIgnoreCase("websocket")) {
                return new Result(attempt, 101, Outcome.REFUSED, "another protocol: " + answer.header("Upgrade"));
            }
            assertThat(answer.header("Sec-WebSocket-Extensions"))
                    .as("extensions agreed upon")
                    .isEmpty();
            if (attempt.expected() != Expected.CLOSED) {
                socket.offer(RawSocket.encode(RawSocket.TEXT, true, true, (byte) 'h', (byte) 'i'));
            }
            try {
                var frame = socket.nextOrEnd();
                boolean isClosed = frame != null && frame.opcode() == RawSocket.CLOSE && frame.code() == POLICY;
                return new Result(attempt, 101, isClosed ? Outcome.CLOSED : Outcome.ACCEPTED, String.valueOf(frame));
            } catch (AssertionError e) { // silence, or no valid frame
                return new Result(attempt, 101, Outcome.ACCEPTED, e.getMessage());
            }
        }

        private void hangUp() {
            if (socket != null) {
                socket.close();
                socket = null;
            }
        }
    }
}
