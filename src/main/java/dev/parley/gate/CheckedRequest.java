package dev.parley.gate;

import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A handshake on its way from the filter to the configurator, which the container calls inside the filter, on the same thread.
 * Not for several threads.
 */
final class CheckedRequest {

    private static final ThreadLocal<@Nullable CheckedRequest> CURRENT = new ThreadLocal<>();

    private final String path;
    private final List<String> protocols;
    private final Handshake handshake;
    private boolean taken;

    private CheckedRequest(String path, List<String> protocols, Handshake handshake) {
        this.path = path;
        this.protocols = protocols;
        this.handshake = handshake;
    }

    /** The one of this thread, null if the filter has checked none. */
    static @Nullable CheckedRequest current() {
        return CURRENT.get();
    }

    /** Begins; {@link #end} follows on the same thread. */
    static void begin(HttpServletRequest request, Handshake handshake) {
        String path = request.getContextPath() + Upgrade.dispatched(request);
        CURRENT.set(new CheckedRequest(path, Upgrade.protocols(request), handshake));
    }

    /** Ends. A handshake that no endpoint took gives its seat back: its path has no endpoint, or the upgrade failed. */
    static void end() {
        CheckedRequest ended = CURRENT.get();
        CURRENT.remove();
        if (ended != null && !ended.taken) {
            ended.handshake.closed();
        }
    }

    /** The path that was checked, decoded. */
    String path() {
        return path;
    }

    /** The subprotocols that the client offers, the best first. */
    List<String> protocols() {
        return protocols;
    }

    /** The handshake, for the endpoint: from now on the session keeps its seat. */
    Handshake take() {
        taken = true;
        return handshake;
    }
}
