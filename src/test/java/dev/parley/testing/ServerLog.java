package dev.parley.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * What the server logs from here on: its file on WildFly and Payara, the records themselves on a GlassFish embedded in this
 * very JVM.
 */
public abstract class ServerLog implements AutoCloseable {

    private ServerLog() {}

    /** The log of the server of this run. */
    public static ServerLog open() {
        Path home = Path.of(System.getProperty("it.server.home", ""));
        return switch (System.getProperty("it.server")) {
            case "wildfly" -> new InFile(home.resolve("standalone/log/server.log"));
            case "payara" -> new InFile(home.resolve("glassfish/domains/domain1/logs/server.log"));
            default -> ofThisProcess();
        };
    }

    /** The log of what runs in this very JVM. */
    public static ServerLog ofThisProcess() {
        return new InProcess();
    }

    /**
     * Runs what provokes messages by the thousand, and keeps a server in this very JVM from writing them to the console. What a
     * server in a process of its own logs is in its file.
     */
    public static <T> T offTheConsole(Callable<T> noisy) throws Exception {
        var handlers = Logger.getLogger("").getHandlers();
        try {
            for (var handler : handlers) {
                handler.setFilter(message -> false);
            }
            return noisy.call();
        } finally {
            for (var handler : handlers) {
                handler.setFilter(null);
            }
        }
    }

    /** The lines so far. */
    public abstract Stream<String> lines();

    @Override
    public abstract void close();

    private static final class InFile extends ServerLog {

        private final Path file;
        private final long start;

        InFile(Path file) {
            this.file = file;
            this.start = read().length;
        }

        @Override
        public Stream<String> lines() {
            byte[] all = read();
            return new String(all, (int) start, all.length - (int) start, StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.replaceFirst("]]$", "")); // Payara writes a record between double brackets
        }

        private byte[] read() {
            try {
                return Files.readAllBytes(file);
            } catch (NoSuchFileException e) {
                return new byte[0]; // Payara writes its first lines a moment after its start
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {}
    }

    private static final class InProcess extends ServerLog {

        private final List<String> messages = new CopyOnWriteArrayList<>();
        private final Logger parley = Logger.getLogger("dev.parley");
        private final Handler handler = new Handler() {
            @Override
            public void publish(LogRecord message) {
                messages.add(message.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };

        InProcess() {
            parley.addHandler(handler);
        }

        @Override
        public Stream<String> lines() {
            return messages.stream().flatMap(String::lines);
        }

        @Override
        public void close() {
            parley.removeHandler(handler);
        }
    }
}
