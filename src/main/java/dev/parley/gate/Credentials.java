package dev.parley.gate;

import dev.parley.ops.Token;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Finds out who makes a request, by the token that it brings or may bring later. Safe for any thread; never blocks. */
final class Credentials {

    /** The subprotocol in which a token may come as the first message. */
    private static final String V1 = "parley.v1";

    /** In front of a token among the subprotocols that a browser offers: it cannot set a header. */
    private static final String TOKEN_PROTOCOL = "parley.token.";

    private static final String BEARER = "bearer ";

    private final Token settings;
    private final Tokens tokens;

    /**
     * Those that an operator accepts.
     *
     * @param settings the rules of tokens
     * @param timer runs a task after a pause, on a thread that may wait
     */
    Credentials(Token settings, BiConsumer<Duration, Runnable> timer) {
        this.settings = settings;
        tokens = new Tokens(settings, timer);
    }

    /** Whether tokens are taken at all. */
    boolean areKnown() {
        return tokens.areKnown();
    }

    /** As {@link Tokens#verify}. */
    Identity verify(String token) throws Refusal {
        return tokens.verify(token);
    }

    /** What a request of the HTTP API asks for, under who makes it. */
    Handshake ofCaller(HttpServletRequest request, Handshake asked) throws Refusal {
        if (!areKnown()) {
            return asked.by(Identity.ANYONE);
        }
        return asked.withoutToken().by(identify(token(request, asked, List.of()), false));
    }

    /** What a handshake asks for, under who makes it. */
    Handshake ofPeer(HttpServletRequest request, Handshake asked) throws Refusal {
        if (!areKnown()) {
            return asked.as(Identity.ANYONE);
        }
        List<String> protocols = Upgrade.protocols(request);
        boolean mayComeLater = asked.isForChat() && protocols.contains(V1);
        return asked.withoutToken().as(identify(token(request, asked, protocols), mayComeLater));
    }

    private Identity identify(@Nullable String token, boolean mayComeLater) throws Refusal {
        if (token != null) {
            return tokens.verify(token);
        }
        if (!settings.required()) {
            return Identity.ANYONE;
        }
        if (mayComeLater) {
            return Identity.unknown(Instant.now().plus(settings.authWithin()));
        }
        throw Refusal.noToken();
    }

    /**
     * The token that a request brings in {@code Authorization} (RFC 6750 §2.1; another scheme there is for a proxy), among its
     * subprotocols or in its query; null if there is none.
     */
    private @Nullable String token(HttpServletRequest request, Handshake asked, List<String> protocols) {
        String authorization = request.getHeader("Authorization");
        if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return authorization.substring(BEARER.length()).strip();
        }
        return protocols.stream()
                .filter(protocol -> protocol.startsWith(TOKEN_PROTOCOL))
                .map(protocol -> protocol.substring(TOKEN_PROTOCOL.length()))
                .findFirst()
                .orElse(settings.query() ? asked.query().get("token") : null);
    }
}
