package dev.parley.gate;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
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
import dev.parley.ops.Token;
import dev.parley.protocol.UserName;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The rules of tokens: JSON Web Tokens (RFC 7519), signed with a shared secret or by a key of a key set, never unsigned. What
 * their claims mean is said at {@link Token.Claims}; {@code exp} is required. Immutable but for its keys, safe for any thread;
 * never blocks.
 */
final class Tokens {

    private static final int MAX_LENGTH = 8192;
    private static final int MAX_SUBJECT = 255;
    private static final String INVALID = "Invalid token.";
    private static final List<String> EVERY_RIGHT =
            Arrays.stream(Identity.Right.values()).map(Tokens::word).toList();

    private final Token settings;
    private final @Nullable KeySet keys;
    private final @Nullable DefaultJWTProcessor<SecurityContext> processor;

    /**
     * The rules an operator has set.
     *
     * @param settings the rules
     * @param timer runs a task after a pause, on a thread that may wait
     */
    Tokens(Token settings, BiConsumer<Duration, Runnable> timer) {
        this.settings = settings;
        Set<JWSAlgorithm> algorithms =
                settings.algorithms().stream().map(JWSAlgorithm::parse).collect(Collectors.toSet());
        this.keys = settings.keys()
                .map(uri -> new KeySet(uri, algorithms, settings.refresh(), timer, System::nanoTime))
                .orElse(null);
        if (keys != null) {
            processor = processor(keys, algorithms);
        } else {
            processor = settings.secret()
                    .map(secret -> processor(new ImmutableSecret<>(secret.bytes()), algorithms))
                    .orElse(null);
        }
    }

    private DefaultJWTProcessor<SecurityContext> processor(
            JWKSource<SecurityContext> source, Set<JWSAlgorithm> algorithms) {
        DefaultJWTProcessor<SecurityContext> made = new DefaultJWTProcessor<>();
        made.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(
                JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null)); // RFC 9068 §2.1
        made.setJWSKeySelector(new JWSVerificationKeySelector<>(algorithms, source));
        JWTClaimsSet.Builder exact = new JWTClaimsSet.Builder();
        settings.issuer().ifPresent(exact::issuer);
        DefaultJWTClaimsVerifier<SecurityContext> claims = new DefaultJWTClaimsVerifier<>(
                settings.audience().map(Set::of).orElse(null), exact.build(), Set.of("exp"), null);
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
     * @throws Refusal 401 if it is invalid, 503 if its key is yet to be fetched
     */
    Identity verify(String token) throws Refusal {
        if (processor == null) {
            throw Refusal.badToken("This server does not accept tokens.");
        }
        if (keys != null && !keys.isReady()) {
            throw keyMissing(keys);
        }
        if (token.length() > MAX_LENGTH) {
            throw Refusal.badToken("The token is longer than " + MAX_LENGTH + " characters.");
        }
        try {
            return identity(processor.process(token, null));
        } catch (ExpiredJWTException e) {
            throw Refusal.badToken("The token has expired.");
        } catch (KeySourceException e) {
            throw keys == null ? Refusal.badToken(INVALID) : keyMissing(keys);
        } catch (BadJOSEException | JOSEException | ParseException | RuntimeException e) {
            throw Refusal.badToken(INVALID); // which of its parts is wrong helps only an attacker
        }
    }

    private static Refusal keyMissing(KeySet keys) {
        return Refusal.unavailable("The key for this token is not available yet, try again.", keys.untilFetch());
    }

    private Identity identity(JWTClaimsSet token) throws ParseException, Refusal {
        Map<String, Object> claims = token.getClaims();
        if (!(find(claims, settings.claims().subject()) instanceof String subject)
                || subject.isEmpty()
                || subject.codePointCount(0, subject.length()) > MAX_SUBJECT) {
            throw Refusal.badToken("The token does not identify its user with a string of 1 to 255 characters.");
        }
        List<String> rooms = words(claims, settings.claims().rooms(), "rooms", Identity.EVERYWHERE);
        List<String> rights = words(claims, settings.claims().rights(), "rights", EVERY_RIGHT);
        return new Identity(
                subject,
                displayed(claims, subject),
                rooms,
                Arrays.stream(Identity.Right.values())
                        .filter(right -> rights.contains(word(right)))
                        .collect(Collectors.toUnmodifiableSet()),
                expires(token.getExpirationTime().toInstant()));
    }

    /** A person whose name breaks the rule gets in all the same, under one that nobody chose. */
    private String displayed(Map<String, Object> claims, String subject) {
        Object name = settings.claims().name().isPresent()
                ? find(claims, settings.claims().name().get())
                : subject;
        String normal = name instanceof String text ? UserName.normalize(text) : null;
        return normal == null ? "user-" + digest(subject) : normal;
    }

    private static String digest(String subject) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(subject.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 5);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    /** Words in a claim that the operator named, none if the token lacks it; else in the usual claim, or the usual words. */
    private static List<String> words(
            Map<String, Object> claims, Optional<String> named, String usual, List<String> otherwise)
            throws ParseException {
        Object words = find(claims, named.orElse(usual));
        if (words == null) {
            return named.isPresent() ? List.of() : otherwise;
        }
        if (words instanceof String text) {
            return List.of(text.strip().split("\\s+")); // as scope (RFC 8693 §4.2)
        }
        if (words instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
            return list.stream().map(String.class::cast).toList();
        }
        throw new ParseException(usual + " are neither a list of strings nor a string", 0);
    }

    /** The claim with this name, or what a path with dots leads to: of several ways, the one by the longest name. */
    private static @Nullable Object find(Map<?, ?> claims, String path) {
        Object found = claims.get(path);
        for (int dot = path.lastIndexOf('.'); found == null && dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
            if (claims.get(path.substring(0, dot)) instanceof Map<?, ?> object) {
                found = find(object, path.substring(dot + 1));
            }
        }
        return found;
    }

    private static String word(Identity.Right right) {
        return right.name().toLowerCase(Locale.ROOT);
    }

    /** The leeway is for clocks that differ when a token comes; one that was good then ends on time. */
    private Instant expires(Instant claimed) {
        return claimed.isAfter(Instant.now()) ? claimed : claimed.plus(settings.leeway());
    }
}
