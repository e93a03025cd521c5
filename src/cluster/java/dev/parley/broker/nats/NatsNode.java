package dev.parley.broker.nats;

import dev.parley.ops.Metrics;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestSettings;
import dev.parley.ops.Threads;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.stream.Stream;

/** What a node has of the broker: it, its threads, and the sweep each second. */
final class NatsNode implements AutoCloseable {

    final NatsBroker broker;
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Threads threads = new Threads();

    NatsNode(String address, String stream, String... settings) {
        broker = new NatsBroker(
                TestSettings.with(Stream.concat(
                                Stream.of(
                                        "parley.nats.servers=" + address,
                                        "parley.nats.bytes=16MiB",
                                        "parley.nats.stream=" + stream),
                                Stream.of(settings))
                        .toArray(String[]::new)),
                threads,
                InstantSource.system(),
                new Metrics(meters),
                TestBudgets.large());
        threads.repeat(Duration.ofSeconds(1), broker::sweep);
    }

    @Override
    public void close() {
        broker.close();
    }
}
