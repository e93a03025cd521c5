package dev.parley.cluster;

import dev.parley.testing.RawSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.awaitility.Awaitility;

/** nginx or HAProxy in front of two nodes, with the file of {@code docker/}, in which nothing but addresses is replaced. */
final class ReverseProxy implements AutoCloseable {

    /** What HAProxy asks for the nodes' health with. */
    static final String OPS_TOKEN = "of the operators";

    private final URI base;
    private final Process process;

    private ReverseProxy(String address, ProcessBuilder command, Path log) {
        base = URI.create("http://" + address);
        command.environment().put("PARLEY_OPS_TOKEN", OPS_TOKEN);
        try {
            process = command.redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Awaitility.await().ignoreExceptions().until(() -> {
            RawSocket.connect(base).close();
            return true;
        });
    }

    static ReverseProxy nginx(Node wildfly, Node payara) {
        String address = Node.freeAddress();
        Path work = work("nginx");
        Path file = copy("nginx.conf", work, "listen 8080", "listen " + address, wildfly, payara);
        var command = new ProcessBuilder("nginx", "-e", "stderr", "-c", file.toString(), "-g", "daemon off;");
        return new ReverseProxy(address, command, work.resolve("log"));
    }

    static ReverseProxy haproxy(Node wildfly, Node payara) {
        String address = Node.freeAddress();
        Path work = work("haproxy");
        Path file = copy("haproxy.cfg", work, "bind :8080", "bind " + address, wildfly, payara);
        return new ReverseProxy(address, new ProcessBuilder("haproxy", "-f", file.toString()), work.resolve("log"));
    }

    private static Path work(String name) {
        try {
            return Files.createDirectories(Path.of("target", "proxy", name).toAbsolutePath());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path copy(String name, Path work, String listens, String here, Node wildfly, Node payara) {
        try {
            String shipped = Files.readString(Path.of("docker", name));
            return Files.writeString(
                    work.resolve(name),
                    shipped.replace(listens, here)
                            .replace("wildfly:8080", wildfly.address())
                            .replace("payara:8080", payara.address())
                            .replace("/run/nginx.pid", work.resolve("pid").toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where clients connect. */
    URI base() {
        return base;
    }

    /** Waits until it sends clients to a node again, which it learns later than the node itself. */
    void awaitClients(Node restarted) {
        Awaitility.await().until(() -> {
            try (var socket = RawSocket.connect(base)) {
                socket.upgrade("/ws/echo");
                return restarted.api().metric("parley_peers") > 0;
            }
        });
    }

    @Override
    public void close() {
        process.destroy(); // both end at once
        process.onExit().join();
    }
}
