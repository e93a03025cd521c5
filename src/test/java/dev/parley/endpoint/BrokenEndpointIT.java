package dev.parley.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.BrokenEndpoint;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A bug in an endpoint: 1011 for the one who met it, nothing for anybody else. */
class BrokenEndpointIT extends OnServer {

    @Deployment(testable = false)
    static WebArchive war() {
        return parley(BrokenEndpoint.class);
    }

    @Test
    void whatAnEndpointThrowsPastItsPeerIsAnIncidentWhereTheContainerCallsIt() {
        var client = connect(BrokenEndpoint.PATH).text("throw past the peer");
        if (readsFrames()) {
            client.expectText("ok: throw past the peer");
        } else {
            assertThat(client.expectClose(1011)).contains("incident");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"throw", "overflow"})
    void whoMeetsABugIsClosedWith1011AndAnIncident(String message) {
        var other = connect(BrokenEndpoint.PATH);
        var reason = connect(BrokenEndpoint.PATH).text(message).expectClose(1011);
        assertThat(reason)
                .matches(".*incident [A-Za-z0-9-]{6,}.*")
                .doesNotContain("Exception", "Error", "dev.", "java.");
        other.text("hi").expectText("ok: hi").expectNothing();
        connect(BrokenEndpoint.PATH).text("new").expectText("ok: new");
    }

    @Test
    void bytesThatMeetABugAreClosedWith1011() {
        assertThat(connect(BrokenEndpoint.PATH).binary((byte) 1).expectClose(1011))
                .contains("incident");
    }

    @Test
    void everyIncidentHasAnIdOfItsOwn() {
        var one = connect(BrokenEndpoint.PATH).text("throw").expectClose(1011);
        var two = connect(BrokenEndpoint.PATH).text("throw").expectClose(1011);
        assertThat(one).isNotEqualTo(two);
    }

    @Test
    void repliesBeforeTheBugAreStillDelivered() {
        var client = open(BrokenEndpoint.PATH).text("1").text("2").text("throw");
        client.offer(RawSocket.encode(RawSocket.TEXT, true, true, (byte) '3')); // the close may have come by now
        client.expectText("ok: 1").expectText("ok: 2").expectClose(1011);
    }

    @Test
    void theOtherEndpointsDoNotNotice() {
        var alice = connect("/ws/chat/x?user=alice").expectText("* alice joined");
        connect(BrokenEndpoint.PATH).text("throw").expectClose(1011);
        alice.text("hi").expectText("alice: hi").expectNothing();
    }
}
