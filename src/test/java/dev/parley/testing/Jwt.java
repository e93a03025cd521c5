package dev.parley.testing;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.function.UnaryOperator;

/** Tokens as an issuer that shares {@link #SECRET} with the server makes them. */
public final class Jwt {

    /** What the issuer and the server share. */
    public static final String SECRET = "a secret that is only for the tests";

    private Jwt() {}

    /** Alice's, good for a minute, with more or other claims. */
    public static String alice(UnaryOperator<JWTClaimsSet.Builder> more) {
        return signed(SECRET, claims(more));
    }

    /** Alice's, good for a minute, in every room with every right. */
    public static String alice() {
        return alice(claims -> claims);
    }

    /** Claims of Alice's token. */
    public static JWTClaimsSet claims(UnaryOperator<JWTClaimsSet.Builder> more) {
        return more.apply(new JWTClaimsSet.Builder().subject("alice").expirationTime(in(Duration.ofMinutes(1))))
                .build();
    }

    /** A token with these claims, signed with HS256 and a secret. */
    public static String signed(String secret, JWTClaimsSet claims) {
        try {
            var token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
            token.sign(new MACSigner(secret.getBytes(StandardCharsets.UTF_8)));
            return token.serialize();
        } catch (JOSEException e) {
            throw new AssertionError(e);
        }
    }

    /** A time from now, as claims have it: in whole seconds. */
    public static Date in(Duration time) {
        return Date.from(Instant.now().plus(time));
    }
}
