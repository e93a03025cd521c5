package dev.parley.testing;

import dev.parley.api.Hub;
import dev.parley.api.Peer;
import dev.parley.gate.HandshakeConfigurator;
import jakarta.inject.Inject;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;

/** An endpoint whose clients enter the hub only after all other peers have left it, for a test that adds this class to the WAR. */
@ServerEndpoint(value = LateEndpoint.PATH, configurator = HandshakeConfigurator.class)
public class LateEndpoint {

    /** Where it answers. */
    public static final String PATH = "/ws/test/late";

    private static final long PATIENCE = 20_000_000_000L; // ns

    /** Injected by the server. */
    @Inject
    private Hub hub;

    private Peer peer;

    /** For the container. */
    public LateEndpoint() {}

    @OnOpen
    public void open(Session session) {
        long start = System.nanoTime();
        while (hub.peers() > 0 && System.nanoTime() - start < PATIENCE) {
            Thread.onSpinWait();
        }
        peer = hub.open(session, opened -> (silent, message) -> {});
    }

    @OnClose
    public void close(CloseReason reason) {
        if (peer != null) {
            peer.closed(reason);
        }
    }
}
