package dev.parley.cluster;

import dev.parley.testing.Ports;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A {@code nats-server} in a process of its own, with a store that outlives it. */
public final class NatsServer implements AutoCloseable {

    private final Path work;
    private final int port;
    private final int disk; // megabytes, 0 for the machine's
    private List<String> options;
    private Process process;

    /** Starts one with an empty store and these options, and waits until it listens. */
    public NatsServer(String... options) {
        this(0, options);
    }

    private NatsServer(int disk, String... options) {
        this.disk = disk;
        try {
            Path target = Path.of("target").toAbsolutePath();
            work = Files.createTempDirectory(target, "nats");
            Files.createDirectory(store());
            // The server says how much it may store: else it would be what its disk has.
            Files.writeString(work.resolve("conf"), "jetstream { max_file: 64GB }");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.port = Ports.free();
        this.options = List.of(options);
        start();
    }

    /** The same, with a store on a disk of its own that has so many megabytes, and that a {@link #kill} empties. */
    public static NatsServer onDisk(int megabytes, String... options) {
        return new NatsServer(megabytes, options);
    }

    /** The password of the user {@code parley} in {@code docker/nats.conf}. */
    static final String PASSWORD = "secret";

    /** Starts it again where it was. */
    public void start() {
        List<String> line = new ArrayList<>();
        if (disk > 0) {
            String mount = "mount -t tmpfs -o size=$1m tmpfs \"$2\" && shift 2 && exec \"$@\"";
            line.addAll(List.of("unshare", "--mount", "--map-root-user", "sh", "-c", mount, "sh"));
            line.addAll(List.of(Integer.toString(disk), store().toString()));
        }
        line.addAll(List.of(
                System.getProperty("nats.server"),
                "--config",
                work.resolve("conf").toString(),
                "--addr",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "--jetstream",
                "--store_dir",
                store().toString()));
        line.addAll(options);
        try {
            var builder = new ProcessBuilder(line)
                    .redirectErrorStream(true)
                    .redirectOutput(
                            ProcessBuilder.Redirect.appendTo(work.resolve("log").toFile()));
            builder.environment().put("PARLEY_NATS_PASSWORD", PASSWORD);
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Awaitility.await().atMost(20, TimeUnit.SECONDS).until(this::listens);
    }

    /** Starts it again where it was, with other options. */
    public void start(String... other) {
        options = List.of(other);
        start();
    }

    /** How many lines of its log have a text. */
    public long logged(String text) {
        try (Stream<String> lines = Files.lines(work.resolve("log"))) {
            return lines.filter(line -> line.contains(text)).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean listens() {
        try (var probe = new Socket()) {
            probe.connect(new InetSocketAddress("127.0.0.1", port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Where clients connect. */
    public String address() {
        return "nats://127.0.0.1:" + port;
    }

    /** As {@code kill -9} does; its store stays. */
    public void kill() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As a machine that swaps or a file system that does not answer: its connections stay, and nobody is at them. */
    public void hang() {
        signal("STOP");
    }

    /** Ends {@link #hang}. */
    public void goOn() {
        signal("CONT");
    }

    private void signal(String name) {
        try {
            int status = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new IllegalStateException("no " + name + " for the NATS server: " + status);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Fills what is left of the disk of its own. */
    public void fillDisk() {
        try (var filler = Files.newOutputStream(filler())) {
            byte[] some = new byte[4096];
            while (true) {
                filler.write(some);
            }
        } catch (IOException e) {
            if (!String.valueOf(e.getMessage()).contains("No space left")) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Ends {@link #fillDisk}. */
    public void freeDisk() {
        try {
            Files.delete(filler());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** On a disk that only the server's process sees. */
    private Path filler() {
        return Path.of("/proc", Long.toString(process.pid()), "root" + store().resolve("filler"));
    }

    /** A copy of its store, while it does not run. */
    public Path copy() {
        try {
            Path copy = work.resolve("copy");
            copy(store(), copy);
            return copy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts a copy in the place of its store, while it does not run. */
    public void restore(Path copy) {
        try {
            delete(store());
            copy(copy, store());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path store() {
        return work.resolve("store");
    }

    private static void copy(Path from, Path to) throws IOException {
        List<Path> tree;
        try (var walk = Files.walk(from)) {
            tree = walk.toList();
        }
        for (Path each : tree) {
            Files.copy(each, to.resolve(from.relativize(each)));
        }
    }

    private static void delete(Path path) throws IOException {
        try (var tree = Files.walk(path)) {
            tree.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }

    @Override
    public void close() {
        kill();
        try {
            delete(work);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
