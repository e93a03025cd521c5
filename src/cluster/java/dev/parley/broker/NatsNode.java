package dev.parley.broker;

import dev.parley.ops.TestSettings;
import dev.parley.ops.Threads;
import java.time.Duration;
import java.time.InstantSource;
import java.util.stream.Stream;

/** What a node has of the broker: it, its threads, and the sweep each second. */
final class NatsNode implements AutoCloseable {

    final NatsBroker broker;
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
                InstantSource.system());
        threads.repeat(Duration.ofSeconds(1), broker::sweep);
    }

    @Override
    public void close() {
        broker.close();
    }
}
