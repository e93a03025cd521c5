package dev.parley.broker.nats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.BrokerContract;
import dev.parley.broker.Sender;
import dev.parley.ops.Metrics;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestSettings;
import dev.parley.ops.Threads;
import dev.parley.protocol.Content;
import dev.parley.protocol.PublishException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A node whose NATS servers cannot be reached. */
class NatsAwayTest {

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final NatsBroker broker = new NatsBroker(
            TestSettings.with("parley.nats.servers=nats://127.0.0.1:1", "parley.nats.publish-timeout=1s"),
            new Threads(),
            InstantSource.system(),
            new Metrics(meters),
            TestBudgets.large());

    @AfterEach
    void close() {
        broker.close();
    }

    @Test
    void aMessageForARoomThatDoesNotOpenFailsAtItsDeadline() {
        broker.attach(new BrokerContract.Log());
        broker.open("r", 10, kept -> {});
        CompletableFuture<?> first = publish();
        CompletableFuture<?> second = publish();
        assertThat(meters.get("parley.broker.waiting").gauge().value()).isPositive();
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            broker.sweep();
            return first.isDone() && second.isDone();
        });
        for (CompletableFuture<?> each : List.of(first, second)) {
            assertThat(each.handle((position, failure) -> failure).join())
                    .hasRootCauseInstanceOf(PublishException.class);
        }
        assertThat(meters.get("parley.broker.waiting").gauge().value()).isZero();
        assertThat(meters.get("parley.broker.ready").gauge().value()).isZero();
        assertThat(meters.get("parley.broker.acknowledged.age").gauge().value()).isGreaterThan(1);
    }

    private CompletableFuture<?> publish() {
        return broker.publish("r", new Sender("alice", 7), null, new Content.Text("hi"))
                .toCompletableFuture();
    }
}
