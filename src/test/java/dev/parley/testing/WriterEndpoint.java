package dev.parley.testing;

import dev.parley.gate.HandshakeConfigurator;
import dev.parley.ops.Settings;
import dev.parley.wire.server.Writers;
import jakarta.inject.Inject;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;

/** The kind of writer that a peer of this deployment gets, as the answer to any text; for a test that adds this class. */
@ServerEndpoint(value = WriterEndpoint.PATH, configurator = HandshakeConfigurator.class)
public class WriterEndpoint {

    /** Where it answers. */
    public static final String PATH = "/ws/test/writer";

    /** Injected by the server. */
    @Inject
    private Settings settings;

    /** For the container. */
    public WriterEndpoint() {}

    private String kind = "";

    @OnOpen
    public void open(Session session) {
        try (var writers = new Writers(settings.writer())) {
            kind = writers.open(session).getClass().getSimpleName();
        }
    }

    @OnMessage
    public String kind(String question) {
        return kind;
    }
}
