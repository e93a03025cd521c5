package dev.parley.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs scripts of {@code src/client} with npm. */
final class Node {

    private static final File FOLDER = new File("src/client");
    private static final int MINUTES = 5;

    private Node() {}

    /** Runs a script, which must end well and in time; gives what it printed. */
    static String run(String script, Map<String, String> environment) throws IOException, InterruptedException {
        Path output = Path.of("target", "client-" + script.replace(':', '-') + ".txt");
        ProcessBuilder builder = new ProcessBuilder("npm", "run", "--silent", script)
                .directory(FOLDER)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        Process node = builder.start();
        try {
            boolean ended = node.waitFor(MINUTES, TimeUnit.MINUTES);
            String report = Files.readString(output);
            assertThat(ended).as("ends in time; %s", report).isTrue();
            assertThat(node.exitValue()).as("status; %s", report).isZero();
            return report;
        } finally {
            node.destroy();
        }
    }
}
