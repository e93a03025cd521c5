package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.CloseReasons;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import java.util.List;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeartbeatIT extends OnServer {

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(List.of("parley.heartbeat.ping = 1s", "parley.heartbeat.message-deadline = 1s"));
    }

    @Test
    void aPingComesAgainAndAgain() {
        var client = open("/ws/echo");
        for (int i = 0; i < 3; i++) {
            assertThat(client.next().opcode()).isEqualTo(RawSocket.PING);
            client.frame(RawSocket.PONG, true);
        }
    }

    /** GlassFish and Payara do not always notice a reset by themselves; the next ping does. */
    @Test
    void whoVanishesHasLeft() {
        var alice = connect("/ws/chat/vanishing?user=alice").expectText("* alice joined");
        var bob = open("/ws/chat/vanishing?user=bob");
        alice.expectText("* bob joined");
        bob.reset();
        alice.expectText("* bob left");
    }

    /** Where Undertow reads, it tells nobody of a fragment without bytes (hostile.md). */
    @ParameterizedTest
    @ValueSource(ints = {RawSocket.TEXT, RawSocket.BINARY})
    @Timeout(60)
    void aMessageThatBeginsWithNothingMustEndToo(int opcode) {
        Assumptions.assumeTrue(readsFrames() || !on("wildfly"));
        var client = open("/ws/echo").frame(opcode, false);
        assertThat(client.nextButPings().code())
                .isEqualTo(CloseReasons.UNFINISHED.getCloseCode().getCode());
    }
}
