package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.RawSocket;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pages of others that connect with the cookies of their visitors. */
class OriginsIT extends Hostile {

    private static final List<String> FOREIGN = List.of(
            "http://evil.example",
            "null",
            "",
            "*",
            "OWN.evil.example",
            "OWN/",
            "OWN, http://evil.example",
            "OWN\r\nOrigin: http://evil.example",
            "OWN\r\nOrigin: OWN",
            "http://127.0.0.1",
            "http://127.0.0.1:1",
            "https://HOST",
            "http://evilfriend.example:3000",
            "http://friend.example.evil.example:3000",
            "http://sub.friend.example:3000",
            "http://friend.example",
            "https://friend.example:3000");

    private static final List<String> FRIENDLY =
            List.of("OWN", "https://friend.example", "http://friend.example:3000", "HTTP://Friend.Example:3000");

    @Override
    List<String> settings() {
        return List.of("-Dparley.gate.origins=https://friend.example,http://friend.example:3000");
    }

    @Test
    void crossSiteHijacking() throws Exception {
        row(Threat.HIJACKING, found -> {
            double opened = server.api().metric("parley_peers_opened_total");
            for (var origin : FOREIGN) {
                assertThat(status(origin)).as("Origin: %s", origin).isEqualTo(403);
            }
            assertThat(server.api().metric("parley_peers_opened_total"))
                    .as("peers opened")
                    .isEqualTo(opened);
            found.add("%d foreign ones 403, and no peer was opened", FOREIGN.size());
            for (var origin : FRIENDLY) {
                assertThat(status(origin)).as("Origin: %s", origin).isEqualTo(101);
            }
            found.add("the own one and %d of the list pass", FRIENDLY.size() - 1);
            RawSocket.open(server.base(), "/ws/echo").close();
            found.add("absent passes");
        });
    }

    private int status(String origin) {
        var authority = server.base().getAuthority();
        try (var socket = RawSocket.connect(server.base())) {
            return socket.handshake(
                            "/ws/echo",
                            "Origin",
                            origin.replace("OWN", "http://" + authority).replace("HOST", authority))
                    .status();
        }
    }
}
