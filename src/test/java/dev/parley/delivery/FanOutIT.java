package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.HubEndpoint;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import dev.parley.testing.Swarm;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** One room with many clients under load: the oracle is {@link Swarm}'s. */
class FanOutIT extends OnServer {

    /** The messages of the large test; fewer, by the system property of this name, for a server under study. */
    private static final int MESSAGES = Integer.getInteger("it.fanout.messages", 20_000);

    @Deployment(testable = false)
    static WebArchive war() {
        return parley(HubEndpoint.class);
    }

    @Test
    void fiveHundredClientsSeeEveryMessageOnceInOneOrder() {
        var swarm = keep(new Swarm(base(), "/ws/chat/many", 500, MESSAGES, 0));
        swarm.talk(8);
        System.out.println(swarm);
        assertThat(swarm.distinct()).isEqualTo(MESSAGES);
        awaitHub(500 - swarm.fellOut(), 1);
    }

    @Test
    void aClientThatNeverReadsIsDroppedAndNobodyElseMissesAnything() {
        // Its 20 MB are more than the kernel and the container take for a stalled socket.
        var swarm = keep(new Swarm(base(), "/ws/chat/stuck", 10, 20_000, 1000));
        var stuck = keep(RawSocket.connect(base(), 1024));
        stuck.upgrade("/ws/chat/stuck?user=stuck");
        swarm.talk(10); // all talk, so that none of the ten can lag further than its own window
        System.out.println(swarm);
        assertThat(swarm.distinct()).isEqualTo(20_000);
        assertThat(swarm.fellOut()).isZero();
        awaitHub(10, 1);
        stuck.drain();
    }
}
