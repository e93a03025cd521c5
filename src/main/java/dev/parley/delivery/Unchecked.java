package dev.parley.delivery;

import dev.parley.api.Admission;
import dev.parley.protocol.CloseReasons;
import jakarta.websocket.CloseReason;
import java.time.Instant;

/** The admission of a session that no gate has checked: nothing. */
enum Unchecked implements Admission {
    ADMISSION;

    @Override
    public boolean mayRead(String room) {
        return false;
    }

    @Override
    public boolean mayPublish(String room) {
        return false;
    }

    @Override
    public Instant expires() {
        return Instant.MAX;
    }

    @Override
    public CloseReason expiryReason() {
        return CloseReasons.UNCHECKED;
    }

    @Override
    public boolean admits(boolean first, int size) {
        return false;
    }

    @Override
    public void opened() {}

    @Override
    public void closed() {}
}
