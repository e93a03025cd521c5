package dev.parley.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ops.TestSettings;
import dev.parley.protocol.CloseReasons;
import jakarta.websocket.CloseReason;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What ends a peer from outside: its time, and what is told of it. */
class PeerEndTest {

    private static final CloseReason LEFT = new CloseReason(CloseReason.CloseCodes.NORMAL_CLOSURE, "");

    private final Hub hub = HubTest.hub(TestSettings.small(), Runnable::run);
    private final GatedWriter writer = new GatedWriter().open();
    private final List<String> said = new ArrayList<>();
    private final Peer peer = hub.open(writer, opened -> (sender, message) -> said.add(message));

    @Test
    void anExpiredPeerIsClosedByTheHeartbeat() {
        peer.expireAt(Instant.now().minusMillis(1), CloseReasons.EXPIRED);
        hub.beat(System.nanoTime());
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.EXPIRED);
        assertThat(hub.peers()).isZero();
    }

    @Test
    void afterItsTimeNothingIsDeliveredToAPeerAndNothingTaken() {
        Membership room = peer.join("r", "alice", Form.PLAIN);
        GatedWriter other = new GatedWriter().open();
        Membership[] bob = new Membership[1];
        hub.open(other, opened -> {
            bob[0] = opened.join("r", "bob", Form.PLAIN);
            return (sender, message) -> {};
        });
        List<String> before = writer.texts();
        peer.expireAt(Instant.now().minusMillis(1), CloseReasons.EXPIRED);
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
        peer.expireAt(Instant.now().minusMillis(1), CloseReasons.EXPIRED);
        peer.expireAt(Instant.now().plusSeconds(60), CloseReasons.EXPIRED);
        hub.beat(System.nanoTime());
        peer.text("hi", true);
        peer.expireAt(Instant.MAX, CloseReasons.EXPIRED);
        hub.beat(System.nanoTime());
        assertThat(writer.closeReason()).isNull();
        assertThat(said).containsExactly("hi");
    }

    @Test
    void whoWaitsForTheEndIsTold() {
        AtomicInteger told = new AtomicInteger();
        peer.whenGone(told::incrementAndGet);
        assertThat(told).hasValue(0);
        peer.closed(LEFT);
        peer.closed(LEFT);
        assertThat(told).hasValue(1);
        peer.whenGone(told::incrementAndGet);
        assertThat(told).hasValue(2);
    }
}
