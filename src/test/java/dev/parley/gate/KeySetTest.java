package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
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
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KeySetTest {

    private static final Duration REFRESH = Duration.ofMinutes(5);

    private final AtomicLong clock = new AtomicLong();
    private final Deque<Runnable> fetches = new ArrayDeque<>();
    private final AtomicInteger requests = new AtomicInteger();
    private HttpServer issuer;
    private volatile String answer = "";

    @BeforeEach
    void startIssuer() throws IOException {
        issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        issuer.createContext("/keys", exchange -> {
            requests.incrementAndGet();
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
    void theKeysAreFetchedByTheExecutorAlone() throws Exception {
        answer = keys("a");
        KeySet keys = keySet();
        assertThat(keys.isReady()).isFalse();
        assertThat(has(keys, "a")).isFalse();
        assertThat(requests).hasValue(0);
        fetch();
        assertThat(keys.isReady()).isTrue();
        assertThat(has(keys, "a")).isTrue();
        assertThat(fetches).isEmpty();
    }

    @Test
    void aFailedFetchIsTriedAgainSoon() throws Exception {
        KeySet keys = keySet();
        fetch();
        assertThat(keys.isReady()).isFalse();
        assertThat(fetches).isEmpty();
        answer = keys("a");
        clock.addAndGet(KeySet.RETRY.toNanos());
        assertThat(keys.isReady()).isFalse();
        fetch();
        assertThat(keys.isReady()).isTrue();
    }

    @Test
    void theKeysAreFetchedAgainAndKeptWhenThatFails() throws Exception {
        answer = keys("a");
        KeySet keys = keySet();
        fetch();
        clock.addAndGet(REFRESH.toNanos() - 1);
        assertThat(keys.isReady()).isTrue();
        assertThat(fetches).isEmpty();
        clock.incrementAndGet();
        answer = "not JSON";
        assertThat(keys.isReady()).isTrue();
        fetch();
        assertThat(has(keys, "a")).isTrue();
        clock.addAndGet(REFRESH.toNanos());
        answer = keys("b");
        assertThat(keys.isReady()).isTrue();
        fetch();
        assertThat(has(keys, "a")).isFalse();
        assertThat(has(keys, "b")).isTrue();
    }

    @Test
    void anUnknownKeyIsAskedForButNotForEachToken() throws Exception {
        answer = keys("a");
        KeySet keys = keySet();
        fetch();
        assertThat(has(keys, "new")).isFalse();
        assertThat(fetches).isEmpty();
        clock.addAndGet(KeySet.RETRY.toNanos());
        answer = keys("new");
        assertThat(has(keys, "new")).isFalse();
        assertThat(has(keys, "new")).isFalse();
        assertThat(fetches).hasSize(1);
        fetch();
        assertThat(has(keys, "new")).isTrue();
    }

    @Test
    void anExecutorThatIsStoppingIsNoError() throws IOException {
        var keys = new KeySet(
                uri(),
                REFRESH,
                task -> {
                    throw new RejectedExecutionException();
                },
                clock::get);
        assertThat(keys.isReady()).isFalse();
    }

    private KeySet keySet() {
        return new KeySet(uri(), REFRESH, fetches::add, clock::get);
    }

    private URI uri() {
        return URI.create("http://127.0.0.1:" + issuer.getAddress().getPort() + "/keys");
    }

    private void fetch() {
        fetches.remove().run();
    }

    private static boolean has(KeySet keys, String id) {
        return !keys.get(new JWKSelector(new JWKMatcher.Builder().keyID(id).build()), null)
                .isEmpty();
    }

    private static String keys(String id) throws Exception {
        RSAKey key = new RSAKeyGenerator(2048).keyID(id).generate();
        return new JWKSet(key).toPublicJWKSet().toString();
    }
}
