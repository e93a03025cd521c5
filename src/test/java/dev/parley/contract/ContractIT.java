package dev.parley.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Api;
import dev.parley.testing.EventReader;
import dev.parley.testing.OnServer;
import dev.parley.testing.RoomClient;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.util.Set;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** What goes over the wire is what the contract says, message by message, on whichever server. */
class ContractIT extends OnServer {

    private static final String ROOM = "contract";

    private final Contract contract = new Contract();
    private final Api api = new Api(base());

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    @Test
    void everyMessageOfParleyV1IsAsItsSchemaSays() {
        var alice = join("?user=alice");
        var epoch = hear(alice, "welcome").getString("epoch");
        var bob = join("?user=bob");
        hear(bob, "welcome");
        hear(alice, "joined");

        say(alice, "chat", "text", "hi", "id", "k");
        hearBoth(alice, "ack", "message");
        hear(bob, "message");
        say(bob, "typing");
        hear(alice, "typing");
        say(alice, "auth", "token", "x"); // which a server without secret and keys ignores
        hear(alice, "welcome");
        alice.raw("{}");
        hear(alice, "error");
        say(alice, "ping");
        hear(alice, "pong");
        say(bob, "bye");
        hear(alice, "left");

        for (int i = 0; i < 12; i++) { // 512 KiB are kept
            api.publish(ROOM, "carol", "x".repeat(60_000));
            hear(alice, "message");
        }
        var late = join("?since=" + epoch + ":0");
        hear(late, "welcome");
        hear(late, "gap");

        assertThat(contract.seen())
                .containsAll(Set.of(
                        "v1.client.chat",
                        "v1.client.typing",
                        "v1.client.auth",
                        "v1.client.ping",
                        "v1.client.bye",
                        "v1.server.welcome",
                        "v1.server.message",
                        "v1.server.joined",
                        "v1.server.left",
                        "v1.server.typing",
                        "v1.server.ack",
                        "v1.server.gap",
                        "v1.server.error",
                        "v1.server.pong"));
    }

    private RoomClient join(String query) {
        return new RoomClient(connect("/ws/chat/" + ROOM + query, "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
    }

    private void say(RoomClient client, String type, String... members) {
        var message = Json.createObjectBuilder().add("type", type);
        for (int i = 0; i < members.length; i += 2) {
            message.add(members[i], members[i + 1]);
        }
        var json = message.build().toString();
        contract.check("v1.client." + type, json);
        client.raw(json);
    }

    private JsonObject hear(RoomClient client, String type) {
        var message = client.next(type);
        contract.check("v1.server." + type, message.toString());
        return message;
    }

    private void hearBoth(RoomClient client, String one, String other) {
        var first = client.next();
        assertThat(first.getString("type")).isIn(one, other);
        contract.check("v1.server." + first.getString("type"), first.toString());
        hear(client, first.getString("type").equals(one) ? other : one);
    }

    @Test
    void everyMessageOfTheTypedJsonIsAsItsSchemaSays() {
        var client = connect("/ws/json");
        for (var each : new String[][] {
            {"chat", "{\"type\":\"chat\",\"text\":\"hi\"}", "echo"}, {"ping", "{\"type\":\"ping\"}", "pong"}
        }) {
            contract.check("json.client." + each[0], each[1]);
            contract.check("json.server." + each[2], client.text(each[1]).nextText());
        }
        contract.check("json.server.error", client.text("x").nextText());
        contract.check("json.client.bye", "{\"type\":\"bye\"}");
        client.text("{\"type\":\"bye\"}").expectClose(1000);
    }

    @Test
    void everyAnswerOfTheApiIsAsItsSchemaSays() {
        var room = "/api/rooms/" + ROOM + "-http";
        var body = "{\"text\":\"hi\"}";
        contract.check("Publish", body);
        contract.check(
                "Published",
                api.post(room + "/messages?user=alice", body, "Idempotency-Key", "k")
                        .text());
        contract.check("Published", api.post(room + "/messages", body).text());
        contract.check("Room", api.get(room).text());
        keep(EventReader.open(base(), room + "/events")).next("welcome");
        contract.check("Rooms", api.get("/api/rooms").text());
        contract.check("History", api.get(room + "/messages").text());
        contract.check("Problem", api.get("/api/nothing").text());

        var first = api.get(room + "/messages?limit=1").json();
        for (int i = 0; i < 12; i++) { // 512 KiB are kept
            api.publish(ROOM + "-http", "carol", "x".repeat(60_000));
        }
        var late = api.get(room + "/messages?since=" + first.getString("next")).text();
        assertThat(late).contains("\"gap\"");
        contract.check("History", late);
    }

    @Test
    void everyEventOfAStreamIsAsItsSchemaSays() {
        var name = ROOM + "-events";
        var reader = keep(EventReader.open(base(), "/api/rooms/" + name + "/events?user=eve"));
        contract.check("v1.server.welcome", reader.next("welcome").data().toString());
        var alice = new RoomClient(
                connect("/ws/chat/" + name + "?user=alice", "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
        alice.next("welcome");
        contract.check("v1.server.joined", reader.next("joined").data().toString());
        alice.say("typing");
        contract.check("v1.server.typing", reader.next("typing").data().toString());
        alice.say("chat", "text", "hi");
        hearBoth(alice, "ack", "message");
        alice.say("bye");
        for (var type = ""; !type.equals("left"); ) {
            var event = reader.next();
            type = event.name();
            contract.check("v1.server." + type, event.data().toString());
        }
        assertThat(contract.seen())
                .containsExactlyInAnyOrder(
                        "v1.server.ack",
                        "v1.server.welcome",
                        "v1.server.joined",
                        "v1.server.typing",
                        "v1.server.message",
                        "v1.server.left");
    }

    @Test
    void whoComesAndGoesInALargeRoomIsAsItsSchemaSays() {
        var name = ROOM + "-large";
        var first = keep(EventReader.open(base(), "/api/rooms/" + name + "/events?user=first"));
        first.next("welcome");
        for (int i = 0; i < 70; i++) {
            keep(EventReader.open(base(), "/api/rooms/" + name + "/events?user=u" + i));
        }
        var event = first.next();
        while (!event.name().equals("presence")) {
            event = first.next();
        }
        contract.check("v1.server.presence", event.data().toString());
    }

    @Test
    void theContractIsServed() {
        for (var file : new String[] {"/asyncapi.yaml", "/openapi.yaml"}) {
            var answer = api.get(file).expect(200);
            assertThat(answer.text()).contains("title: Parley");
            assertThat(answer.header("Content-Type")).startsWith("application/yaml");
        }
    }
}
