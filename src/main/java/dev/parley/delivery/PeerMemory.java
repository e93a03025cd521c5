package dev.parley.delivery;

import dev.parley.ops.Budget;

/**
 * What goes with a peer when memory is short.
 *
 * @param peer the peer
 */
record PeerMemory(LocalPeer peer) implements Budget.Backlog {

    @Override
    public long size() {
        return peer.outbox().unsent();
    }

    @Override
    public void cut() {
        peer.lifecycle().cut();
    }
}
