package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.api.Membership;
import dev.parley.api.WireFormat;
import dev.parley.ops.TestSettings;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.PublishException;
import jakarta.websocket.CloseReason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** What ends a peer from outside: its time, and what is told of it. */
class PeerEndTest {

    private static final CloseReason LEFT = new CloseReason(CloseReason.CloseCodes.NORMAL_CLOSURE, "");

    private final LocalHub hub = HubTest.hub(TestSettings.small(), Runnable::run);
    private final GatedWriter writer = new GatedWriter().open();
    private final List<String> said = new ArrayList<>();
    private final LocalPeer peer =
            hub.open(writer, TestAdmission.toEverything(), opened -> (sender, message) -> said.add(message));

    @Test
    void anExpiredPeerIsClosedByTheHeartbeat() {
        peer.renew(TestAdmission.until(Instant.now().minusMillis(1)));
        hub.beat(System.nanoTime());
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.EXPIRED);
        assertThat(hub.peers()).isZero();
    }

    @Test
    void afterItsTimeNothingIsDeliveredToAPeerAndNothingTaken() {
        Membership room = peer.join("r", "alice", WireFormat.PLAIN);
        GatedWriter other = new GatedWriter().open();
        Membership[] bob = new Membership[1];
        hub.open(other, TestAdmission.toEverything(), opened -> {
            bob[0] = opened.join("r", "bob", WireFormat.PLAIN);
            return (sender, message) -> {};
        });
        List<String> before = writer.texts();
        peer.renew(TestAdmission.until(Instant.now().minusMillis(1)));
        bob[0].publish("late");
        peer.text("late", true);
        room.publish("late");
        assertThat(writer.texts()).isEqualTo(before);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.EXPIRED);
        assertThat(said).isEmpty();
        assertThat(other.texts()).containsOnlyOnce("bob: late").contains("* alice left");
    }

    @Test
    void aLaterTimeReplacesTheOldOne() {
        peer.renew(TestAdmission.until(Instant.now().minusMillis(1)));
        peer.renew(TestAdmission.until(Instant.now().plusSeconds(60)));
        hub.beat(System.nanoTime());
        peer.text("hi", true);
        peer.renew(TestAdmission.toEverything());
        hub.beat(System.nanoTime());
        assertThat(writer.closeReason()).isNull();
        assertThat(said).containsExactly("hi");
    }

    @Test
    void givesItsAdmissionBackOnce() {
        TestAdmission admission = TestAdmission.toEverything();
        LocalPeer counted = hub.open(new GatedWriter().open(), admission, opened -> (sender, message) -> {});
        assertThat(admission.open()).isEqualTo(1);
        counted.closed(LEFT);
        counted.closed(LEFT);
        assertThat(admission.open()).isZero();
    }

    @Test
    void closesPeerThatJoinsRoomItMayNotRead() {
        GatedWriter alice = new GatedWriter().open();
        Membership[] secret = new Membership[1];
        LocalPeer refused = hub.open(alice, TestAdmission.to("main"::equals, "main"::equals), opened -> {
            secret[0] = opened.join("secret", "alice", WireFormat.PLAIN);
            return (sender, message) -> secret[0].publish(message);
        });
        peer.join("secret", "bob", WireFormat.PLAIN);
        secret[0].publish("let me in");
        secret[0].typing();
        secret[0].leave();
        assertThat(secret[0].publish("let me in", "id").toCompletableFuture()).isCompletedExceptionally();
        assertThat(alice.closeReason()).isEqualTo(CloseReasons.FORBIDDEN);
        assertThat(alice.texts()).isEmpty();
        assertThat(writer.texts()).containsExactly("* bob joined");
        refused.closed(LEFT);
        assertThat(hub.peers()).isEqualTo(1);
    }

    @Test
    void closesReaderThatPublishesAndTellsOneThatWaitsForAnAnswer() {
        GatedWriter alice = new GatedWriter().open();
        Membership[] room = new Membership[1];
        hub.open(alice, TestAdmission.to(name -> true, name -> false), opened -> {
            room[0] = opened.join("news", "alice", WireFormat.PLAIN);
            return (sender, message) -> {};
        });
        assertThat(room[0].publish("hi", "id").toCompletableFuture())
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(PublishException.class);
        assertThat(alice.closeReason()).isNull();
        room[0].publish("hi");
        assertThat(alice.closeReason()).isEqualTo(CloseReasons.FORBIDDEN);
        assertThat(alice.texts()).containsExactly("* alice joined");
    }
}
