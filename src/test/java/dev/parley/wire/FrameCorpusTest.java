package dev.parley.wire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The fuzzer's first inputs ({@code mvn -Pfuzz}), and what it has found: one way to cut the bytes, then the bytes. */
class FrameCorpusTest {

    static List<Path> inputs() throws IOException {
        try (var files = Files.list(Path.of("src/test/resources/frames"))) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void readsInputAsTheReferenceDoes(Path input) throws IOException {
        ReaderComparison.compare(Files.readAllBytes(input));
    }
}
