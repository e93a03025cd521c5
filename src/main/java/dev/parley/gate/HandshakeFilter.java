package dev.parley.gate;

import dev.parley.ops.Metrics;
import dev.parley.wire.RequestConnection;
import jakarta.inject.Inject;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The gate: everything that can refuse a handshake does it here, before the upgrade, on all servers alike. Mapped by URL:
 * Undertow and Tyrus upgrade in filters of their own that stand behind all that are.
 */
public class HandshakeFilter extends HttpFilter {

    private static final long serialVersionUID = 1L;

    @Inject
    private transient Gate gate;

    @Inject
    private transient Metrics metrics;

    /** For the container. */
    public HandshakeFilter() {}

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        try {
            Handshake asked = SocketPath.check(request);
            if (asked == null) {
                chain.doFilter(request, response); // the page, or nothing: 404
                return;
            }
            Handshake.CURRENT.set(gate.admit(request, asked));
            try {
                chain.doFilter(request, response);
                RequestConnection.forget(request);
            } finally {
                release(Handshake.CURRENT.get());
            }
        } catch (Refusal refusal) {
            metrics.refused(refusal.word());
            refuse(response, refusal);
        }
    }

    /** Gives back the seat of a handshake that no endpoint took: there is none on its path, or the upgrade failed. */
    private static void release(@Nullable Handshake left) {
        if (left != null) {
            Handshake.CURRENT.remove();
            if (left.seat() != null) {
                left.seat().release();
            }
        }
    }

    private static void refuse(HttpServletResponse response, Refusal refusal) throws IOException {
        response.setStatus(refusal.status());
        response.setHeader("Sec-WebSocket-Version", "13"); // RFC 6455 §4.4
        refusal.headers().forEach(response::setHeader);
        byte[] body = (refusal.reason() + "\n").getBytes(StandardCharsets.UTF_8);
        response.setContentType("text/plain;charset=UTF-8");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
