package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.delivery.Liveness.Alive;
import dev.parley.delivery.Liveness.End;
import dev.parley.delivery.Liveness.Finding;
import dev.parley.delivery.Liveness.How;
import dev.parley.ops.Settings;
import dev.parley.ops.TestSettings;
import dev.parley.protocol.CloseReasons;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What a beat finds, at times that the test sets. */
class LivenessTest {

    private static final Settings.Heartbeat SETTINGS = TestSettings.with(
                    "parley.heartbeat.ping=25s",
                    "parley.heartbeat.pong-deadline=20s",
                    "parley.heartbeat.send-deadline=30s",
                    "parley.heartbeat.message-deadline=60s")
            .heartbeat();

    private final GatedWriter writer = new GatedWriter();
    private final long start = System.nanoTime();
    private final Liveness liveness = new Liveness(writer);
    private int sentAt = Integer.MAX_VALUE; // what has not left yet, in seconds after the start
    private int messageAt = Integer.MAX_VALUE; // what has not ended yet

    private Finding beat(int second) {
        return liveness.beat(at(second), SETTINGS, since -> at(sentAt) - since < 0, since -> at(messageAt) - since < 0);
    }

    private long at(int second) {
        return start + Duration.ofSeconds(second).toNanos();
    }

    @Test
    void pingsAreDueInTheirInterval() {
        assertThat(beat(24)).isEqualTo(Alive.QUIET);
        assertThat(beat(26)).isEqualTo(Alive.PING_DUE);
        assertThat(beat(27)).isEqualTo(Alive.QUIET);
        assertThat(beat(51)).isEqualTo(Alive.PING_DUE);
    }

    @Test
    void endsPeerThatIsNotHeardAfterAPing() {
        liveness.heard(); // before the ping
        liveness.pinged(at(26));
        assertThat(beat(45)).isInstanceOf(Alive.class);
        assertThat(beat(46)).isEqualTo(new End(How.ABANDONED, CloseReasons.UNRESPONSIVE));
    }

    @Test
    void keepsPeerThatIsHeardAfterAPing() {
        liveness.pinged(at(26));
        liveness.heard();
        assertThat(beat(60)).isInstanceOf(Alive.class);
    }

    @Test
    void aSecondPingGivesNoMoreTime() {
        liveness.pinged(at(26));
        liveness.pinged(at(40));
        assertThat(beat(46)).isEqualTo(new End(How.ABANDONED, CloseReasons.UNRESPONSIVE));
    }

    @Test
    void pingsNobodyBehindABatchThatDoesNotMove() {
        sentAt = 10;
        assertThat(beat(26)).isEqualTo(Alive.QUIET);
        sentAt = 26;
        assertThat(beat(27)).isEqualTo(Alive.PING_DUE);
    }

    @Test
    void expiresAtItsTime() {
        liveness.expireAt(Instant.now().plusSeconds(60), CloseReasons.EXPIRED);
        assertThat(liveness.expired()).isNull();
        assertThat(beat(0)).isEqualTo(Alive.QUIET);
        liveness.expireAt(Instant.now().minusMillis(1), CloseReasons.EXPIRED);
        assertThat(liveness.expired()).isEqualTo(CloseReasons.EXPIRED);
        assertThat(beat(0)).isEqualTo(new End(How.CLOSED, CloseReasons.EXPIRED));
        liveness.expireAt(Instant.MAX, CloseReasons.EXPIRED);
        assertThat(beat(0)).isEqualTo(Alive.QUIET);
    }

    @Test
    void leavesABrokenConnectionToTheContainerForABeat() {
        liveness.broke();
        assertThat(beat(0)).isEqualTo(Alive.QUIET);
        assertThat(beat(2)).isEqualTo(new End(How.ABANDONED, CloseReasons.BROKEN));
    }

    /** All reasons at once: each is found when those before it are gone. */
    @Test
    void asksForTheReasonsInOneOrder() {
        liveness.pinged(at(1));
        messageAt = 0;
        assertThat(beat(61)).isEqualTo(new End(How.ABANDONED, CloseReasons.UNFINISHED));
        liveness.expireAt(Instant.now().minusMillis(1), CloseReasons.EXPIRED);
        assertThat(beat(61)).isEqualTo(new End(How.CLOSED, CloseReasons.EXPIRED));
        writer.flood();
        assertThat(beat(61)).isEqualTo(new End(How.ABORTED, CloseReasons.TOO_FAST));
        sentAt = 0;
        assertThat(beat(61)).isEqualTo(new End(How.ABANDONED, CloseReasons.TOO_SLOW));
        liveness.broke();
        assertThat(beat(61)).isEqualTo(new End(How.ABANDONED, CloseReasons.BROKEN));
        writer.vanish();
        assertThat(beat(61)).isEqualTo(new End(How.LOST, CloseReasons.LOST));
    }

    @Test
    void aDeadlineIsNotReachedBeforeItsTime() {
        messageAt = 0;
        assertThat(beat(60)).isInstanceOf(Alive.class);
        messageAt = Integer.MAX_VALUE;
        sentAt = 60;
        assertThat(beat(90)).isInstanceOf(Alive.class);
    }
}
