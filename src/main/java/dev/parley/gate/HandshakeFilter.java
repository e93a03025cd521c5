package dev.parley.gate;

import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.wire.server.RequestConnection;
import jakarta.inject.Inject;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * The gate for handshakes: everything that can refuse one does it here, before the upgrade, on all servers alike. Whatever a
 * container could take for a handshake goes on only if it is a flawless one. Mapped by URL: Undertow and Tyrus upgrade in filters
 * of their own, behind all filters that are mapped by URL.
 */
public class HandshakeFilter extends HttpFilter {

    private static final long serialVersionUID = 1L;

    @Inject
    private transient Gate gate;

    @Inject
    private transient Metrics metrics;

    @Inject
    private transient Settings settings;

    /** For the container. */
    public HandshakeFilter() {}

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        try {
            Handshake admitted = gate.admit(request);
            if (admitted == null) {
                chain.doFilter(request, response); // the page, or nothing: 404
                return;
            }
            CheckedRequest.begin(request, admitted);
            try {
                chain.doFilter(request, response);
                RequestConnection.upgrades(
                        request,
                        response.getStatus() == HttpServletResponse.SC_SWITCHING_PROTOCOLS,
                        settings.writer().readsFrames());
            } finally {
                CheckedRequest.end();
            }
        } catch (Refusal refusal) {
            gate.refused(request, refusal.status());
            metrics.refused(refusal.word());
            refuse(request, response, refusal);
        }
    }

    private static void refuse(HttpServletRequest request, HttpServletResponse response, Refusal refusal)
            throws IOException {
        boolean unread = RequestConnection.hasBody(request);
        if (unread) {
            response.setHeader("Connection", "close");
        }
        response.setStatus(refusal.status());
        response.setHeader("Sec-WebSocket-Version", "13"); // RFC 6455 §4.4
        refusal.headers().forEach(response::setHeader);
        byte[] body = (refusal.reason() + "\n").getBytes(StandardCharsets.UTF_8);
        response.setContentType("text/plain;charset=UTF-8");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
        if (unread) {
            response.flushBuffer();
            RequestConnection.endUnread(request);
        }
    }
}
