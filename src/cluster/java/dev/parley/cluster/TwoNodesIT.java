package dev.parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.RoomClient;
import jakarta.json.JsonObject;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** WildFly and Payara, joined by one NATS server: the rooms are the same on both. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TwoNodesIT {

    private static NatsServer nats;
    private static Node wildfly;
    private static Node payara;

    @BeforeAll
    static void start() {
        nats = new NatsServer();
        CompletableFuture<Node> other = CompletableFuture.supplyAsync(() -> node("payara"));
        wildfly = node("wildfly");
        payara = other.join();
        Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> wildfly.isReady() && payara.isReady());
    }

    private static Node node(String server) {
        return new Node(
                server, "-Dparley.broker=nats", "-Dparley.nats.servers=" + nats.address(), "-Dparley.nats.bytes=64MiB");
    }

    @AfterAll
    static void stop() {
        // One that did not start is no reason to leave the others running.
        Stream.of(wildfly, payara).filter(Objects::nonNull).forEach(Node::close);
        nats.close();
    }

    @Test
    @Order(1)
    void readersOnBothSeeOneOrderWithTheSameOffsetsInOneEpoch() {
        RoomClient alice = wildfly.join("one.room", "user=alice");
        String epoch = alice.next("welcome").getString("epoch");
        RoomClient bob = joinsFromPayara("one.room", alice, epoch);
        long first = alice.publish("from WildFly", "1");
        JsonObject there = bob.message("from WildFly");
        assertThat(RoomClient.offset(there)).isEqualTo(first);
        long second = bob.publish("from Payara", "1");
        assertThat(RoomClient.offset(alice.message("from Payara")))
                .isEqualTo(second)
                .isGreaterThan(first);
        String history = "/api/rooms/one.room/messages?since=" + epoch + ":0";
        assertThat(wildfly.api().get(history).json())
                .isEqualTo(payara.api().get(history).json());
        assertThat(wildfly.api().get(history).json().getJsonArray("messages")).hasSize(2);
        alice.client().close();
        bob.client().close();
    }

    @Test
    @Order(2)
    void aBrokerThatIsKilledIsToldNobodyIsCutOffAndAllGoesOn() {
        RoomClient alice = wildfly.join("outage", "user=alice");
        RoomClient bob = joinsFromPayara("outage", alice, alice.next("welcome").getString("epoch"));
        alice.publish("before", "1");
        bob.message("before");
        nats.kill();
        alice.say("chat", "text", "meanwhile", "id", "2");
        Awaitility.await().atMost(5, TimeUnit.SECONDS).until(() -> !wildfly.isReady() && !payara.isReady());
        alice.expectNothing(); // no acknowledgement either
        bob.expectNothing();
        nats.start();
        Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> wildfly.isReady() && payara.isReady());
        JsonObject acknowledged = alice.next();
        JsonObject said = alice.next();
        assertThat(RoomClient.offset(acknowledged)).isEqualTo(RoomClient.offset(said));
        assertThat(RoomClient.offset(bob.message("meanwhile"))).isEqualTo(RoomClient.offset(said));
        bob.publish("after", "1");
        alice.message("after");
        alice.client().close();
        bob.client().close();
    }

    @Test
    @Order(3)
    void whoLosesItsNodeGoesOnAtAnotherWhereItWas() {
        RoomClient carol = payara.join("resume", "user=carol");
        String epoch = carol.next("welcome").getString("epoch");
        long seen = carol.publish("read", "1");
        awaitMembers(wildfly, "resume", 1);
        payara.kill();
        long missed = wildfly.api().publish("resume", "dave", "missed");
        RoomClient again = wildfly.join("resume", "user=carol&since=" + epoch + ":" + seen);
        JsonObject welcome = again.next("welcome");
        assertThat(welcome.getBoolean("recovered")).isTrue();
        assertThat(welcome.getString("epoch")).isEqualTo(epoch);
        assertThat(welcome.getInt("members"))
                .as("nobody knows yet that the node is dead")
                .isEqualTo(2);
        assertThat(RoomClient.offset(again.message("missed"))).isEqualTo(missed);
        again.say("chat", "text", "read", "id", "1");
        assertThat(RoomClient.offset(again.next("ack")))
                .as("the id is known there too")
                .isEqualTo(seen);
        awaitMembers(wildfly, "resume", 1);
        JsonObject left = again.next("left");
        assertThat(left.getString("user")).isEqualTo("carol");
        assertThat(left.getInt("members")).isEqualTo(1);
        again.expectNothing();
        again.client().close();
    }

    /** Bob finds Alice, who came in at the other node, and she is told of him. */
    private static RoomClient joinsFromPayara(String room, RoomClient alice, String epoch) {
        awaitMembers(payara, room, 1);
        RoomClient bob = payara.join(room, "user=bob");
        JsonObject welcome = bob.next("welcome");
        assertThat(welcome.getString("epoch")).isEqualTo(epoch);
        assertThat(welcome.getInt("members")).isEqualTo(2);
        assertThat(welcome.getJsonArray("users").toString()).contains("\"alice\"", "\"bob\"");
        JsonObject joined = alice.next("joined");
        assertThat(joined.getString("user")).isEqualTo("bob");
        assertThat(joined.getInt("members")).isEqualTo(2);
        return bob;
    }

    /** Within the time in which a dead node's members must be gone (issue 7). */
    private static void awaitMembers(Node node, String room, int members) {
        Awaitility.await()
                .atMost(30, TimeUnit.SECONDS)
                .until(() -> node.api().get("/api/rooms/" + room).json().getInt("members") == members);
    }
}
