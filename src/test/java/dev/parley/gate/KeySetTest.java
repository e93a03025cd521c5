package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyType;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeySetTest {

    private static final Duration REFRESH = Duration.ofMinutes(5);
    private static final List<JWSAlgorithm> ALGORITHMS = List.of(JWSAlgorithm.RS256, JWSAlgorithm.ES256);
    private static final String UNREADABLE =
            "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\",\"kid\":\"x\"}";
    private static final String SYMMETRIC = "{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"x\"}";

    private final AtomicLong clock = new AtomicLong();
    private final Deque<Runnable> fetches = new ArrayDeque<>();
    private final Deque<Duration> pauses = new ArrayDeque<>();
    private volatile Runnable duringFetch = () -> {};
    private final AtomicInteger requests = new AtomicInteger();
    private HttpServer issuer;
    private volatile String answer = "";

    @BeforeEach
    void startIssuer() throws IOException {
        issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        issuer.createContext("/keys", exchange -> {
            requests.incrementAndGet();
            duringFetch.run();
            byte[] body = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(body.length == 0 ? 500 : 200, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        issuer.start();
    }

    @AfterEach
    void stopIssuer() {
        issuer.stop(0);
    }

    @Test
    void fetchesOnTheTimersThreadAlone() throws Exception {
        answer = keys("a");
        KeySet keys = keySet();
        assertThat(keys.isReady()).isFalse();
        assertMissing(keys, "a");
        assertThat(requests).hasValue(0);
        fetch();
        assertThat(keys.isReady()).isTrue();
        assertThat(has(keys, "a")).isTrue();
        assertThat(fetches).isEmpty();
    }

    @Test
    void retriesAFailedFetchAfterAPause() throws Exception {
        KeySet keys = keySet();
        fetch();
        assertThat(keys.isReady()).isFalse();
        assertThat(pauses.peekLast()).isEqualTo(KeySet.PAUSE);
        answer = keys("a");
        fetch();
        assertThat(keys.isReady()).isTrue();
    }

    static Stream<String> uselessAnswers() throws Exception {
        String encryption = new JWKSet(new RSAKeyGenerator(2048)
                        .keyID("e")
                        .keyUse(KeyUse.ENCRYPTION)
                        .generate())
                .toString();
        return Stream.of(
                "", // 500
                "not JSON",
                "{}",
                "{\"keys\":null}",
                "{\"keys\":{}}",
                "{\"keys\":[]}",
                "{\"keys\":[null,7,{}]}",
                "{\"keys\":[" + UNREADABLE + "]}",
                "{\"keys\":[" + SYMMETRIC + "]}",
                encryption);
    }

    @ParameterizedTest
    @MethodSource("uselessAnswers")
    void keepsTheKeysWhenAFetchBringsNone(String useless) throws Exception {
        answer = keys("a");
        KeySet keys = keySet();
        fetch();
        clock.addAndGet(REFRESH.toNanos() - 1);
        assertThat(keys.isReady()).isTrue();
        assertThat(fetches).isEmpty();
        clock.incrementAndGet();
        answer = useless;
        assertThat(keys.isReady()).isTrue();
        fetch();
        assertThat(has(keys, "a")).isTrue();
        clock.addAndGet(REFRESH.toNanos());
        answer = keys("b");
        assertThat(keys.isReady()).isTrue();
        fetch();
        assertThat(has(keys, "b")).isTrue();
        assertMissing(keys, "a");
    }

    @ParameterizedTest
    @ValueSource(strings = {UNREADABLE, SYMMETRIC, "null", "7", "\"x\"", "[]", "{}", "{\"kty\":\"XYZ\",\"kid\":\"x\"}"})
    void ignoresAKeyThatItCannotUseBesideAGoodOne(String useless) throws Exception {
        String good =
                new RSAKeyGenerator(2048).keyID("a").generate().toPublicJWK().toJSONString();
        for (String both : List.of(useless + "," + good, good + "," + useless)) {
            answer = "{\"keys\":[" + both + "]}";
            KeySet keys = keySet();
            fetch();
            assertThat(keys.isReady()).isTrue();
            assertThat(has(keys, "a")).isTrue();
        }
    }

    @Test
    void aKeyThatWasAddedAfterTheLastFetchIsNeverCalledInvalid() throws Exception {
        answer = keys("a");
        KeySet keys = keySet();
        fetch();
        answer = keys("new");
        assertMissing(keys, "new");
        assertMissing(keys, "new");
        assertThat(fetches).hasSize(1);
        assertThat(keys.untilFetch()).isEqualTo(KeySet.PAUSE).isEqualTo(pauses.peekLast());
        clock.addAndGet(KeySet.PAUSE.toNanos() / 2);
        assertThat(keys.untilFetch()).isEqualTo(KeySet.PAUSE.dividedBy(2));
        fetch();
        assertThat(has(keys, "new")).isTrue();
    }

    @Test
    void aKeyIsInvalidOnlyAfterAFetchThatBeganLaterHasNotBroughtIt() throws Exception {
        answer = keys("a");
        KeySet keys = keySet();
        duringFetch = () -> assertMissing(keys, "new"); // the answer is already on its way
        fetch();
        duringFetch = () -> {};
        assertThat(fetches).hasSize(1);
        answer = keys("new");
        fetch();
        assertThat(has(keys, "new")).isTrue();
        assertMissing(keys, "other");
        fetch();
        assertThat(has(keys, "other")).isFalse();
        assertThat(fetches).isEmpty();
        clock.addAndGet(KeySet.MEMORY.toNanos()); // it may exist by now
        assertMissing(keys, "other");
    }

    @Test
    void aFailedFetchMakesNoKeyInvalid() throws Exception {
        answer = keys("a");
        KeySet keys = keySet();
        fetch();
        for (String useless : List.of("", "{\"keys\":[]}")) {
            assertMissing(keys, "new");
            answer = useless;
            fetch();
        }
        assertMissing(keys, "new");
        answer = keys("new");
        fetch();
        assertThat(has(keys, "new")).isTrue();
    }

    @Test
    void anyNumberOfInventedKeysCostsOneFetchAPauseAndHarmsNoRealOne() throws Exception {
        answer = keys("a");
        KeySet keys = keySet();
        fetch();
        assertMissing(keys, "new");
        for (int i = 0; i < 10 * KeySet.MAX_MISSING; i++) {
            assertMissing(keys, "invented-" + i);
        }
        assertThat(fetches).hasSize(1);
        assertThat(has(keys, "a")).isTrue();
        assertMissing(keys, "new"); // although it was forgotten meanwhile
        answer = keys("new");
        fetch();
        assertThat(has(keys, "new")).isTrue();
    }

    @Test
    void aKeyOfAnotherKindUnderTheSameIdIsInvalidAtOnce() throws Exception {
        answer = new JWKSet(List.of(
                        new RSAKeyGenerator(2048).keyID("a").generate(),
                        new ECKeyGenerator(Curve.P_256).keyID("e").generate()))
                .toPublicJWKSet()
                .toString();
        KeySet keys = keySet();
        fetch();
        assertThat(keys.get(
                        new JWKSelector(new JWKMatcher.Builder()
                                .keyID("e")
                                .keyType(KeyType.RSA)
                                .build()),
                        null))
                .isEmpty();
        assertThat(fetches).isEmpty();
    }

    @Test
    void aTimerThatIsStoppingIsNoError() {
        var keys = new KeySet(
                uri(),
                ALGORITHMS,
                REFRESH,
                (pause, task) -> {
                    throw new RejectedExecutionException();
                },
                clock::get);
        assertThat(keys.isReady()).isFalse();
    }

    private KeySet keySet() {
        return new KeySet(
                uri(),
                ALGORITHMS,
                REFRESH,
                (pause, task) -> {
                    pauses.add(pause);
                    fetches.add(task);
                },
                clock::get);
    }

    private URI uri() {
        return URI.create("http://127.0.0.1:" + issuer.getAddress().getPort() + "/keys");
    }

    /** Lets the next fetch run when it is due. */
    private void fetch() {
        clock.addAndGet(pauses.getLast().toNanos());
        fetches.remove().run();
    }

    private static void assertMissing(KeySet keys, String id) {
        assertThatThrownBy(() -> has(keys, id)).isInstanceOf(KeySourceException.class);
    }

    private static boolean has(KeySet keys, String id) throws KeySourceException {
        return !keys.get(new JWKSelector(new JWKMatcher.Builder().keyID(id).build()), null)
                .isEmpty();
    }

    private static String keys(String id) throws Exception {
        RSAKey key = new RSAKeyGenerator(2048).keyID(id).generate();
        return new JWKSet(key).toPublicJWKSet().toString();
    }
}
