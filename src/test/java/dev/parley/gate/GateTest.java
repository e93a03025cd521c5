package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.ops.Drain;
import dev.parley.ops.TestSettings;
import dev.parley.ops.Threads;
import dev.parley.testing.Jwt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class GateTest {

    private static final String HERE = "127.0.0.1";

    @Test
    void aTokenInTheQueryIsForgottenOnceItIsChecked() throws Refusal {
        Gate gate = gate("parley.token.secret=" + Jwt.SECRET, "parley.token.query=true");
        Handshake alice = gate.check(Requests.from(HERE, Requests.QUERY, "limit=7&token=" + Jwt.alice()), "main");
        assertThat(alice.identity().subject()).isEqualTo("alice");
        assertThat(alice.query()).containsOnlyKeys("limit");
        Handshake both = gate.check(
                Requests.from(HERE, Requests.QUERY, "token=x", "Authorization", "Bearer " + Jwt.alice()), "main");
        assertThat(both.user()).isEqualTo("alice");
        assertThat(both.query()).isEmpty();
    }

    @Test
    void withoutSecretAndKeysATokenIsIgnored() throws Refusal {
        Gate gate = gate("parley.token.query=true");
        Handshake anyone = gate.check(
                Requests.from(HERE, Requests.QUERY, "token=x&user=ann", "Authorization", "Bearer x"), "main");
        assertThat(anyone.identity()).isEqualTo(Identity.ANYONE);
        assertThat(anyone.query()).containsEntry("token", "x"); // it may be the application's
        assertThat(gate.authenticate(anyone, "x")).isSameAs(anyone);
    }

    @Test
    void theUserInTheQueryIsTheOneOfTheTokenByNameOrSubject() throws Refusal {
        Gate gate = gate("parley.token.secret=" + Jwt.SECRET, "parley.token.name-claim=name");
        String bearer =
                "Bearer " + Jwt.alice(claims -> claims.subject("f:7:ada").claim("name", "Ada L."));
        for (String user : new String[] {"user=Ada%20L.", "user=f%3A7%3Aada", ""}) {
            Handshake ada = gate.check(Requests.from(HERE, Requests.QUERY, user, "Authorization", bearer), "main");
            assertThat(ada.user()).isEqualTo("Ada L.");
        }
        for (String user : new String[] {"user=bob", "user=", "user=Ada", "user=a%0Ab"}) {
            Refusal refusal = catchThrowableOfType(
                    Refusal.class,
                    () -> gate.check(Requests.from(HERE, Requests.QUERY, user, "Authorization", bearer), "main"));
            assertThat(refusal.status()).isEqualTo(403);
        }
        Refusal refusal = catchThrowableOfType(
                Refusal.class, () -> gate.check(Requests.from(HERE, Requests.QUERY, "user=f%3A7%3Aada"), "main"));
        assertThat(refusal.status()).isEqualTo(400);
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "client.example"})
    void aClientWithoutAnAddressIs400AndNoError(String address) {
        Gate gate = gate();
        var request = Requests.from(address, "Host", "chat.example");
        Refusal refusal = catchThrowableOfType(Refusal.class, () -> gate.check(request, "main"));
        assertThat(refusal.status()).isEqualTo(400);
        gate.refused(request, refusal.status());
    }

    private static Gate gate(String... settings) {
        Gate gate = new Gate();
        gate.use(TestSettings.defaultsWith(settings), new Threads(), new Drain());
        gate.start();
        return gate;
    }
}
