package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import java.util.List;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

class HeartbeatIT extends OnServer {

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(List.of("parley.heartbeat.ping = 1s"));
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
}
