package dev.parley.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The endpoint that the README shows is the one that is tested. */
final class ReadmeTest {

    private static final Path EXAMPLE = Path.of("src/test/java/dev/parley/testing/PricesEndpoint.java");

    @Test
    void showsTheEndpointThatIsTested() throws IOException {
        String source = Files.readString(EXAMPLE);
        String shown = source.substring(source.indexOf("@ServerEndpoint"));
        assertThat(withoutSpace(Files.readString(Path.of("README.md"))))
                .contains("```java" + withoutSpace(shown) + "```");
    }

    private static String withoutSpace(String text) {
        return text.replaceAll("\\s+", "");
    }
}
