package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.testing.Api;
import dev.parley.testing.Jwt;
import dev.parley.testing.OnServer;
import dev.parley.testing.RoomClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** A server that takes the tokens of an identity provider, which signs with new keys from time to time. */
class KeySetIT extends OnServer {

    private static final RSAKey FIRST = key("first");
    private static final Path KEYS = file();

    @Deployment(testable = false)
    static WebArchive war() {
        publish(FIRST);
        return parleyWith(List.of(
                "parley.token.required = true",
                "parley.token.keys = \"" + KEYS.toUri() + '"',
                "parley.token.name-claim = preferred_username",
                "parley.token.rights-claim = realm_access.roles"));
    }

    @Test
    void aNewKeyIs503UntilItIsFetchedAndAnInventedOneIs401AfterThat() {
        await().atMost(DEADLINE).until(() -> connects(signed(FIRST))); // beside a key that cannot be read
        var api = new Api(base());
        RSAKey next = key("next");
        var bearer = "Bearer " + signed(next);
        var response = socket().handshake("/ws/echo", "Authorization", bearer);
        assertThat(response.status()).isEqualTo(503);
        assertThat(Integer.parseInt(response.header("Retry-After"))).isBetween(2, 10);
        var answer = api.get("/api/rooms", "Authorization", bearer);
        answer.problem(503, "unavailable");
        assertThat(Integer.parseInt(answer.header("Retry-After"))).isBetween(2, 10);
        var client = new RoomClient(connect("/ws/chat/keys", "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
        client.say("auth", "token", signed(next)).error("unavailable");
        publish(FIRST, next);
        await().atMost(DEADLINE).until(() -> connects(signed(next)));
        client.say("auth", "token", signed(next));
        assertThat(client.next("welcome").getString("user")).isEqualTo("Alice A.");
        assertThat(connects(signed(FIRST))).isTrue();
        var invented = "Bearer " + signed(key("invented"));
        assertThat(socket().handshake("/ws/echo", "Authorization", invented).status())
                .isEqualTo(503);
        await().atMost(DEADLINE)
                .until(() -> socket().handshake("/ws/echo", "Authorization", invented)
                                .status()
                        == 401);
    }

    private boolean connects(String token) {
        return socket().handshake("/ws/echo", "Authorization", "Bearer " + token)
                        .status()
                == 101;
    }

    private static String signed(RSAKey key) {
        var token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getKeyID()).build(),
                Jwt.claims(claims -> claims.subject("f:1234:alice")
                        .claim("preferred_username", "Alice A.")
                        .claim("realm_access", Map.of("roles", List.of("offline_access", "read", "publish")))));
        try {
            token.sign(new RSASSASigner(key));
            return token.serialize();
        } catch (JOSEException e) {
            throw new AssertionError(e);
        }
    }

    private static void publish(RSAKey... keys) {
        String unreadable = "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}";
        String all = Stream.concat(Stream.of(unreadable), Stream.of(keys).map(key -> key.toPublicJWK()
                        .toJSONString()))
                .collect(Collectors.joining(",", "{\"keys\":[", "]}"));
        try {
            Files.writeString(KEYS, all);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static RSAKey key(String id) {
        try {
            return new RSAKeyGenerator(2048).keyID(id).generate();
        } catch (JOSEException e) {
            throw new AssertionError(e);
        }
    }

    private static Path file() {
        try {
            Path file = Files.createTempFile("keys", ".json");
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
