package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.gate.Identity.Right;
import dev.parley.ops.TestSettings;
import dev.parley.testing.Jwt;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokensTest {

    @TempDir
    private Path directory;

    @Test
    void aGoodTokenSaysWhoAndUntilWhen() throws Refusal {
        Instant end = Instant.ofEpochSecond(Instant.now().getEpochSecond() + 60);
        Identity alice = withSecret().verify(Jwt.alice(claims -> claims.expirationTime(Date.from(end))));
        assertThat(alice.user()).isEqualTo("alice");
        assertThat(alice.expires()).isEqualTo(end);
        assertThat(alice.isUnknown()).isFalse();
        assertThat(alice.mayRead("any")).isTrue();
        assertThat(alice.mayPublish("any")).isTrue();
    }

    @Test
    void roomsAreNamesOrBeginnings() throws Refusal {
        Identity alice = withSecret().verify(Jwt.alice(claims -> claims.claim("rooms", List.of("main", "team-*"))));
        assertThat(Stream.of("main", "team-", "team-a", "mainly", "Main", "team", "x", "/ws")
                        .filter(alice::mayRead))
                .containsExactly("main", "team-", "team-a");
    }

    @Test
    void rightsAreThoseNamedAndNoOther() throws Refusal {
        assertThat(rights(List.of("read"))).containsExactly(Right.READ);
        assertThat(rights(List.of("publish", "admin"))).containsExactly(Right.PUBLISH);
        assertThat(rights(List.of())).isEmpty();
        assertThat(rights(List.of("READ"))).isEmpty();
    }

    private Iterable<Right> rights(List<String> words) throws Refusal {
        return withSecret()
                .verify(Jwt.alice(claims -> claims.claim("rights", words)))
                .rights();
    }

    static Stream<String> badTokens() {
        String good = Jwt.alice();
        String[] parts = good.split("\\.");
        String none = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8));
        return Stream.of(
                "",
                "x",
                "a.b.c",
                "..",
                parts[0] + "." + parts[1] + ".",
                parts[0] + "." + parts[1],
                none + "." + parts[1] + ".",
                none + "." + parts[1] + "." + parts[2],
                new PlainJWT(Jwt.claims(c -> c)).serialize(),
                Jwt.signed("another secret that is only for tests", Jwt.claims(c -> c)),
                parts[0] + "." + Jwt.alice(c -> c.subject("bob")).split("\\.")[1] + "." + parts[2],
                Jwt.alice(c -> c.expirationTime(Jwt.in(Duration.ofSeconds(-31)))),
                Jwt.alice(c -> c.expirationTime(null)),
                Jwt.alice(c -> c.notBeforeTime(Jwt.in(Duration.ofSeconds(40)))),
                Jwt.alice(c -> c.subject(null)),
                Jwt.alice(c -> c.subject("")),
                Jwt.alice(c -> c.subject("alice: x")),
                Jwt.alice(c -> c.subject("a\nb")),
                Jwt.alice(c -> c.subject("alice\uFE0F")),
                Jwt.alice(c -> c.claim("rooms", "main")),
                Jwt.alice(c -> c.claim("rooms", List.of(1))),
                Jwt.alice(c -> c.claim("rights", "read")),
                Jwt.alice(c -> c.claim("padding", "x".repeat(9000))));
    }

    @ParameterizedTest
    @MethodSource("badTokens")
    void aBadTokenIs401AndIsNotRepeated(String token) {
        assertBad(withSecret(), token);
    }

    @Test
    void aSubjectIsTheSameUserHoweverItsAccentsAreEncoded() throws Refusal {
        assertThat(withSecret().verify(Jwt.alice(c -> c.subject("Jose\u0301"))).user())
                .isEqualTo("Jos\u00e9");
    }

    @Test
    void leewayIsForClocksThatDiffer() throws Refusal {
        Identity late = withSecret().verify(Jwt.alice(c -> c.expirationTime(Jwt.in(Duration.ofSeconds(-10)))));
        assertThat(late.expires()).isAfter(Instant.now());
        withSecret().verify(Jwt.alice(c -> c.notBeforeTime(Jwt.in(Duration.ofSeconds(10)))));
    }

    @Test
    void issuerAndAudienceMustBeTheConfiguredOnes() throws Refusal {
        Tokens tokens = tokens(
                "parley.token.secret=" + Jwt.SECRET,
                "parley.token.issuer=https://id.example",
                "parley.token.audience=chat");
        tokens.verify(Jwt.alice(c -> c.issuer("https://id.example").audience(List.of("other", "chat"))));
        assertBad(tokens, Jwt.alice());
        assertBad(tokens, Jwt.alice(c -> c.issuer("https://id.example")));
        assertBad(tokens, Jwt.alice(c -> c.audience("chat")));
        assertBad(tokens, Jwt.alice(c -> c.issuer("https://id.example").audience("other")));
        assertBad(tokens, Jwt.alice(c -> c.issuer("https://id.example/").audience("chat")));
    }

    @Test
    void keysOfASetVerifyWhatTheySigned() throws Exception {
        RSAKey rsa = new RSAKeyGenerator(2048).keyID("r").generate();
        ECKey ec = new ECKeyGenerator(Curve.P_256).keyID("e").generate();
        Tokens tokens = withKeys(new JWKSet(List.of(rsa, ec)).toPublicJWKSet().toString());
        assertThat(tokens.verify(signed(JWSAlgorithm.RS256, "r", new RSASSASigner(rsa)))
                        .user())
                .isEqualTo("alice");
        tokens.verify(signed(JWSAlgorithm.PS256, "r", new RSASSASigner(rsa)));
        tokens.verify(signed(JWSAlgorithm.ES256, "e", new ECDSASigner(ec)));
        tokens.verify(signed(JWSAlgorithm.ES256, null, new ECDSASigner(ec)));
        assertBad(tokens, signed(JWSAlgorithm.RS512, "r", new RSASSASigner(rsa))); // not among the algorithms
        assertBad(tokens, signed(JWSAlgorithm.RS256, "other", new RSASSASigner(rsa)));
        RSAKey foreign = new RSAKeyGenerator(2048).keyID("r").generate();
        assertBad(tokens, signed(JWSAlgorithm.RS256, "r", new RSASSASigner(foreign)));
    }

    /** Nimbus signs and verifies Ed25519 with another library only; a key for it harms none of the others. */
    @Test
    void aTokenSignedWithEd25519Is401() throws Exception {
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        byte[] encoded = pair.getPublic().getEncoded();
        OctetKeyPair okp = new OctetKeyPair.Builder(
                        Curve.Ed25519,
                        Base64URL.encode(Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length)))
                .keyID("o")
                .build();
        RSAKey rsa = new RSAKeyGenerator(2048).keyID("r").generate();
        Tokens tokens = withKeys(new JWKSet(List.of(okp, rsa)).toPublicJWKSet().toString());
        var token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.EdDSA).keyID("o").build(), Jwt.claims(c -> c));
        Signature signature = Signature.getInstance("Ed25519");
        signature.initSign(pair.getPrivate());
        signature.update(token.getSigningInput());
        assertBad(
                tokens,
                new String(token.getSigningInput(), StandardCharsets.US_ASCII) + "."
                        + Base64URL.encode(signature.sign()));
        tokens.verify(signed(JWSAlgorithm.RS256, "r", new RSASSASigner(rsa)));
    }

    @Test
    void aPublicKeyIsNeverASharedSecret() throws Exception {
        RSAKey rsa = new RSAKeyGenerator(2048).keyID("r").generate();
        OctetSequenceKey symmetric = new OctetSequenceKey.Builder(Jwt.SECRET.getBytes(StandardCharsets.UTF_8))
                .keyID("s")
                .build();
        Tokens tokens = withKeys(new JWKSet(List.of(rsa, symmetric)).toString(false));
        byte[] publicKey = rsa.toRSAPublicKey().getEncoded();
        assertBad(tokens, signed(JWSAlgorithm.HS256, "r", new MACSigner(publicKey)));
        assertBad(tokens, signed(JWSAlgorithm.HS256, "s", new MACSigner(Jwt.SECRET)));
        assertBad(tokens, Jwt.alice());
    }

    @ParameterizedTest
    @ValueSource(strings = {"JWE", "secevent+jwt", "logout+jwt"})
    void aTokenForAnotherPurposeIs401(String type) throws Exception {
        var token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256)
                        .type(new JOSEObjectType(type))
                        .build(),
                Jwt.claims(c -> c));
        token.sign(new MACSigner(Jwt.SECRET));
        assertBad(withSecret(), token.serialize());
    }

    @Test
    void whileTheKeysAreNotThereItIs503() throws Exception {
        RSAKey rsa = new RSAKeyGenerator(2048).keyID("r").generate();
        String token = signed(JWSAlgorithm.RS256, "r", new RSASSASigner(rsa));
        Path file = directory.resolve("keys.json");
        Files.writeString(file, new JWKSet(rsa).toString());
        List<Runnable> waiting = new ArrayList<>();
        Tokens tokens = new Tokens(
                TestSettings.defaultsWith("parley.token.keys=" + file.toUri()).token(), waiting::add);
        assertThatThrownBy(() -> tokens.verify(token)).isInstanceOfSatisfying(Refusal.class, refusal -> {
            assertThat(refusal.status()).isEqualTo(503);
            assertThat(refusal.headers()).containsKey("Retry-After");
        });
        waiting.forEach(Runnable::run);
        tokens.verify(token);
    }

    private static String signed(JWSAlgorithm algorithm, String key, JWSSigner signer) throws Exception {
        var token = new SignedJWT(new JWSHeader.Builder(algorithm).keyID(key).build(), Jwt.claims(c -> c));
        token.sign(signer);
        return token.serialize();
    }

    private static void assertBad(Tokens tokens, String token) {
        assertThatThrownBy(() -> tokens.verify(token)).isInstanceOfSatisfying(Refusal.class, refusal -> {
            assertThat(refusal.status()).isEqualTo(401);
            assertThat(refusal.headers().get("WWW-Authenticate")).startsWith("Bearer error=\"invalid_token\"");
            assertThat(refusal.headers().get("WWW-Authenticate").chars().filter(c -> c == '"'))
                    .hasSize(4);
            if (token.length() > 1) {
                assertThat(refusal.reason()).doesNotContain(token);
            }
        });
    }

    private static Tokens withSecret() {
        return tokens("parley.token.secret=" + Jwt.SECRET);
    }

    private Tokens withKeys(String keys) throws Exception {
        Path file = directory.resolve("keys.json");
        Files.writeString(file, keys);
        return tokens("parley.token.keys=" + file.toUri());
    }

    private static Tokens tokens(String... settings) {
        return new Tokens(TestSettings.defaultsWith(settings).token(), Runnable::run);
    }
}
