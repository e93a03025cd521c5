package dev.parley.endpoint;

import dev.parley.hub.Conversation;
import dev.parley.hub.Peer;
import dev.parley.protocol.CloseReasons;
import java.nio.ByteBuffer;

/** The conversation with a client that may read and not publish: whatever it says closes it with 1008. */
record ReadOnly() implements Conversation {

    @Override
    public void text(Peer peer, String message) {
        peer.close(CloseReasons.FORBIDDEN);
    }

    @Override
    public void binary(Peer peer, ByteBuffer message) {
        peer.close(CloseReasons.FORBIDDEN);
    }
}
