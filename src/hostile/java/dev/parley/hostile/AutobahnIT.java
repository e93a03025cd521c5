package dev.parley.hostile;

import dev.parley.testing.Command;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The cases of the Autobahn test suite, by {@code src/hostile/autobahn/run}. */
class AutobahnIT extends Hostile {

    private static final String BUFFER = "<param-value>1048590</param-value>";

    @Override
    List<String> settings() {
        return List.of(
                "-Dparley.limits.text=16MiB",
                "-Dparley.limits.binary=16MiB",
                "-Dparley.limits.fragments=100000",
                "-Dparley.outbox.bytes=64MiB");
    }

    /** With the one limit that no setting reaches lifted too: what Tyrus holds of a frame. */
    @Override
    Path war() throws Exception {
        var war = Path.of("target", "hostile", "autobahn.war").toAbsolutePath();
        Files.createDirectories(war.getParent());
        Files.copy(Server.war(), war, StandardCopyOption.REPLACE_EXISTING);
        try (var zip = FileSystems.newFileSystem(war)) {
            var descriptor = zip.getPath("WEB-INF", "web.xml");
            var text = Files.readString(descriptor);
            if (!text.contains(BUFFER)) {
                throw new IllegalStateException("web.xml has no " + BUFFER);
            }
            Files.writeString(descriptor, text.replace(BUFFER, "<param-value>16777230</param-value>"));
        }
        return war;
    }

    @Test
    void protocolAbuse() throws Exception {
        row(Threat.PROTOCOL_ABUSE, found -> {
            var target = URI.create("ws://127.0.0.1:" + server.port() + "/ws/echo?prefix=");
            var output = Command.run("src/hostile/autobahn/run", Server.NAME, target.toString());
            System.out.println(output);
            found.add("%s", output.lines().reduce((first, second) -> second).orElseThrow());
        });
    }
}
