package dev.parley.broker.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.broker.BrokerContract;
import dev.parley.broker.History;
import dev.parley.broker.Sender;
import dev.parley.cluster.NatsServer;
import dev.parley.protocol.Content;
import dev.parley.protocol.Position;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node shows a NATS server, and what the server has to show it. */
class NatsLoginIT {

    private static final String PASSWORD = "changeit";

    @TempDir
    Path directory;

    @Test
    void aUserComesInWithItsPasswordAlone() {
        try (var server = new NatsServer("--user", "parley", "--pass", "secret")) {
            assertComesIn(server.address(), "parley.nats.user=parley", "parley.nats.password=secret");
            assertStaysOut(server.address(), "parley.nats.user=parley", "parley.nats.password=guess");
            assertStaysOut(server.address());
        }
    }

    @Test
    void aTokenComesIn() {
        try (var server = new NatsServer("--auth", "secret")) {
            assertComesIn(server.address(), "parley.nats.token=secret");
            assertStaysOut(server.address(), "parley.nats.token=guess");
        }
    }

    @Test
    void aServerWithTlsIsTrustedByItsAuthorityAlone() throws Exception {
        Path store = directory.resolve("store.p12");
        var made = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "nats",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        PASSWORD)
                .inheritIO()
                .start();
        assertThat(made.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        Path certificate = pem("CERTIFICATE", keys.getCertificate("nats").getEncoded());
        Path key =
                pem("PRIVATE KEY", keys.getKey("nats", PASSWORD.toCharArray()).getEncoded());
        try (var server = new NatsServer("--tls", "--tlscert", certificate.toString(), "--tlskey", key.toString())) {
            String address = server.address().replace("nats:", "tls:");
            assertComesIn(address, "parley.nats.trust-store=" + store, "parley.nats.trust-store-password=" + PASSWORD);
            assertStaysOut(address);
        }
        String first = config(
                "tls { cert_file: \"%s\", key_file: \"%s\", handshake_first: true }".formatted(certificate, key));
        try (var server = new NatsServer("--config", first)) {
            String address = server.address().replace("nats:", "tls:");
            String[] trust = {"parley.nats.trust-store=" + store, "parley.nats.trust-store-password=" + PASSWORD};
            assertComesIn(address, trust[0], trust[1], "parley.nats.tls-first=true");
            assertStaysOut(address, trust);
        }
    }

    private String config(String text) throws Exception {
        return Files.writeString(Files.createTempFile(directory, "nats", ".conf"), text)
                .toString();
    }

    /** The block is taken from the page for operators, for another stream. */
    @Test
    void theRightsInTheDocumentationAreEnough() throws Exception {
        String page = Files.readString(Path.of("src/site/markdown/nats.md"));
        String block = page.substring(page.indexOf("authorization {"));
        String rights = block.substring(0, block.indexOf("```"))
                .replace("$PARLEY_NATS_PASSWORD", "secret")
                .replace(".PARLEY\"", ".Login\"")
                .replace("\"parley.", "\"login.");
        String[] login = {"parley.nats.user=parley", "parley.nats.password=secret"};
        try (var server = new NatsServer("--config", config(rights))) {
            assertComesIn(server.address(), login);
            String[] longer = {login[0], login[1], "parley.history.age=2h"}; // the stream is brought to that
            try (var node = new NatsNode(server.address(), "Login", longer)) {
                BrokerContract.Log log = new BrokerContract.Log();
                node.broker.attach(log);
                History kept = log.open(node.broker, "r", 10)
                        .orTimeout(20, TimeUnit.SECONDS)
                        .join();
                assertThat(kept.publications()).hasSize(1);
                node.broker.joined("r", new Sender("alice", 7));
                node.broker.typing("r", new Sender("alice", 7));
                Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> !log.typing.isEmpty());
            }
            assertThat(server.logged("Violation")).isZero();
        }
        for (String needed : List.of("in.>", "API.STREAM.INFO.Login", "API.STREAM.CREATE.Login")) {
            try (var server = new NatsServer("--config", config(rights.replace(needed, "nothing")))) {
                assertStaysOut(server.address(), login);
                assertThat(server.logged("Violation")).isPositive();
            }
        }
    }

    @Test
    void aUserWhoMayNotUseTheCommonInboxHasOneOfItsOwn() throws Exception {
        String config = config("""
                authorization { users: [ { user: parley, password: secret, permissions {
                  publish: ["login.>", "$JS.API.>"]
                  subscribe: ["login.>", "inbox.parley.>"]
                } } ] }
                """);
        try (var server = new NatsServer("--config", config)) {
            String[] login = {"parley.nats.user=parley", "parley.nats.password=secret"};
            assertComesIn(server.address(), login[0], login[1], "parley.nats.inbox-prefix=inbox.parley");
            assertStaysOut(server.address(), login);
        }
    }

    @Test
    void aStreamOfAnotherDomainIsReachedByItsName() throws Exception {
        try (var server = new NatsServer("--config", config("jetstream { domain: hub }"))) {
            assertComesIn(server.address(), "parley.nats.domain=hub");
            assertStaysOut(server.address(), "parley.nats.domain=other");
        }
    }

    private Path pem(String type, byte[] content) throws Exception {
        String text = "-----BEGIN " + type + "-----\n" + Base64.getMimeEncoder().encodeToString(content) + "\n-----END "
                + type + "-----\n";
        return Files.writeString(directory.resolve(type + ".pem"), text);
    }

    private static void assertComesIn(String address, String... settings) {
        assertThat(publish(address, "15s", settings).offset()).isPositive();
    }

    private static void assertStaysOut(String address, String... settings) {
        assertThatThrownBy(() -> publish(address, "1s", settings)).hasMessageContaining("may not have been stored");
    }

    private static Position publish(String address, String timeout, String... settings) {
        String[] all = Stream.concat(Stream.of("parley.nats.publish-timeout=" + timeout), Stream.of(settings))
                .toArray(String[]::new);
        try (var node = new NatsNode(address, "Login", all)) {
            node.broker.attach(new BrokerContract.Log());
            return node.broker
                    .publish("r", new Sender("alice", 7), null, new Content.Text("hi"))
                    .toCompletableFuture()
                    .orTimeout(20, TimeUnit.SECONDS)
                    .join();
        }
    }
}
