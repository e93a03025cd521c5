package dev.parley.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.awaitility.Awaitility;

/** nginx or HAProxy in front of two nodes, with the file of {@code docker/}, in which only addresses and directories are replaced. */
public final class ReverseProxy implements AutoCloseable {

    /** The token of HAProxy's health check. */
    public static final String OPS_TOKEN = "of the operators";

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

    /** An address of this machine at which nobody listens. */
    public static String freeAddress() {
        return "127.0.0.1:" + Ports.free();
    }

    /** Starts nginx in front of two addresses, and waits until it listens. */
    public static ReverseProxy nginx(String wildfly, String payara) {
        String address = freeAddress();
        Path work = work("nginx");
        Path file = copy("nginx.conf", work, "listen 8080", "listen " + address, wildfly, payara);
        var command = new ProcessBuilder("nginx", "-e", "stderr", "-c", file.toString(), "-g", "daemon off;");
        return new ReverseProxy(address, command, work.resolve("log"));
    }

    /** Starts HAProxy in front of two addresses, and waits until it listens. */
    public static ReverseProxy haproxy(String wildfly, String payara) {
        String address = freeAddress();
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

    private static Path copy(String name, Path work, String listens, String here, String wildfly, String payara) {
        try {
            String shipped = Files.readString(Path.of("docker", name));
            return Files.writeString(
                    work.resolve(name),
                    shipped.replace(listens, here)
                            .replace("wildfly:8080", wildfly)
                            .replace("payara:8080", payara)
                            .replace("/run/nginx.pid", work.resolve("pid").toString())
                            .replace("http {\n", "http {\n" + directories(work)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As packaged, nginx keeps these where only root may write. */
    private static String directories(Path work) {
        var lines = new StringBuilder();
        for (var kind : new String[] {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
            lines.append("  ")
                    .append(kind)
                    .append("_temp_path ")
                    .append(work.resolve(kind))
                    .append(";\n");
        }
        return lines.toString();
    }

    /** Where clients connect. */
    public URI base() {
        return base;
    }

    @Override
    public void close() {
        process.destroy(); // both end at once
        process.onExit().join();
    }
}
