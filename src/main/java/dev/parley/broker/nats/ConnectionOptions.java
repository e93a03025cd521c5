package dev.parley.broker.nats;

import dev.parley.ops.Nats.Login;
import dev.parley.ops.Nats.Tls;
import dev.parley.ops.Secret;
import io.nats.client.Options;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** The settings of the connection, as the client library takes them. */
final class ConnectionOptions {

    private static final Duration PING = Duration.ofSeconds(1);
    private static final int MAX_PINGS_OUT = 2;
    private static final Duration RECONNECT = Duration.ofMillis(250);

    /** More than {@link NatsBroker} lets be under way: what is beyond would be dropped without a word. */
    private static final int MAX_OUTGOING = NatsBroker.MAX_UNDERWAY / NatsBroker.OVERHEAD * 2;

    private ConnectionOptions() {}

    /**
     * What the settings say. Files are read now, so that they may change between two connections.
     *
     * @param timeout for what the library asks the servers
     */
    static Options.Builder of(dev.parley.ops.Nats settings, Duration timeout) {
        Options.Builder options = Options.builder()
                .servers(settings.servers().toArray(String[]::new))
                .connectionName("parley")
                .inboxPrefix(settings.inboxPrefix())
                .connectionTimeout(timeout)
                .pingInterval(PING)
                .maxPingsOut(MAX_PINGS_OUT)
                .reconnectWait(RECONNECT)
                .maxReconnects(-1)
                .reportNoResponders()
                .reconnectBufferSize(0) // what was reported as failed must not be sent later
                .maxMessagesInOutgoingQueue(MAX_OUTGOING)
                .discardMessagesWhenOutgoingQueueFull(); // the caller would wait else
        Login login = settings.login();
        login.token().ifPresent(token -> options.token(chars(token)));
        login.user()
                .ifPresent(user -> options.userInfo(
                        user.toCharArray(),
                        login.password().map(ConnectionOptions::chars).orElseThrow()));
        login.credentials().ifPresent(file -> options.authHandler(Credentials.of(file)));
        Tls tls = settings.tls();
        tls.trustStore().ifPresent(file -> options.truststorePath(file.toString()));
        tls.trustStorePassword().ifPresent(password -> options.truststorePassword(chars(password)));
        tls.keyStore().ifPresent(file -> options.keystorePath(file.toString()));
        tls.keyStorePassword().ifPresent(password -> options.keystorePassword(chars(password)));
        return tls.first() ? options.tlsFirst() : options;
    }

    private static char[] chars(Secret secret) {
        return new String(secret.bytes(), StandardCharsets.UTF_8).toCharArray();
    }
}
