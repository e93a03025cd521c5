package dev.parley.ops;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Where the NATS servers are that join this node with others, and what is kept there. Immutable.
 *
 * @param servers addresses, of which one is taken
 * @param stream the name of the stream, and in lower case the first token of its subjects
 * @param domain the JetStream domain that has it, if it is not the servers' own
 * @param inboxPrefix what the subjects of answers start with
 * @param replicas on how many servers each message is stored before it is acknowledged
 * @param bytes how much the stream holds, of all rooms
 * @param publishTimeout how long a message is tried to be published
 * @param login what this node shows the servers
 * @param tls how the servers and this node prove who they are
 */
public record Nats(
        List<String> servers,
        String stream,
        Optional<String> domain,
        String inboxPrefix,
        int replicas,
        long bytes,
        Duration publishTimeout,
        Login login,
        Tls tls) {

    private static final Set<String> SCHEMES = Set.of("nats", "tls");
    private static final Predicate<String> STREAM =
            Pattern.compile("[A-Za-z0-9_-]{1,32}").asMatchPredicate();

    private static final Predicate<String> SUBJECT =
            Pattern.compile("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+){0,7}").asMatchPredicate();

    static Nats of(Reader from) {
        return new Nats(
                from.list("parley.nats.servers", Nats::isServer, "addresses such as nats://10.0.0.1:4222 or tls://…"),
                from.text("parley.nats.stream", STREAM, "1 to 32 of A-Z a-z 0-9 _ -"),
                from.optional("parley.nats.domain", STREAM, "1 to 32 of A-Z a-z 0-9 _ -"),
                from.text("parley.nats.inbox-prefix", SUBJECT, "words of A-Z a-z 0-9 _ -, with dots between"),
                from.count("parley.nats.replicas", 1, 5),
                from.bytes("parley.nats.bytes", 1 << 20, 1L << 50),
                from.duration("parley.nats.publish-timeout", Duration.ofSeconds(1), Duration.ofMinutes(1)),
                Login.of(from),
                Tls.of(from));
    }

    private static boolean isServer(String text) {
        try {
            URI uri = new URI(text);
            return SCHEMES.contains(String.valueOf(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getUserInfo() == null; // secrets have keys of their own, which no log shows
        } catch (URISyntaxException e) {
            return false;
        }
    }

    /**
     * What this node shows the servers: one of the three, or nothing.
     *
     * @param user the name of a user
     * @param password its password
     * @param token a token
     * @param credentials a file with the JWT and the seed of a user
     */
    public record Login(
            Optional<String> user, Optional<Secret> password, Optional<Secret> token, Optional<Path> credentials) {
        static Login of(Reader from) {
            Login login = new Login(
                    from.optional("parley.nats.user", text -> true, "the name of a user"),
                    from.secret("parley.nats.password", 1),
                    from.secret("parley.nats.token", 1),
                    from.file("parley.nats.credentials"));
            from.require(
                    "parley.nats.user",
                    login.user.isEmpty() || login.password.isPresent(),
                    "empty without parley.nats.password");
            from.require(
                    "parley.nats.password",
                    login.password.isEmpty() || login.user.isPresent(),
                    "empty without parley.nats.user");
            from.require(
                    "parley.nats.token", login.token.isEmpty() || login.user.isEmpty(), "empty with parley.nats.user");
            from.require(
                    "parley.nats.credentials",
                    login.credentials.isEmpty() || (login.user.isEmpty() && login.token.isEmpty()),
                    "empty with parley.nats.user or parley.nats.token");
            return login;
        }
    }

    /**
     * How the servers and this node prove who they are, with addresses that start with {@code tls:}.
     *
     * @param trustStore a file with the certificates of authorities; without one those of the JVM count
     * @param trustStorePassword opens it
     * @param keyStore a file with this node's own certificate and key
     * @param keyStorePassword opens it
     * @param first whether TLS begins with the connection, before the servers have said anything
     */
    public record Tls(
            Optional<Path> trustStore,
            Optional<Secret> trustStorePassword,
            Optional<Path> keyStore,
            Optional<Secret> keyStorePassword,
            boolean first) {
        static Tls of(Reader from) {
            return new Tls(
                    from.file("parley.nats.trust-store"),
                    from.secret("parley.nats.trust-store-password", 1),
                    from.file("parley.nats.key-store"),
                    from.secret("parley.nats.key-store-password", 1),
                    from.flag("parley.nats.tls-first"));
        }
    }
}
