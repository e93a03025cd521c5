package dev.parley.api;

/** The formats in which members read a room. */
public enum WireFormat {

    /** The lobby: a message as it is, but {@code echo: } before the reader's own text. */
    LOBBY,

    /** The plain chat: {@code user: text}, {@code * user joined}, {@code * user left}. */
    PLAIN,

    /** {@code parley.v1}: a frame holds one JSON message, or a JSON array of several. It greets. */
    PARLEY_V1,

    /** Server-Sent Events (WHATWG HTML §9.2): a frame holds one event, with the JSON message of {@code parley.v1} as its data. It greets. */
    EVENTS
}
