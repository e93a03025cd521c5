package dev.parley.broker.nats;

import dev.parley.broker.BrokerContract;
import dev.parley.cluster.NatsCluster;
import io.nats.client.Nats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What two nodes make of faults among three NATS servers, each under a thousand messages a second: nothing that was acknowledged is
 * lost, duplicated or reordered, and clients get no false gap.
 */
class NatsClusterFaultsIT {

    private static final String STREAM = "Faults";
    private static final Duration FAULT = Duration.ofSeconds(Integer.getInteger("fault.seconds", 5));

    private static final int DISK_MEGABYTES = 64;

    private final BrokerContract.Log here = new BrokerContract.Log();
    private final BrokerContract.Log there = new BrokerContract.Log();
    private final List<AutoCloseable> open = new ArrayList<>();
    private NatsCluster servers;

    @BeforeEach
    void start() {
        servers = new NatsCluster(3);
        open.add(servers);
    }

    @AfterEach
    void stop() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    /** How often each fault is made: {@code -Dfault.rounds=20} for the documentation. */
    static IntStream rounds() {
        return IntStream.range(0, Integer.getInteger("fault.rounds", 1));
    }

    @ParameterizedTest
    @MethodSource("rounds")
    void losesNothingWhenTheLeaderIsKilled(int round) throws Exception {
        during("leader killed", leader -> servers.get(leader).kill(), leader -> servers.get(leader)
                .start());
    }

    @ParameterizedTest
    @MethodSource("rounds")
    void losesNothingWhenAFollowerIsKilled(int round) throws Exception {
        during("follower killed", leader -> servers.get(next(leader)).kill(), leader -> servers.get(next(leader))
                .start());
    }

    @ParameterizedTest
    @MethodSource("rounds")
    void losesNothingWhenTheLeaderHangs(int round) throws Exception {
        during("leader hung", leader -> servers.get(leader).hang(), leader -> servers.get(leader)
                .goOn());
    }

    @ParameterizedTest
    @MethodSource("rounds")
    void losesNothingWhenAFollowerHangs(int round) throws Exception {
        during("follower hung", leader -> servers.get(next(leader)).hang(), leader -> servers.get(next(leader))
                .goOn());
    }

    @ParameterizedTest
    @MethodSource("rounds")
    void losesNothingWhenAFollowerIsCutOff(int round) throws Exception {
        during("follower cut off", leader -> servers.isolate(next(leader)), leader -> servers.join(next(leader)));
    }

    @ParameterizedTest
    @MethodSource("rounds")
    void losesNothingWhenTheLeaderIsCutOff(int round) throws Exception {
        during("leader cut off", leader -> servers.isolate(leader), leader -> servers.join(leader));
    }

    @ParameterizedTest
    @MethodSource("rounds")
    void losesNothingWhenTheServersAreFarApart(int round) throws Exception {
        during("50 ms between the servers", leader -> servers.slow(50), leader -> servers.slow(0));
    }

    /** JetStream ends on the server whose disk is full, until that is started again; the other two go on. */
    @ParameterizedTest
    @MethodSource("rounds")
    void losesNothingWhenTheDiskOfTheLeaderIsFull(int round) throws Exception {
        servers.close();
        open.remove(servers);
        servers = NatsCluster.onDisks(3, DISK_MEGABYTES);
        open.add(servers);
        during("leader's disk full", leader -> servers.get(leader).fillDisk(), leader -> servers.get(leader)
                .freeDisk());
    }

    private static int next(int place) {
        return (place + 1) % 3;
    }

    private interface Fault {
        void on(int leader);
    }

    /** One node is connected to the leader and one to a follower when the fault begins; both learn of the other servers. */
    private void during(String name, Fault begins, Fault ends) throws Exception {
        int leader = leader();
        NatsBroker a = node(leader, here);
        NatsBroker b = node(next(leader), there);
        NatsTraffic traffic = new NatsTraffic(a, b);
        open.add(traffic);
        traffic.awaitAcknowledged(1000);
        long began = System.nanoTime();
        begins.on(leader);
        int before = traffic.acknowledged();
        Awaitility.await()
                .pollDelay(FAULT)
                .atMost(60, TimeUnit.SECONDS)
                .until(() -> traffic.acknowledged() > before + 100);
        long again = System.nanoTime();
        ends.on(leader);
        traffic.awaitAcknowledgedByFirst(traffic.acknowledgedByFirst() + 1000);
        Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> here.there && there.there);
        traffic.judge(b, here, there);
        System.out.printf(
                "%s: acknowledges %.1f s after the beginning or before, %d acknowledged, %d unknown%n",
                name, (again - began) / 1e9, traffic.acknowledged(), traffic.unknown());
    }

    /** A stream of three replicas is there before the nodes are, so that they can be placed by its leader. */
    private int leader() throws Exception {
        node(0, new BrokerContract.Log());
        var admin = Nats.connect(servers.get(0).address());
        open.add(admin);
        return Integer.parseInt(admin.jetStreamManagement()
                .getStreamInfo(STREAM)
                .getClusterInfo()
                .getLeader());
    }

    private NatsBroker node(int server, BrokerContract.Log log) {
        NatsNode node = new NatsNode(
                servers.get(server).address(),
                STREAM,
                "parley.history.messages=100000",
                "parley.history.bytes=64MiB",
                "parley.nats.replicas=3");
        open.add(node);
        node.broker.attach(log);
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> log.there); // three servers elect a leader first
        log.open(node.broker, "r", 10).orTimeout(20, TimeUnit.SECONDS).join();
        return node.broker;
    }
}
