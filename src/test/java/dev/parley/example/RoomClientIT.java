package dev.parley.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.testing.OnServer;
import dev.parley.testing.Proxy;
import jakarta.json.JsonObject;
import java.net.URI;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** The example of the page on clients, as it stands there: it works. */
final class RoomClientIT extends OnServer {

    private final String name = "room-" + UUID.randomUUID();
    private final String room = address(base());

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    @Test
    void whatOnePublishesIsAcknowledgedWhereTheOtherReadsIt() throws Exception {
        List<JsonObject> read = new CopyOnWriteArrayList<>();
        RoomClient ada = keep(new RoomClient(room + "?user=ada", message -> {}));
        keep(new RoomClient(room + "?user=bashir", read::add));
        awaitType(read, "welcome", 1);

        long offset = ada.publish("hello").get(DEADLINE.toSeconds(), TimeUnit.SECONDS);

        awaitType(read, "message", 1);
        JsonObject message = ofType(read, "message").get(0);
        assertThat(message.getString("text")).isEqualTo("hello");
        assertThat(message.getString("from")).isEqualTo("ada");
        assertThat(message.getJsonNumber("offset").longValue()).isEqualTo(offset);
    }

    @Test
    void whatIsPublishedWhileAwayArrivesOnceAndNothingIsMissed() throws Exception {
        Proxy proxy = keep(new Proxy(base()));
        List<JsonObject> read = new CopyOnWriteArrayList<>();
        List<JsonObject> readByAda = new CopyOnWriteArrayList<>();
        RoomClient ada = keep(new RoomClient(address(URI.create(proxy.url())) + "?user=ada", readByAda::add));
        RoomClient bashir = keep(new RoomClient(room + "?user=bashir", read::add));
        awaitType(readByAda, "welcome", 1);
        awaitType(read, "welcome", 1);

        proxy.refuses = true;
        proxy.cut();
        CompletableFuture<Long> away = ada.publish("in the tunnel");
        bashir.publish("meanwhile").get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        proxy.refuses = false;

        away.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        awaitType(read, "message", 2);
        awaitType(readByAda, "message", 2);
        assertThat(ofType(readByAda, "message"))
                .extracting(message -> message.getString("text"))
                .containsExactly("meanwhile", "in the tunnel");
        assertThat(ofType(readByAda, "welcome").get(1).getBoolean("recovered")).isTrue();
    }

    @Test
    void whatTheServerRefusesIsToldToThePublisher() {
        RoomClient ada = keep(new RoomClient(room + "?user=ada", message -> {}));
        assertThatThrownBy(() -> ada.publish("\u0000").get(DEADLINE.toSeconds(), TimeUnit.SECONDS))
                .hasCauseInstanceOf(IllegalArgumentException.class);
    }

    private String address(URI server) {
        return "ws://" + server.getAuthority() + "/ws/chat/" + name;
    }

    private static void awaitType(List<JsonObject> read, String type, int count) {
        Awaitility.await().atMost(DEADLINE).untilAsserted(() -> assertThat(ofType(read, type))
                .hasSize(count));
    }

    private static List<JsonObject> ofType(List<JsonObject> read, String type) {
        return read.stream()
                .filter(message -> message.getString("type").equals(type))
                .toList();
    }
}
