package dev.parley.protocol;

/** The subprotocols that a client may ask for (RFC 6455 §1.9). */
public final class Subprotocol {

    /** Rooms over JSON: {@link RoomRequest} and {@link RoomNotice}. */
    public static final String PARLEY_V1 = "parley.v1";

    /** What starts so is a token for the gate, no subprotocol: a browser's script can set no other header. */
    public static final String TOKEN_PREFIX = "parley.token.";

    private Subprotocol() {}
}
