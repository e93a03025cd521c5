package dev.parley.testing;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonStructure;
import java.io.StringReader;
import java.util.ArrayDeque;
import java.util.Deque;

/** A client of {@code parley.v1} that takes message by message, however they come in frames. Used by one thread. */
public final class RoomClient {

    /** What it asks for. */
    public static final String SUBPROTOCOL = "parley.v1";

    private final Client client;
    private final Deque<JsonObject> due = new ArrayDeque<>();

    /** On a connection that speaks {@link #SUBPROTOCOL}. */
    public RoomClient(Client client) {
        this.client = client;
    }

    /** The connection. */
    public Client client() {
        return client;
    }

    /** Sends a message: its type, then names and values in turn. */
    public RoomClient say(String type, String... members) {
        JsonObjectBuilder message = Json.createObjectBuilder().add("type", type);
        for (int i = 0; i < members.length; i += 2) {
            message.add(members[i], members[i + 1]);
        }
        return raw(message.build().toString());
    }

    /** Sends a text as it is. */
    public RoomClient raw(String text) {
        client.text(text);
        return this;
    }

    /** Takes the next message. */
    public JsonObject next() {
        if (due.isEmpty()) {
            read(client.nextText());
        }
        return due.remove();
    }

    private void read(String frame) {
        try (var reader = Json.createReader(new StringReader(frame))) {
            JsonStructure value = reader.read();
            if (value instanceof JsonObject one) {
                due.add(one);
            } else {
                assertThat(value.asJsonArray()).as(frame).hasSizeGreaterThan(1);
                due.addAll(value.asJsonArray().getValuesAs(JsonObject.class));
            }
        }
    }

    /** Takes the next message, which must be of this type. */
    public JsonObject next(String type) {
        JsonObject message = next();
        assertThat(message.getString("type")).as("%s", message).isEqualTo(type);
        return message;
    }

    /** Takes what comes until an {@code ack} or an {@code error}; gives which. */
    public String answer() {
        while (true) {
            String type = next().getString("type");
            if (type.equals("ack") || type.equals("error")) {
                return type;
            }
        }
    }

    /** Takes the next message, which must be a room's message with this text. */
    public JsonObject message(String text) {
        JsonObject message = next("message");
        assertThat(message.getString("text")).as("%s", message).isEqualTo(text);
        return message;
    }

    /** Takes the next message, which must be an error of this code. */
    public JsonObject error(String code) {
        JsonObject error = next("error");
        assertThat(error.getString("code")).as("%s", error).isEqualTo(code);
        assertThat(error.getString("message")).isNotBlank();
        return error;
    }

    /** Publishes a text under an id and takes what comes until its {@code ack}, which must be all its own. */
    public long publish(String text, String id) {
        say("chat", "text", text, "id", id);
        long acknowledged = 0;
        long seen = 0;
        while (acknowledged == 0 || seen == 0) {
            JsonObject message = next();
            assertThat(message.getString("id", null)).as("%s", message).isEqualTo(id);
            if (message.getString("type").equals("ack")) {
                acknowledged = offset(message);
            } else {
                assertThat(message.getString("text", null)).as("%s", message).isEqualTo(text);
                seen = offset(message);
            }
        }
        assertThat(seen).isEqualTo(acknowledged);
        return acknowledged;
    }

    /** Asks for a pong, which must be what comes next. */
    public RoomClient expectNothing() {
        say("ping").next("pong");
        return this;
    }

    /** The offset of a message. */
    public static long offset(JsonObject message) {
        return message.getJsonNumber("offset").longValueExact();
    }
}
