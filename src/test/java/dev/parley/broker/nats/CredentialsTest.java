package dev.parley.broker.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nats.client.support.Encoding;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialsTest {

    /** RFC 8032 §7.1, test 2. */
    private static final String SECRET = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";

    private static final String SIGNATURE = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

    @TempDir
    Path directory;

    @Test
    void theSeedSignsWhatTheServerAsks() throws Exception {
        ByteBuffer seed = ByteBuffer.allocate(36);
        seed.put((byte) 0x95).put((byte) 0).put(HexFormat.of().parseHex(SECRET));
        Path file = Files.writeString(
                directory.resolve("user.creds"), """
                -----BEGIN NATS USER JWT-----
                head.claims.sign-ature_
                ------END NATS USER JWT------

                ************************* IMPORTANT *************************

                -----BEGIN USER NKEY SEED-----
                %s
                ------END USER NKEY SEED------
                """.formatted(new String(Encoding.base32Encode(seed.array()))));
        Credentials credentials = Credentials.of(file);
        assertThat(new String(credentials.getJWT())).isEqualTo("head.claims.sign-ature_");
        assertThat(HexFormat.of().formatHex(credentials.sign(new byte[] {0x72})))
                .isEqualTo(SIGNATURE);
    }

    @Test
    void aFileThatHoldsNoneSaysSo() throws Exception {
        Path file = Files.writeString(directory.resolve("user.creds"), "none");
        assertThatThrownBy(() -> Credentials.of(file).getJWT()).hasMessageContaining("parley.nats.credentials");
    }
}
