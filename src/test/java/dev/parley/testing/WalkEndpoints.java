package dev.parley.testing;

import dev.parley.api.Conversation;
import dev.parley.api.Hub;
import dev.parley.api.Membership;
import dev.parley.api.Peer;
import dev.parley.api.WireFormat;
import dev.parley.endpoint.PeerEndpoint;
import dev.parley.gate.Handshake;
import dev.parley.gate.HandshakeConfigurator;
import jakarta.inject.Inject;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** Endpoints of an application's own, for a test that adds this class to a WAR, and a record of those whose code ran. */
public final class WalkEndpoints {

    /** Where the record can be read, with any text. */
    public static final String CALLS = "/ws/test/calls";

    private static final Map<String, Integer> COUNTS = new ConcurrentHashMap<>();

    private WalkEndpoints() {}

    private static Conversation join(String endpoint, Peer peer, Handshake handshake) {
        COUNTS.merge(endpoint, 1, Integer::sum);
        Membership room = peer.join(endpoint, handshake.user(), WireFormat.PLAIN);
        return (sender, message) -> room.publish(message);
    }

    /** An endpoint as the README shows it; its annotations are inherited on the servers tested. */
    public abstract static class Shown extends PeerEndpoint {

        private final String name;

        Shown(String name) {
            this.name = name;
        }

        @Override
        protected Conversation converse(Peer peer, Handshake handshake) {
            return join(name, peer, handshake);
        }

        @Override
        @OnOpen
        public void onOpen(Session session) {
            super.onOpen(session);
        }

        @Override
        @OnMessage
        public void onText(String part, boolean last) {
            super.onText(part, last);
        }

        @Override
        @OnClose
        public void onClose(CloseReason reason) {
            super.onClose(reason);
        }

        @Override
        @OnError
        public void onError(Throwable failure) {
            super.onError(failure);
        }
    }

    /** One that the gate has checked. */
    @ServerEndpoint(value = "/ws/prices", configurator = HandshakeConfigurator.class)
    public static class Prices extends Shown {
        /** For the container. */
        public Prices() {
            super("prices");
        }
    }

    /** The same without its configurator. */
    @ServerEndpoint("/forgotten")
    public static class Forgotten extends Shown {
        /** For the container. */
        public Forgotten() {
            super("forgotten");
        }
    }

    /** An endpoint that opens its peers itself. */
    public abstract static class Opening {

        /** Injected by the server. */
        @Inject
        private Hub hub;

        private final String name;
        private Peer peer;

        Opening(String name) {
            this.name = name;
        }

        @OnOpen
        public void open(Session session) {
            peer = hub.open(session, opened -> join(name, opened, Handshake.of(session)));
        }

        @OnMessage
        public void text(String part, boolean last) {
            peer.text(part, last);
        }

        @OnClose
        public void close(CloseReason reason) {
            peer.closed(reason);
        }

        @OnError
        public void error(Throwable failure) {
            peer.failed(failure);
        }
    }

    /** One that the gate has checked, with a variable in its path. */
    @ServerEndpoint(value = "/app/rooms/{room}", configurator = HandshakeConfigurator.class)
    public static class Rooms extends Opening {
        /** For the container. */
        public Rooms() {
            super("rooms");
        }
    }

    /** The same without its configurator. */
    @ServerEndpoint("/app/plain")
    public static class Plain extends Opening {
        /** For the container. */
        public Plain() {
            super("plain");
        }
    }

    /** Answers any text with the names of the endpoints whose code ran, and how often. */
    @ServerEndpoint(value = CALLS, configurator = HandshakeConfigurator.class)
    public static class Calls {

        @OnMessage
        public String calls(String question) {
            return new TreeMap<>(COUNTS).toString();
        }
    }
}
