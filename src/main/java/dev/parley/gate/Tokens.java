package dev.parley.gate;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.ImmutableSecret;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.jwt.proc.ExpiredJWTException;
import dev.parley.ops.Settings;
import dev.parley.protocol.UserName;
import java.text.ParseException;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The rules of tokens: JSON Web Tokens (RFC 7519), signed with a shared secret or by a key of a key set, never unsigned. Their
 * claims: {@code sub}, the user's name; {@code exp}; {@code rooms}, names or beginnings with a {@code *} behind; and
 * {@code rights}, of {@code read} and {@code publish}. Without {@code rooms} it is every room, without {@code rights} both.
 * Immutable but for its keys, safe for any thread; never blocks.
 */
final class Tokens {

    private static final int MAX_LENGTH = 8192;

    private final Settings.Token settings;
    private final @Nullable KeySet keys;
    private final @Nullable DefaultJWTProcessor<SecurityContext> processor;

    /**
     * The rules an operator has set.
     *
     * @param settings the rules
     * @param executor fetches keys
     */
    Tokens(Settings.Token settings, Executor executor) {
        this.settings = settings;
        this.keys = settings.keys()
                .map(uri -> new KeySet(uri, settings.refresh(), executor, System::nanoTime))
                .orElse(null);
        if (keys != null) {
            processor = processor(keys, algorithm -> !JWSAlgorithm.Family.HMAC_SHA.contains(algorithm));
        } else if (settings.secret().isPresent()) {
            processor = processor(
                    new ImmutableSecret<>(settings.secret().get().bytes()), JWSAlgorithm.Family.HMAC_SHA::contains);
        } else {
            processor = null;
        }
    }

    private DefaultJWTProcessor<SecurityContext> processor(
            JWKSource<SecurityContext> source, Predicate<JWSAlgorithm> fits) {
        Set<JWSAlgorithm> algorithms = settings.algorithms().stream()
                .map(JWSAlgorithm::parse)
                .filter(fits)
                .collect(Collectors.toSet());
        DefaultJWTProcessor<SecurityContext> made = new DefaultJWTProcessor<>();
        made.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(
                JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null)); // RFC 9068 §2.1
        made.setJWSKeySelector(new JWSVerificationKeySelector<>(algorithms, source));
        JWTClaimsSet.Builder exact = new JWTClaimsSet.Builder();
        settings.issuer().ifPresent(exact::issuer);
        DefaultJWTClaimsVerifier<SecurityContext> claims = new DefaultJWTClaimsVerifier<>(
                settings.audience().map(Set::of).orElse(null), exact.build(), Set.of("sub", "exp"), null);
        claims.setMaxClockSkew((int) settings.leeway().toSeconds());
        made.setJWTClaimsSetVerifier(claims);
        return made;
    }

    /** Whether tokens can be checked here. */
    boolean areKnown() {
        return processor != null;
    }

    /**
     * Checks a token.
     *
     * @param token as the client gave it
     * @return who the client is
     * @throws Refusal 401 if it is not good, 503 if the keys are not there yet
     */
    Identity verify(String token) throws Refusal {
        if (processor == null) {
            throw Refusal.badToken("No token is taken here.");
        }
        if (keys != null && !keys.isReady()) {
            throw Refusal.unavailable("Tokens cannot be checked at the moment, try again.");
        }
        if (token.length() > MAX_LENGTH) {
            throw Refusal.badToken("The token is longer than " + MAX_LENGTH + " characters.");
        }
        try {
            return identity(processor.process(token, null));
        } catch (ExpiredJWTException e) {
            throw Refusal.badToken("The token has expired.");
        } catch (BadJOSEException | JOSEException | ParseException | RuntimeException e) {
            throw Refusal.badToken("The token is not good."); // which of its parts is for no attacker to know
        }
    }

    private Identity identity(JWTClaimsSet claims) throws ParseException, Refusal {
        String user = UserName.normalize(claims.getSubject());
        if (user == null) {
            throw Refusal.badToken("The token's sub is not a user name. " + UserName.RULE);
        }
        List<String> rooms = claims.getStringListClaim("rooms");
        List<String> rights = claims.getStringListClaim("rights");
        return new Identity(
                user,
                rooms == null ? Identity.EVERYWHERE : List.copyOf(rooms),
                rights == null ? Set.of(Identity.Right.values()) : rights(new HashSet<>(rights)),
                expires(claims.getExpirationTime().toInstant()));
    }

    private static Set<Identity.Right> rights(Set<String> words) {
        Set<Identity.Right> rights = EnumSet.noneOf(Identity.Right.class);
        for (Identity.Right right : Identity.Right.values()) {
            if (words.contains(right.name().toLowerCase(Locale.ROOT))) {
                rights.add(right);
            }
        }
        return Set.copyOf(rights);
    }

    /** The leeway is for clocks that differ when a token comes; one that was good then ends on time. */
    private Instant expires(Instant claimed) {
        return claimed.isAfter(Instant.now()) ? claimed : claimed.plus(settings.leeway());
    }
}
