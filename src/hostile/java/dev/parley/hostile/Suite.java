package dev.parley.hostile;

import dev.parley.testing.RawSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** What all classes of the suite share: the report, and the server, as long as they want the same one. */
final class Suite implements BeforeAllCallback {

    private static final int WARM_UP = 3000;

    private Shared shared;

    @Override
    public void beforeAll(ExtensionContext context) {
        shared = context.getRoot()
                .getStore(ExtensionContext.Namespace.create(Suite.class))
                .getOrComputeIfAbsent(Shared.class, key -> new Shared(), Shared.class);
    }

    Report report() {
        return shared.report;
    }

    /** A server with this WAR and these settings: the one that runs, or a new one. */
    Server server(Path war, String address, List<String> settings, String... headers) {
        var wanted = new Wanted(war, address, settings);
        if (!wanted.equals(shared.wanted)) {
            stopServer();
            shared.server = Server.start(war, address, settings);
            shared.wanted = wanted;
            warmUp(shared.server, headers);
        }
        return shared.server;
    }

    /** Stops the server: the next one to ask gets a new one. */
    void stopServer() {
        shared.stopServer();
    }

    /** A server that has just started compiles what it runs first; the probe is to see attacks, not that. */
    private static void warmUp(Server server, String... headers) {
        try (var socket = RawSocket.open(server.base(), "/ws/echo", headers)) {
            for (int i = 0; i < WARM_UP; i++) {
                socket.text("warm " + i).nextButPings();
            }
        }
    }

    private record Wanted(Path war, String address, List<String> settings) {}

    private static final class Shared implements AutoCloseable {
        private final Report report = new Report();
        private Wanted wanted;
        private Server server;

        private void stopServer() {
            if (server != null) {
                server.close();
            }
            server = null;
            wanted = null;
        }

        @Override
        public void close() throws IOException {
            stopServer();
            report.write();
        }
    }
}
