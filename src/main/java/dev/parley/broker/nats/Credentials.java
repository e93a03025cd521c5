package dev.parley.broker.nats;

import io.nats.client.AuthHandler;
import io.nats.client.support.Encoding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Logs in with a credentials file of NATS: the user's JWT, and a seed that signs what the server asks, with the Ed25519 of
 * Java; the client's own way needs a crypto library of 8 MB. The file is read at each login, so it may be replaced.
 */
final class Credentials implements AuthHandler {

    private static final Pattern BLOCK =
            Pattern.compile("-{3,}BEGIN [A-Z ]+-{3,}\\s*([\\w.+/=-]+?)\\s*-{3,}END [A-Z ]+-{3,}");
    private static final int SEED_PREFIX = 2; // the kinds of key, in the first bytes
    private static final int SEED = 32;

    private final Path file;

    private Credentials(Path file) {
        this.file = file;
    }

    static Credentials of(Path file) {
        return new Credentials(file);
    }

    private String block(int index) {
        try {
            Matcher blocks = BLOCK.matcher(Files.readString(file, StandardCharsets.US_ASCII));
            for (int i = 0; i <= index; i++) {
                if (!blocks.find()) {
                    throw new IllegalStateException("parley.nats.credentials holds no JWT with a seed");
                }
            }
            return blocks.group(1);
        } catch (IOException e) {
            throw new UncheckedIOException("parley.nats.credentials cannot be read", e);
        }
    }

    @Override
    public byte[] sign(byte[] nonce) {
        byte[] seed = Encoding.base32Decode(block(1).toCharArray());
        try {
            PrivateKey key = KeyFactory.getInstance("Ed25519")
                    .generatePrivate(new EdECPrivateKeySpec(
                            NamedParameterSpec.ED25519, Arrays.copyOfRange(seed, SEED_PREFIX, SEED_PREFIX + SEED)));
            Signature signature = Signature.getInstance("Ed25519");
            signature.initSign(key);
            signature.update(nonce);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("parley.nats.credentials holds no seed of a user", e);
        }
    }

    @Override
    public char @Nullable [] getID() {
        return null; // it stands in the JWT
    }

    @Override
    public char[] getJWT() {
        return block(0).toCharArray();
    }
}
