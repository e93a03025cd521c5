package dev.parley.broker.nats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.Broker;
import dev.parley.broker.History;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/**
 * The operations on one room, with the times at which they began and ended, and readers that resume again and again from where
 * they are. A program with the library Porcupine checks that they are linearizable. Safe for any thread.
 */
final class NatsRecording implements AutoCloseable {

    /** A publication, or a read of all messages from the first to the newest. An end of 0: nobody knows whether it was stored. */
    private record Operation(int client, long call, long end, String text, int count, String digest) {}

    private static final Path CHECKER = Path.of("src/cluster/porcupine").toAbsolutePath();

    private final Queue<Operation> operations = new ConcurrentLinkedQueue<>();
    private final AtomicInteger clients = new AtomicInteger();
    private final List<ScheduledExecutorService> readers = new ArrayList<>();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>(); // of readers

    /** Records a publication that has ended, in whatever way. */
    void published(String text, long call, boolean acknowledged) {
        long end = acknowledged ? System.nanoTime() : 0;
        operations.add(new Operation(clients.getAndIncrement(), call, end, text, 0, ""));
    }

    /** Reads the room at a node ten times a second, each time from where the last read ended. */
    void read(Broker broker) {
        ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
        readers.add(thread);
        Reader reader = new Reader(broker, clients.getAndIncrement());
        thread.scheduleWithFixedDelay(
                () -> {
                    try {
                        reader.read();
                    } catch (RuntimeException | AssertionError e) {
                        failures.add(e);
                    }
                },
                0,
                100,
                TimeUnit.MILLISECONDS);
    }

    private final class Reader {
        private final Broker broker;
        private final int client;
        private final MessageDigest digest = sha256();
        private long last;
        private int count;

        Reader(Broker broker, int client) {
            this.broker = broker;
            this.client = client;
        }

        void read() {
            long call = System.nanoTime();
            broker.history("r", last, 100_000)
                    .toCompletableFuture()
                    .orTimeout(20, TimeUnit.SECONDS)
                    .handle((page, failure) -> failure == null && took(page, call)) // one that fails has read nothing
                    .join();
        }

        private boolean took(History page, long call) {
            assertThat(page.after()).isEqualTo(last);
            page.publications().forEach(each -> digest.update(line(NatsTraffic.text(each))));
            count += page.publications().size();
            last = page.upTo();
            return operations.add(new Operation(client, call, System.nanoTime(), "", count, hex(digest)));
        }
    }

    /**
     * Checks what was recorded, and that the checker notices a read that misses the newest message.
     *
     * @param order the texts of all messages in the end
     */
    void assertLinearizable(Collection<String> order) throws Exception {
        close();
        assertThat(failures).isEmpty();
        String report = check(order, List.copyOf(operations), 0);
        List<Operation> stale = new ArrayList<>(operations);
        MessageDigest allButOne = sha256();
        order.stream().limit(order.size() - 1L).forEach(text -> allButOne.update(line(text)));
        long after = System.nanoTime();
        stale.add(new Operation(clients.get(), after, after + 1, "", order.size() - 1, hex(allButOne)));
        check(order, stale, 1);
        System.out.println("linearizable: " + report.trim());
    }

    private static String check(Collection<String> order, List<Operation> operations, int expected) throws Exception {
        Path file = Files.createTempFile(Path.of("target"), "history", ".json").toAbsolutePath();
        JsonArrayBuilder list = Json.createArrayBuilder();
        operations.forEach(each -> list.add(Json.createObjectBuilder()
                .add("Client", each.client)
                .add("Call", each.call)
                .add("Return", each.end)
                .add("Text", each.text)
                .add("Count", each.count)
                .add("Digest", each.digest)));
        Files.writeString(
                file,
                Json.createObjectBuilder()
                        .add("Order", Json.createArrayBuilder(order))
                        .add("Operations", list)
                        .build()
                        .toString());
        Process process = new ProcessBuilder("go", "run", ".", file.toString())
                .directory(CHECKER.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", file, said).isEqualTo(expected);
        Files.delete(file);
        return said;
    }

    private static byte[] line(String text) {
        return (text + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Of what was given so far. */
    private static String hex(MessageDigest digest) {
        try {
            return HexFormat.of().formatHex(((MessageDigest) digest.clone()).digest());
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("SHA-256 can be cloned", e);
        }
    }

    @Override
    public void close() {
        for (ScheduledExecutorService reader : readers) {
            reader.shutdown();
            Awaitility.await().atMost(30, TimeUnit.SECONDS).until(reader::isTerminated);
        }
    }
}
