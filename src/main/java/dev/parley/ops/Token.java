package dev.parley.ops;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a token must be, and where it says what. Immutable.
 *
 * @param required whether a client needs one
 * @param secret what the issuer and this server share
 * @param keys where the issuer's public keys are
 * @param refresh how often the keys are fetched again
 * @param algorithms by which tokens may be signed; none if neither a secret nor keys are given
 * @param issuer who must have issued a token
 * @param audience whom a token must be for
 * @param claims which claims say who a client is and what it may do
 * @param leeway by how much clocks may differ
 * @param authWithin how long a client may stay that brings its token as a message
 * @param query whether a token may stand in the address
 */
public record Token(
        boolean required,
        Optional<Secret> secret,
        Optional<URI> keys,
        Duration refresh,
        List<String> algorithms,
        Optional<String> issuer,
        Optional<String> audience,
        Claims claims,
        Duration leeway,
        Duration authWithin,
        boolean query) {

    private static final List<String> OF_SECRET = List.of("HS256", "HS384", "HS512");
    private static final List<String> OF_KEYS =
            List.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512");
    private static final List<String> ALGORITHMS =
            Stream.concat(OF_SECRET.stream(), OF_KEYS.stream()).toList();
    private static final List<String> USUAL_OF_KEYS = List.of("RS256", "PS256", "ES256");

    /**
     * Which claims of a token say who a client is and what it may do.
     *
     * @param subject the claim that identifies the user
     * @param name the claim with the name to display; if empty, the one that identifies
     * @param rooms the claim with rooms; if empty, the claim {@code rooms}, which a token may lack
     * @param rights the claim with rights; if empty, the claim {@code rights}, which a token may lack
     */
    public record Claims(String subject, Optional<String> name, Optional<String> rooms, Optional<String> rights) {
        static Claims of(Reader from) {
            return new Claims(
                    from.text("parley.token.subject-claim", text -> !text.isEmpty(), "the name of a claim"),
                    from.optional("parley.token.name-claim", text -> true, "the name of a claim"),
                    from.optional("parley.token.rooms-claim", text -> true, "the name of a claim"),
                    from.optional("parley.token.rights-claim", text -> true, "the name of a claim"));
        }
    }

    /**
     * By which algorithms tokens may be signed.
     *
     * @return those that are set, or else the usual ones of a secret or of keys
     */
    @Override
    public List<String> algorithms() {
        if (!algorithms.isEmpty() || (secret.isEmpty() && keys.isEmpty())) {
            return algorithms;
        }
        return secret.isPresent() ? List.of("HS256") : USUAL_OF_KEYS;
    }

    static Token of(Reader from) {
        Token token = new Token(
                from.flag("parley.token.required"),
                from.secret("parley.token.secret", 32),
                from.optional(
                                "parley.token.keys",
                                Token::isSource,
                                "an address with https:, http: or file:, without a user")
                        .map(URI::create),
                from.duration("parley.token.refresh", Duration.ofSeconds(10), Duration.ofDays(1)),
                from.list("parley.token.algorithms", ALGORITHMS::contains, String.join(", ", ALGORITHMS)),
                from.optional("parley.token.issuer", text -> true, "the iss of its tokens"),
                from.optional("parley.token.audience", text -> true, "the aud of its tokens"),
                Claims.of(from),
                from.duration("parley.token.leeway", Duration.ZERO, Duration.ofMinutes(5)),
                from.duration("parley.token.auth-within", Duration.ofSeconds(1), Duration.ofMinutes(1)),
                from.flag("parley.token.query"));
        if (token.secret.isPresent()) {
            token.checkSecret(from);
        } else if (token.keys.isPresent()) {
            token.checkAlgorithms(from, OF_KEYS, "parley.token.keys");
        } else {
            token.checkNothingElseIsSet(from);
        }
        return token;
    }

    private void checkSecret(Reader from) {
        from.require("parley.token.keys", keys.isEmpty(), "empty with parley.token.secret");
        checkAlgorithms(from, OF_SECRET, "parley.token.secret");
        for (String algorithm : algorithms()) {
            int needed = Integer.parseInt(algorithm.substring(2)) / 8; // RFC 7518 §3.2
            boolean enough = secret.orElseThrow().bytes().length >= needed;
            from.require("parley.token.secret", enough, "at least " + needed + " bytes long for " + algorithm);
        }
    }

    private void checkAlgorithms(Reader from, List<String> possible, String source) {
        String allowed = "empty, or some of " + String.join(", ", possible) + " with " + source;
        from.require("parley.token.algorithms", possible.containsAll(algorithms), allowed);
    }

    private void checkNothingElseIsSet(Reader from) {
        String without = " without parley.token.secret or parley.token.keys";
        from.require("parley.token.required", !required, "false" + without);
        from.require("parley.token.algorithms", algorithms.isEmpty(), "empty" + without);
        from.require("parley.token.issuer", issuer.isEmpty(), "empty" + without);
        from.require("parley.token.audience", audience.isEmpty(), "empty" + without);
    }

    private static boolean isSource(String text) {
        try {
            URI uri = new URI(text);
            return switch (String.valueOf(uri.getScheme())) {
                case "http", "https" -> uri.getHost() != null && uri.getUserInfo() == null;
                case "file" -> uri.getPath() != null && uri.getAuthority() == null && uri.getQuery() == null;
                default -> false;
            };
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
