package dev.parley.broker.nats;

import dev.parley.broker.Broker;
import dev.parley.broker.BrokerContract;
import dev.parley.cluster.NatsServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** What every broker promises, on a NATS server. Its clock cannot be turned, so a minute of the contract is a second here. */
class NatsBrokerIT extends BrokerContract {

    private static final Duration GRACE = Duration.ofMillis(100);
    private static NatsServer server;
    private static int streams;

    private final List<NatsNode> nodes = new ArrayList<>();

    @BeforeAll
    static void startServer() {
        server = new NatsServer();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @Override
    protected Broker create(String... settings) {
        NatsNode node = new NatsNode(
                server.address(),
                "C" + ++streams,
                Stream.of(settings)
                        .map(setting -> setting.replaceFirst("=(\\d+)m$", "=$1s"))
                        .toArray(String[]::new));
        nodes.add(node);
        return node.broker;
    }

    @Override
    protected void pass(Duration time) {
        Duration real = time.dividedBy(60).plus(GRACE);
        Awaitility.await()
                .pollDelay(real)
                .timeout(real.toMillis() + 5000, TimeUnit.MILLISECONDS)
                .until(() -> true);
    }

    @AfterEach
    void closeNodes() {
        nodes.forEach(NatsNode::close);
    }
}
