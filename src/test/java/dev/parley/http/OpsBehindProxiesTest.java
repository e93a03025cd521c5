package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.parley.testing.RawSocket;
import dev.parley.testing.ReverseProxy;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * nginx and HAProxy with the files of {@code docker/}, where they are installed: no form of a path reaches {@code /ops}, however a
 * node may read it. The node is a stub that answers with the target it was sent.
 */
class OpsBehindProxiesTest {

    private static final List<String> BEFORE = List.of(
            "/",
            "//",
            "///",
            "/./",
            "/.//",
            "/x/../",
            "/x/%2e%2e/",
            "/x/.%2E/",
            "/x/..;/",
            "/x/..;a=b/",
            "/%2e/",
            "/;/",
            "/;a=b/",
            "/.;/",
            "/\\",
            "\\",
            "/%2f",
            "/%2F",
            "/%5c",
            "/js/..%2f",
            "/js/%2e%2e%2f",
            "/ws/chat/../../",
            "/%c0%af",
            "/%252f",
            "/x/%252e%252e/",
            "http://node/",
            "http://node//",
            "http://node/x/../",
            "http://node/;/");
    private static final List<String> NAMES = List.of(
            "ops",
            "OPS",
            "Ops",
            "%6fps",
            "o%70s",
            "op%73",
            "%6F%70%73",
            "%256fps",
            "ops;",
            "ops;x",
            "ops;x=y",
            "ops%3bx",
            "ops%3B",
            "ops.",
            "ops%2e",
            "ops%20",
            "ops%00",
            "./ops",
            "x/../ops",
            "o%70s;x");
    private static final List<String> AFTER = List.of(
            "",
            "/",
            "/metrics",
            "//metrics",
            "/./metrics",
            "%2fmetrics",
            ";x/metrics",
            "/metrics/",
            "/metrics;x",
            "/../ops/metrics",
            "/%2e%2e/ops/drain",
            "\\metrics",
            "?x",
            "#x",
            "/health/ready?x=y");

    @ParameterizedTest
    @ValueSource(strings = {"nginx", "haproxy"})
    void noFormOfAPathReachesOps(String proxy) {
        behind(proxy, running -> {
            var reached = new ArrayList<String>();
            for (var before : BEFORE) {
                for (var name : NAMES) {
                    for (var after : AFTER) {
                        var atNode = send(running, before + name + after);
                        if (atNode != null && mayBeOps(atNode)) {
                            reached.add(atNode);
                        }
                    }
                }
            }
            assertThat(reached).isEmpty();
        });
    }

    /** Grizzly may take a body behind TRACE for the next request. */
    @ParameterizedTest
    @ValueSource(strings = {"nginx", "haproxy"})
    void noTraceReachesANode(String proxy) {
        behind(proxy, running -> {
            try (var socket = RawSocket.connect(running.base())) {
                var answer = socket.request("TRACE", "/api/rooms", Map.of("Content-Length", "0"));
                assertThat(answer.status()).isEqualTo(405);
                assertThat(answer.header("X-Node")).isEmpty();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"nginx", "haproxy"})
    void allOtherPathsOfParleyPassUnchanged(String proxy) {
        var targets = new ArrayList<>(List.of(
                "/",
                "/?x=/ops/metrics",
                "/index.html",
                "/parley.js",
                "/js/main.js",
                "/openapi.yaml",
                "/ws",
                "/ws/chat",
                "/ws/chat/ops",
                "/ws/chat/a.b-c_D",
                "/ws/echo?prefix=%2Fops%2F..",
                "/ws/json",
                "/ws/reverse",
                "/ws/rooms",
                "/api/rooms?after=a"));
        for (Route route : Route.values()) {
            targets.add(route.template().replace("{room}", "ops"));
            targets.add(route.template().replace("{room}", "a..b") + "?since=8f0b%3A1&user=J%C3%BCrgen;x//..");
        }
        behind(proxy, running -> {
            for (var target : targets) {
                assertThat(send(running, target)).isEqualTo(target);
            }
        });
    }

    private static void behind(String name, Consumer<ReverseProxy> test) {
        assumeTrue(isInstalled(name), name + " is not installed");
        try (var node = new Node();
                var proxy = name.equals("nginx")
                        ? ReverseProxy.nginx(node.address(), node.address())
                        : ReverseProxy.haproxy(node.address(), node.address())) {
            test.accept(proxy);
        }
    }

    private static boolean isInstalled(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                .anyMatch(directory -> new File(directory, program).canExecute());
    }

    /** The target that reached the node; null if the proxy answered itself. */
    private static String send(ReverseProxy proxy, String target) {
        try (var socket = RawSocket.connect(proxy.base())) {
            var answer = socket.request("GET", target, Map.of());
            socket.reset(); // thousands of closed ones would hold the machine's ports for a minute
            if (answer.header("X-Node").isEmpty()) {
                assertThat(answer.status()).as(target).isIn(400, 404);
                return null;
            }
            return answer.body();
        }
    }

    /** Whether any server could take it for a path below {@code /ops}: the union of all that servers are known to do. */
    private static boolean mayBeOps(String target) {
        var path = target.replaceFirst("^[a-z]+://[^/]*", "").replaceFirst("[?].*", "");
        for (int decoded = 0; decoded < 3; decoded++) {
            for (var cut : new String[] {path, path.replaceFirst("#.*", "")}) {
                if (firstSegment(cut).equals("ops")) {
                    return true;
                }
            }
            path = decode(path);
        }
        return false;
    }

    private static String firstSegment(String path) {
        var segments = new ArrayDeque<String>();
        for (var raw : path.replace('\\', '/').split("/", -1)) {
            var segment =
                    raw.replaceFirst(";.*", "").replaceAll("[\\x00-\\x20]", "").toLowerCase(Locale.ROOT);
            if (segment.equals("..")) {
                segments.pollLast();
            } else if (!segment.isEmpty() && !segment.equals(".")) {
                segments.add(segment.replaceFirst("\\.+$", ""));
            }
        }
        return segments.isEmpty() ? "" : segments.getFirst();
    }

    /** Percent escapes, also those that are no UTF-8: {@code %c0%af} is a slash in a form that is too long. */
    private static String decode(String path) {
        var decoded = new StringBuilder();
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) == '%' && path.substring(i).matches("(?s)%[0-9A-Fa-f]{2}.*")) {
                decoded.append((char) Integer.parseInt(path.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                decoded.append(path.charAt(i));
            }
        }
        return decoded.toString().replace("\u00C0\u00AF", "/");
    }

    /** A node that answers each request with its target, and HAProxy's health checks with 200. */
    private static final class Node implements AutoCloseable {

        private final ServerSocket listener;

        Node() {
            try {
                listener = new ServerSocket(0);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            var thread = new Thread(this::serve, "stub node");
            thread.setDaemon(true);
            thread.start();
        }

        String address() {
            return "127.0.0.1:" + listener.getLocalPort();
        }

        private void serve() {
            while (!listener.isClosed()) {
                try (var socket = listener.accept()) {
                    answer(socket);
                } catch (IOException e) {
                    // the proxy ended a connection, or the test is over
                }
            }
        }

        private static void answer(Socket socket) throws IOException {
            var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            var first = in.readLine();
            if (first == null) {
                return;
            }
            for (var line = in.readLine(); line != null && !line.isEmpty(); ) {
                line = in.readLine();
            }
            var target = first.split(" ", -1)[1];
            socket.getOutputStream()
                    .write(("HTTP/1.1 200 OK\r\nX-Node: stub\r\nConnection: close\r\nContent-Length: " + target.length()
                                    + "\r\n\r\n" + target)
                            .getBytes(StandardCharsets.ISO_8859_1));
        }

        @Override
        public void close() {
            try {
                listener.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
