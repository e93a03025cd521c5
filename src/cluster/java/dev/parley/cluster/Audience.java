package dev.parley.cluster;

import dev.parley.testing.Crowd;
import dev.parley.testing.Launched;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients of one node in a process of their own, since one process may not have files for those of two nodes. All read plain chat;
 * what they read are numbers, which must grow by one for each who says them.
 */
final class Audience implements AutoCloseable {

    private final Process process;
    private final BufferedReader answers;
    private final PrintWriter questions;

    /**
     * What has become of them.
     *
     * @param open how many are connected
     * @param read how many messages they have read in all
     * @param broken how many of those did not follow the one before
     */
    record Count(int open, long read, long broken) {}

    /** Brings so many clients into rooms, in turn: the first ones into one room, the others into some that are quiet. */
    Audience(URI node, int busy, int idle, int rooms) {
        try {
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Audience.class.getName(),
                            node.toString(),
                            Integer.toString(busy),
                            Integer.toString(idle),
                            Integer.toString(rooms))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        answers = process.inputReader();
        questions = new PrintWriter(process.outputWriter(), true);
    }

    /** In which room some of the quiet ones are. */
    static String quiet(int room) {
        return "quiet-" + room;
    }

    /** Waits until all have come, the first time. */
    Count count() {
        questions.println();
        try {
            String answer = answers.readLine();
            if (answer == null) {
                throw new IllegalStateException("the clients ended with " + process.waitFor());
            }
            String[] numbers = answer.split(" ");
            return new Count(Integer.parseInt(numbers[0]), Long.parseLong(numbers[1]), Long.parseLong(numbers[2]));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        Launched.stop(process, process.toHandle());
    }

    /** Runs until its input ends; a line of it is a question. */
    public static void main(String[] arguments) throws IOException {
        URI node = URI.create(arguments[0]);
        int busy = Integer.parseInt(arguments[1]);
        int idle = Integer.parseInt(arguments[2]);
        int rooms = Integer.parseInt(arguments[3]);
        Ear ear = new Ear();
        try (Crowd crowd = new Crowd(node, ear)) {
            crowd.gather(
                    busy + idle,
                    i -> "/ws/chat/" + (i < busy ? "busy" : quiet(i % rooms)) + "?user=u" + i + "-" + node.getPort());
            BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            while (questions.readLine() != null) {
                System.out.println(crowd.open() + " " + ear.read + " " + ear.broken);
            }
        }
    }

    /** Hears what all read. */
    private static final class Ear implements Crowd.Listener {
        private final ConcurrentHashMap<String, Long> last = new ConcurrentHashMap<>(); // by reader and speaker
        private final AtomicLong read = new AtomicLong();
        private final AtomicLong broken = new AtomicLong();

        @Override
        public void message(Crowd.Client client, ByteBuffer message) {
            List<String> said =
                    List.of(StandardCharsets.UTF_8.decode(message).toString().split(": "));
            if (said.size() == 2 && said.get(0).startsWith("speaker")) {
                long number = Long.parseLong(said.get(1));
                Long before = last.put(client.mark() + said.get(0), number);
                if (number != (before == null ? 0 : before + 1)) {
                    broken.incrementAndGet();
                }
                read.incrementAndGet();
            }
        }
    }
}
