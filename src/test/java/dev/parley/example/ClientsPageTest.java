package dev.parley.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What the page on clients shows is what is tested. */
final class ClientsPageTest {

    private static final Path PAGE = Path.of("src/site/markdown/clients.md");
    private static final Path EXAMPLE = Path.of("src/test/java/dev/parley/example/RoomClient.java");

    @Test
    void theExampleOnThePageIsTheOneThatIsTested() throws IOException {
        String source = Files.readString(EXAMPLE);
        String shown = source.substring(source.indexOf("import jakarta"));
        assertThat(Files.readString(PAGE)).contains("```java\n" + shown + "```\n");
    }
}
