package dev.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Api;
import dev.parley.testing.OnServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The files of the page, which a browser keeps but revalidates before each use. */
class PageFilesIT extends OnServer {

    private static final Path PAGE = Path.of("src/main/webapp");

    private final Api api = new Api(base());

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    static List<String> files() throws IOException {
        try (var files = Files.walk(PAGE)) {
            return Stream.concat(
                            Stream.of("/"),
                            files.filter(Files::isRegularFile)
                                    .map(file -> "/" + PAGE.relativize(file))
                                    .filter(file -> !file.startsWith("/WEB-INF/") && !file.equals("/package.json")))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void aFileIsRevalidatedAndSentOnce(String file) {
        var first = api.get(file).expect(200);
        assertThat(first.header("Cache-Control")).isEqualTo("no-cache");
        var tag = first.header("ETag");
        var modified = first.header("Last-Modified");
        assertThat(tag + modified).isNotEmpty();
        if (!tag.isEmpty()) {
            var again = api.get(file, "If-None-Match", tag).expect(304);
            assertThat(again.header("Cache-Control")).isEqualTo("no-cache");
            api.get(file, "If-None-Match", "\"another\"").expect(200);
        }
        if (!modified.isEmpty()) {
            api.get(file, "If-Modified-Since", modified).expect(304);
        }
    }

    @Test
    void answersOfTheApiAreNotStored() {
        for (var path : List.of("/api/rooms", "/api/nothing", "/ops/health/live", "/ops/nothing")) {
            assertThat(api.get(path).header("Cache-Control")).as(path).isEqualTo("no-store");
        }
    }
}
