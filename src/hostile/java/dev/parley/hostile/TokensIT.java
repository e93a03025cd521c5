package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.Jwt;
import dev.parley.testing.RawSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Tokens that are none, and one that ends while its client is connected. */
class TokensIT extends Hostile {

    private static final Duration LIFE = Duration.ofSeconds(5);

    @Override
    List<String> settings() {
        return List.of("-Dparley.token.required=true", "-Dparley.token.secret=" + Jwt.SECRET);
    }

    @Override
    String[] headers() {
        return bearer(Jwt.alice(claims -> claims.expirationTime(Jwt.in(Duration.ofHours(1)))));
    }

    @Test
    void tokens() throws Exception {
        row(Threat.TOKEN, found -> {
            var unsigned = encode("{\"alg\":\"none\"}") + "." + encode("{\"sub\":\"alice\",\"exp\":4102444800}") + ".";
            var bad = new LinkedHashMap<String, Integer>();
            bad.put(Jwt.alice(claims -> claims.expirationTime(Jwt.in(Duration.ofMinutes(-2)))), 401);
            bad.put(Jwt.signed("another secret that is only for tests", Jwt.claims(claims -> claims)), 401);
            bad.put(unsigned, 401);
            bad.put(Jwt.alice().replaceAll("[^.]*$", ""), 401);
            bad.put(Jwt.alice(claims -> claims.claim("rooms", List.of("other"))), 403);
            for (var each : bad.entrySet()) {
                try (var socket = RawSocket.connect(server.base())) {
                    assertThat(socket.handshake("/ws/chat/main", bearer(each.getKey()))
                                    .status())
                            .as("%s", each.getKey())
                            .isEqualTo(each.getValue());
                }
            }
            try (var socket = RawSocket.connect(server.base())) {
                assertThat(socket.handshake("/ws/chat/main").status()).isEqualTo(401);
            }
            found.add("none, expired, wrong key, alg=none, no signature: 401; wrong room: 403");

            var dying = Jwt.alice(claims -> claims.expirationTime(Jwt.in(LIFE)));
            var lasting = Jwt.alice(claims -> claims.subject("bob").expirationTime(Jwt.in(Duration.ofHours(1))));
            try (var alice = RawSocket.open(server.base(), "/ws/chat/main", bearer(dying));
                    var bob = RawSocket.connect(server.base())) {
                long start = System.nanoTime();
                alice.expectText("* alice joined"); // a handshake ends before its peer has joined
                bob.upgrade("/ws/chat/main", bearer(lasting));
                bob.expectText("* bob joined");
                alice.expectText("* bob joined");
                // Bob talks on until she has left.
                await().pollInterval(Duration.ofMillis(50))
                        .atMost(LIFE.multipliedBy(3))
                        .until(() -> bob.text("tick").next().text().equals("* alice left"));
                long left = System.nanoTime() - start;
                bob.text("late").expectText("bob: tick").expectText("bob: late");
                var frame = alice.next();
                while (frame.opcode() == RawSocket.TEXT) {
                    assertThat(frame.text()).isEqualTo("bob: tick");
                    frame = alice.next();
                }
                assertThat(frame.code()).as("%s", frame).isEqualTo(1008);
                long late = TimeUnit.NANOSECONDS.toMillis(left) - LIFE.toMillis();
                found.add(
                        "1008 %d ms after its end, which is told in whole seconds, and nothing of what was said later",
                        late);
                assertThat(late).as("ms after the end of the token").isLessThan(5000);
            }
        });
    }

    private static String[] bearer(String token) {
        return new String[] {"Authorization", "Bearer " + token};
    }

    private static String encode(String json) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }
}
