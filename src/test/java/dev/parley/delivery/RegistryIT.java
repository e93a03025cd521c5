package dev.parley.delivery;

import dev.parley.testing.HubEndpoint;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import java.util.ArrayList;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** The hub's registries, under clients that come and go. */
class RegistryIT extends OnServer {

    private static final int BATCHES = 20;
    private static final int PER_BATCH = 100;

    @Deployment(testable = false)
    static WebArchive war() {
        return parley(HubEndpoint.class);
    }

    @Test
    void anOpenPeerAndItsRoomAreCounted() {
        awaitHub(0, 0);
        var alice = connect("/ws/chat/one").expectText("* a user joined");
        var bob = connect("/ws/chat/one").expectText("* a user joined");
        var echo = connect("/ws/echo");
        echo.expectNothing();
        awaitHub(3, 1);
        alice.close(1000, "");
        echo.close(1000, "");
        awaitHub(1, 1);
        bob.close(1000, "");
        awaitHub(0, 0);
    }

    /** However clients leave: by a close, by ending the connection, by a reset, or half-way through a message. */
    @Test
    void afterTwoThousandClientsHaveComeAndGoneNothingIsLeft() {
        var targets =
                new String[] {"/ws", "/ws/echo", "/ws/chat", "/ws/chat/r%d", "/ws/json", "/ws/chat/r%d?user=u%<d"};
        awaitHub(0, 0);
        for (int batch = 0; batch < BATCHES; batch++) {
            var sockets = new ArrayList<RawSocket>();
            for (int i = 0; i < PER_BATCH; i++) {
                sockets.add(RawSocket.open(base(), String.format(targets[i % targets.length], i % 7)));
            }
            for (int i = 0; i < PER_BATCH; i++) {
                var socket = sockets.get(i);
                switch ((i + batch) % 6) {
                    case 0, 1, 2 -> socket.close(1000, "");
                    case 3 -> socket.close();
                    case 4 -> socket.reset();
                    default -> {
                        socket.frame(RawSocket.TEXT, false, (byte) 'h');
                        socket.reset();
                    }
                }
            }
            for (int i = 0; i < PER_BATCH; i++) {
                if ((i + batch) % 6 < 3) {
                    sockets.get(i).drain();
                    sockets.get(i).close();
                }
            }
        }
        awaitHub(0, 0);
    }
}
