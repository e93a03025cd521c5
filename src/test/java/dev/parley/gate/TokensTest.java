package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.gate.Identity.Right;
import dev.parley.ops.TestSettings;
import dev.parley.ops.Token;
import dev.parley.protocol.UserName;
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
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokensTest {

    private static final Signers SIGNERS = Signers.generate();

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

    @ParameterizedTest
    @ValueSource(strings = {"auth0|507f1f77bcf86cd799439011", "google-oauth2|114", "alice@example.org", "Jose\u0301"})
    void aSubjectThatIsAUserNameIsShown(String subject) throws Refusal {
        Identity user = withSecret().verify(Jwt.alice(claims -> claims.subject(subject)));
        assertThat(user.subject()).isEqualTo(subject);
        assertThat(user.user()).isEqualTo(UserName.normalize(subject));
    }

    /** As Keycloak with a federation, Kubernetes and others issue them. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "f:1234:alice",
                "system:serviceaccount:ns:x",
                "https://id.example/users/7?x=y",
                "a\nb",
                "alice\uFE0F",
                "\ud83d\ude00: *",
                "65 characters aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            })
    void aSubjectThatIsNoUserNameGetsInUnderAGeneratedName(String subject) throws Refusal {
        Identity user = withSecret().verify(Jwt.alice(claims -> claims.subject(subject)));
        assertThat(user.subject()).isEqualTo(subject);
        assertThat(user.user()).matches("user-[0-9a-f]{10}").matches(UserName::isValid);
        assertThat(withSecret()
                        .verify(Jwt.alice(claims -> claims.subject(subject)))
                        .user())
                .isEqualTo(user.user());
        assertThat(user.isUnknown()).isFalse();
    }

    @Test
    void aSubjectHasAtMost255Characters() throws Refusal {
        String longest = "\ud83d\ude00".repeat(255);
        assertThat(withSecret()
                        .verify(Jwt.alice(claims -> claims.subject(longest)))
                        .subject())
                .isEqualTo(longest);
        assertBad(withSecret(), Jwt.alice(claims -> claims.subject(longest + "x")));
    }

    @ParameterizedTest
    @MethodSource("badNames")
    void anInvalidNameIsNeitherShownNorAReasonToRefuse(Object name) throws Refusal {
        Identity user = tokens("parley.token.secret=" + Jwt.SECRET, "parley.token.name-claim=name")
                .verify(Jwt.alice(claims -> claims.claim("name", name)));
        assertThat(user.subject()).isEqualTo("alice");
        assertThat(user.user()).startsWith("user-");
    }

    static Stream<Object> badNames() {
        return Stream.of("", "a: b", "x".repeat(65), "* admin", 7, true, List.of("Ada"), Map.of("first", "Ada"));
    }

    @Test
    void withoutTheNameClaimTheNameIsGenerated() throws Refusal {
        Identity user = tokens("parley.token.secret=" + Jwt.SECRET, "parley.token.name-claim=name")
                .verify(Jwt.alice());
        assertThat(user.user()).startsWith("user-");
    }

    @ParameterizedTest
    @MethodSource("providers")
    void theTokensOfAProviderAreUnderstood(String settings, String claims, String subject, String name, String rights)
            throws Exception {
        Tokens tokens = tokens(Stream.concat(
                        Stream.of("parley.token.secret=" + Jwt.SECRET),
                        settings.lines().filter(line -> !line.isBlank()).map(line -> "parley.token." + line.strip()))
                .toArray(String[]::new));
        JWTClaimsSet read = JWTClaimsSet.parse(claims);
        Identity user = tokens.verify(Jwt.signed(
                Jwt.SECRET,
                new JWTClaimsSet.Builder(read)
                        .expirationTime(Jwt.in(Duration.ofMinutes(1)))
                        .build()));
        assertThat(user.subject()).isEqualTo(subject);
        assertThat(user.user()).matches(name);
        assertThat(user.rights()).extracting(Right::name).containsExactlyInAnyOrder(rights.split(" "));
    }

    static Stream<Arguments> providers() {
        return Stream.of(
                Arguments.of("""
                        issuer=https://tenant.auth0.com/
                        audience=https://chat.example/api
                        name-claim=https://chat.example/name
                        rights-claim=permissions
                        """, """
                        {"https://chat.example/name": "Ada", "iss": "https://tenant.auth0.com/",
                         "sub": "auth0|507f1f77bcf86cd799439011",
                         "aud": ["https://chat.example/api", "https://tenant.auth0.com/userinfo"], "azp": "my_client",
                         "scope": "openid profile read", "permissions": ["read", "publish"]}
                        """, "auth0|507f1f77bcf86cd799439011", "Ada", "READ PUBLISH"),
                Arguments.of("rights-claim=scope", """
                        {"sub": "google-oauth2|114", "scope": "openid profile read"}
                        """, "google-oauth2|114", "google-oauth2\\|114", "READ"),
                Arguments.of("""
                        issuer=https://id.example/realms/shop
                        audience=chat
                        name-claim=preferred_username
                        rights-claim=resource_access.chat.roles
                        """, """
                        {"iss": "https://id.example/realms/shop", "aud": ["chat", "account"], "sub": "f:1234:alice",
                         "typ": "Bearer", "azp": "web", "realm_access": {"roles": ["offline_access"]},
                         "resource_access": {"chat": {"roles": ["publish", "read"]}, "account": {"roles": ["x"]}},
                         "scope": "openid email profile", "email_verified": false, "name": "Alice Smith",
                         "preferred_username": "alice"}
                        """, "f:1234:alice", "alice", "READ PUBLISH"),
                Arguments.of("""
                        subject-claim=oid
                        name-claim=name
                        rights-claim=roles
                        """, """
                        {"aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3", "ver": "2.0", "azpacr": "0",
                         "iss": "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
                         "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474", "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
                         "tid": "72f988bf-86f1-41af-91ab-2d7cd011db47", "scp": "access_as_user", "name": "Abe Lincoln",
                         "preferred_username": "abeli@microsoft.com", "roles": ["read"]}
                        """, "690222be-ff1a-4d56-abd1-7e4f7d38e474", "Abe Lincoln", "READ"),
                Arguments.of("""
                        audience=chat
                        name-claim=kubernetes.io.serviceaccount.name
                        """, """
                        {"aud": ["chat"], "iss": "https://kubernetes.default.svc.cluster.local",
                         "sub": "system:serviceaccount:shop:orders",
                         "kubernetes.io": {"namespace": "shop", "pod": {"name": "orders-0", "uid": "1"},
                                           "serviceaccount": {"name": "orders", "uid": "2"}}}
                        """, "system:serviceaccount:shop:orders", "orders", "READ PUBLISH"));
    }

    @Test
    void aNamedClaimThatATokenLacksGivesNothing() throws Refusal {
        Tokens tokens = tokens(
                "parley.token.secret=" + Jwt.SECRET,
                "parley.token.rooms-claim=rooms",
                "parley.token.rights-claim=realm_access.roles");
        Identity user = tokens.verify(Jwt.alice());
        assertThat(user.mayRead("main") || user.mayPublish("main")).isFalse();
        assertThat(user.isUnknown()).isFalse();
        user = tokens.verify(Jwt.alice(claims -> claims.claim("rooms", "main team-*")
                .claim("realm_access", Map.of("roles", List.of("read")))
                .claim("rights", "publish")));
        assertThat(Stream.of("main", "team-a", "main team-a", "x").filter(user::mayRead))
                .containsExactly("main", "team-a");
        assertThat(user.mayPublish("main")).isFalse();
    }

    @Test
    void aClaimWithTheWholeNameComesBeforeAPathAndALongerNameBeforeAShorterOne() throws Refusal {
        Tokens tokens = tokens("parley.token.secret=" + Jwt.SECRET, "parley.token.subject-claim=a.b.c");
        var path = Map.of("b", Map.of("c", "path"), "b.c", "half");
        assertThat(subject(tokens, Map.of("a", path, "a.b", Map.of("c", "longer"), "a.b.c", "whole")))
                .isEqualTo("whole");
        assertThat(subject(tokens, Map.of("a", path, "a.b", Map.of("c", "longer"))))
                .isEqualTo("longer");
        assertThat(subject(tokens, Map.of("a", path, "a.b", Map.of("x", "y")))).isEqualTo("half");
        assertThat(subject(tokens, Map.of("a", Map.of("b", Map.of("c", "path")))))
                .isEqualTo("path");
        assertBad(tokens, Jwt.alice(claims -> claims.claim("a", Map.of("b", "c"))));
    }

    private static String subject(Tokens tokens, Map<String, Object> more) throws Refusal {
        return tokens.verify(Jwt.alice(claims -> {
                    more.forEach(claims::claim);
                    return claims;
                }))
                .subject();
    }

    /** Each combination either verifies a token of each of its algorithms, or stops the deployment. */
    @ParameterizedTest
    @MethodSource("combinations")
    void aCombinationThatCannotWorkIsNoSetting(boolean required, int secret, boolean keys, List<String> algorithms)
            throws Exception {
        String shared = "s".repeat(secret);
        Path file = directory.resolve("keys.json");
        Files.writeString(file, SIGNERS.publicKeys());
        Token settings;
        try {
            settings = TestSettings.defaultsWith(
                            "parley.token.required=" + required,
                            "parley.token.secret=" + shared,
                            "parley.token.keys=" + (keys ? file.toUri() : ""),
                            "parley.token.algorithms=" + String.join(", ", algorithms))
                    .token();
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage())
                    .matches("parley\\.token\\.(required|secret|keys|algorithms) is .+, but must be .+")
                    .doesNotContain("ssss");
            boolean possible = secret > 0 != keys
                    && algorithms.stream()
                            .allMatch(name -> secret > 0
                                    ? name.startsWith("HS") && secret * 8 >= Integer.parseInt(name.substring(2))
                                    : !name.startsWith("HS"));
            assertThat(possible || (!required && secret == 0 && !keys && algorithms.isEmpty()))
                    .as("%s", e.getMessage())
                    .isFalse();
            return;
        }
        Tokens tokens = new Tokens(settings, (pause, task) -> task.run());
        assertThat(tokens.areKnown()).isEqualTo(secret > 0 || keys);
        assertThat(settings.algorithms()).containsAll(algorithms);
        assertThat(settings.algorithms().isEmpty()).isNotEqualTo(tokens.areKnown());
        for (String algorithm : settings.algorithms()) {
            tokens.verify(SIGNERS.sign(JWSAlgorithm.parse(algorithm), shared));
        }
    }

    static Stream<Arguments> combinations() {
        List<List<String>> lists = new ArrayList<>(List.of(List.of()));
        for (int i = 0; i < Signers.ALL.size(); i++) {
            String one = Signers.ALL.get(i).getName();
            lists.add(List.of(one));
            lists.add(List.of(
                    one, Signers.ALL.get((i + 1) % Signers.ALL.size()).getName())); // of another family, or of the same
        }
        lists.add(Signers.ALL.stream().map(JWSAlgorithm::getName).toList());
        return Stream.of(true, false).flatMap(required -> IntStream.of(0, 32, 47, 48, 63, 64)
                .boxed()
                .flatMap(secret -> Stream.of(true, false).flatMap(keys -> lists.stream()
                        .map(algorithms -> Arguments.of(required, secret, keys, algorithms)))));
    }

    /** An issuer with a key for each algorithm. */
    private record Signers(RSAKey rsa, Map<JWSAlgorithm, ECKey> curves) {

        static final List<JWSAlgorithm> ALL = Stream.of(
                        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
                        "ES384", "ES512")
                .map(JWSAlgorithm::parse)
                .toList();

        static Signers generate() {
            try {
                return new Signers(
                        new RSAKeyGenerator(2048).keyID("r").generate(),
                        Map.of(
                                JWSAlgorithm.ES256,
                                new ECKeyGenerator(Curve.P_256).keyID("e256").generate(),
                                JWSAlgorithm.ES384,
                                new ECKeyGenerator(Curve.P_384).keyID("e384").generate(),
                                JWSAlgorithm.ES512,
                                new ECKeyGenerator(Curve.P_521).keyID("e512").generate()));
            } catch (JOSEException e) {
                throw new AssertionError(e);
            }
        }

        String publicKeys() {
            List<JWK> all = new ArrayList<>(curves.values());
            all.add(rsa);
            return new JWKSet(all).toPublicJWKSet().toString();
        }

        String sign(JWSAlgorithm algorithm, String secret) throws Exception {
            if (JWSAlgorithm.Family.HMAC_SHA.contains(algorithm)) {
                return signed(algorithm, null, new MACSigner(secret));
            }
            ECKey curve = curves.get(algorithm);
            return curve == null
                    ? signed(algorithm, "r", new RSASSASigner(rsa))
                    : signed(algorithm, curve.getKeyID(), new ECDSASigner(curve));
        }
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
                Jwt.alice(c -> c.subject("x".repeat(256))),
                Jwt.alice(c -> c.claim("sub", List.of("alice"))),
                Jwt.alice(c -> c.claim("rooms", List.of(1))),
                Jwt.alice(c -> c.claim("rooms", 1)),
                Jwt.alice(c -> c.claim("rooms", Map.of("main", true))),
                Jwt.alice(c -> c.claim("rights", true)),
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
        assertUnavailable(tokens, signed(JWSAlgorithm.RS256, "other", new RSASSASigner(rsa))); // until it is fetched
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
                TestSettings.defaultsWith("parley.token.keys=" + file.toUri()).token(),
                (pause, task) -> waiting.add(task));
        assertUnavailable(tokens, token);
        waiting.remove(0).run();
        tokens.verify(token);
        RSAKey next = new RSAKeyGenerator(2048).keyID("next").generate();
        String byNext = signed(JWSAlgorithm.RS256, "next", new RSASSASigner(next));
        assertThat(assertUnavailable(tokens, byNext)).isBetween(2, 9);
        tokens.verify(token);
        Files.writeString(file, new JWKSet(List.of(rsa, next)).toString());
        waiting.remove(0).run();
        tokens.verify(byNext);
        tokens.verify(token);
    }

    private static int assertUnavailable(Tokens tokens, String token) {
        Refusal refusal = catchThrowableOfType(Refusal.class, () -> tokens.verify(token));
        assertThat(refusal.status()).isEqualTo(503);
        assertThat(refusal.word()).isEqualTo("unavailable");
        return Integer.parseInt(refusal.headers().get("Retry-After"));
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
        return new Tokens(TestSettings.defaultsWith(settings).token(), (pause, task) -> task.run());
    }
}
