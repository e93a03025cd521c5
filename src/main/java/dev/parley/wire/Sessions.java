package dev.parley.wire;

import jakarta.websocket.CloseReason;
import jakarta.websocket.Session;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** What all writers do alike with a {@link Session}. */
public final class Sessions {

    private static final Logger LOG = System.getLogger(Sessions.class.getName());

    private Sessions() {}

    /**
     * Closes a session; never throws.
     *
     * @param session the session, perhaps gone
     * @param reason why
     */
    public static void close(Session session, CloseReason reason) {
        try {
            session.close(reason);
        } catch (IOException | RuntimeException e) {
            // Already closed, or the connection is gone: Tyrus throws IllegalStateException for both.
            LOG.log(Level.DEBUG, "closing a session that is gone", e);
        }
    }
}
