package dev.parley.protocol;

import jakarta.json.bind.annotation.JsonbSubtype;
import jakarta.json.bind.annotation.JsonbTypeInfo;

/** What the server answers on {@code /ws/json}: a union tagged by {@code type}. */
@JsonbTypeInfo(
        key = "type",
        value = {
            @JsonbSubtype(alias = "echo", type = ServerMessage.Echo.class),
            @JsonbSubtype(alias = "pong", type = ServerMessage.Pong.class),
            @JsonbSubtype(alias = "error", type = ServerMessage.Problem.class)
        })
public sealed interface ServerMessage {

    /**
     * The answer to {@code chat}.
     *
     * @param text what the client said
     */
    record Echo(String text) implements ServerMessage {}

    /** The answer to {@code ping}. */
    record Pong() implements ServerMessage {}

    /**
     * The answer to anything that is no message.
     *
     * @param message what was wrong and where, in words a person can act on, without any of the input
     */
    record Problem(String message) implements ServerMessage {}
}
