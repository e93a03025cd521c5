package dev.parley.testing;

import dev.parley.api.Conversation;
import dev.parley.api.Hub;
import dev.parley.api.Peer;
import dev.parley.gate.HandshakeConfigurator;
import jakarta.inject.Inject;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.nio.ByteBuffer;

/** An endpoint with bugs, for a test that adds this class to the WAR: some messages make it throw. */
@ServerEndpoint(value = BrokenEndpoint.PATH, configurator = HandshakeConfigurator.class)
public class BrokenEndpoint {

    /** Where it answers. */
    public static final String PATH = "/ws/test/broken";

    /** Injected by the server. */
    @Inject
    private Hub hub;

    private Peer peer;

    /** For the container. */
    public BrokenEndpoint() {}

    @OnOpen
    public void open(Session session) {
        peer = hub.open(session, opened -> new Broken());
    }

    private record Broken() implements Conversation {
        @Override
        public void text(Peer peer, String message) {
            switch (message) {
                case "throw" -> throw new IllegalStateException("dev.parley.secret: " + message);
                case "overflow" -> overflow(0);
                default -> peer.send("ok: " + message);
            }
        }

        @Override
        public void binary(Peer peer, ByteBuffer message) {
            throw new IndexOutOfBoundsException("binary");
        }
    }

    private static int overflow(int depth) {
        return overflow(depth + 1) + 1;
    }

    @OnMessage
    public void text(String part, boolean last) {
        if (part.equals("throw past the peer")) {
            throw new IllegalArgumentException("dev.parley.secret");
        }
        peer.text(part, last);
    }

    @OnMessage
    public void binary(ByteBuffer part, boolean last) {
        peer.binary(part, last);
    }

    @OnMessage
    public void pong(PongMessage pong) {
        peer.pong(0);
    }

    @OnClose
    public void close(CloseReason reason) {
        peer.closed(reason);
    }

    @OnError
    public void error(Throwable failure) {
        if (peer == null) {
            throw new IllegalStateException("not opened", failure);
        }
        peer.failed(failure);
    }
}
