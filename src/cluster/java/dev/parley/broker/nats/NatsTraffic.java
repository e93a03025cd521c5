package dev.parley.broker.nats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.Broker;
import dev.parley.broker.BrokerContract;
import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.protocol.Content;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** Publishes a thousand messages a second through some nodes in turn, from twenty users, and remembers what became of each. */
final class NatsTraffic implements AutoCloseable {

    private final Map<String, Long> acknowledged = new ConcurrentHashMap<>();
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger unknown = new AtomicInteger();
    private final AtomicInteger byFirst = new AtomicInteger();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
    private final ScheduledFuture<?> writing;
    private final NatsRecording recording = new NatsRecording();

    NatsTraffic(Broker... nodes) {
        for (Broker node : nodes) {
            recording.read(node);
        }
        writing = thread.scheduleAtFixedRate(
                () -> {
                    int i = sent.getAndIncrement();
                    String text = "m" + i;
                    long call = System.nanoTime();
                    nodes[i % nodes.length]
                            .publish("r", new Sender("user" + i % 20, i % 20), text, new Content.Text(text))
                            .whenComplete((position, failure) -> {
                                recording.published(text, call, failure == null);
                                if (failure == null) {
                                    acknowledged.put(text, position.offset());
                                    if (i % nodes.length == 0) {
                                        byFirst.incrementAndGet();
                                    }
                                } else {
                                    unknown.incrementAndGet();
                                }
                            });
                },
                0,
                1,
                TimeUnit.MILLISECONDS);
    }

    int acknowledged() {
        return acknowledged.size();
    }

    int acknowledgedByFirst() {
        return byFirst.get();
    }

    /** How many may be stored or not. */
    int unknown() {
        return unknown.get();
    }

    void awaitAcknowledged(int number) {
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> acknowledged.size() >= number);
    }

    void awaitAcknowledgedByFirst(int number) {
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> byFirst.get() >= number);
    }

    /**
     * Stops, and compares the history and what the nodes delivered with what was acknowledged: nothing is lost, doubled or out of
     * order, and all that was published and read is linearizable.
     */
    void judge(Broker reader, BrokerContract.Log... logs) throws Exception {
        writing.cancel(false);
        Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> acknowledged.size() + unknown.get() == sent.get());
        TreeMap<Long, String> kept = history(reader);
        acknowledged.forEach((text, offset) -> assertThat(kept).containsEntry(offset, text));
        assertThat(kept.values()).doesNotHaveDuplicates();
        assertThat(kept).hasSizeBetween(acknowledged.size(), sent.get());
        for (BrokerContract.Log log : logs) {
            assertThat(log.epochs).isEmpty();
            Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> log.of("r").stream()
                    .anyMatch(each -> each.offset() == kept.lastKey()));
            assertThat(log.of("r")).extracting(Publication::offset).containsExactlyElementsOf(kept.keySet());
            assertThat(log.of("r")).extracting(NatsTraffic::text).containsExactlyElementsOf(kept.values());
            assertThat(log.lost).as("false gaps").isEmpty();
            assertThat(log.broken).isEmpty();
        }
        recording.assertLinearizable(kept.values());
    }

    static TreeMap<Long, String> history(Broker broker) {
        TreeMap<Long, String> kept = new TreeMap<>();
        long after = 0;
        for (History page = page(broker, after); !page.publications().isEmpty(); page = page(broker, after)) {
            assertThat(page.after()).isEqualTo(after);
            page.publications().forEach(each -> kept.put(each.offset(), text(each)));
            after = page.upTo();
        }
        return kept;
    }

    /** Asks again, as a client does, while the replica that answers has not caught up after a fault: then a read fails. */
    private static History page(Broker broker, long after) {
        return Awaitility.await()
                .atMost(30, TimeUnit.SECONDS)
                .ignoreException(ExecutionException.class)
                .until(
                        () -> broker.history("r", after, 100_000)
                                .toCompletableFuture()
                                .get(20, TimeUnit.SECONDS),
                        Objects::nonNull);
    }

    static String text(Publication publication) {
        return ((Content.Text) publication.content()).text();
    }

    @Override
    public void close() {
        thread.shutdownNow();
        recording.close();
    }
}
