package dev.parley.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A proxy that does not pass on what the server answers as it comes. One request a connection; each direction has a thread,
 * which ends with the proxy.
 */
public final class BufferingProxy implements AutoCloseable {

    /** What it holds back. */
    public enum Kind {
        /** As nginx: the whole response, unless that says {@code X-Accel-Buffering: no}. */
        ALL_UNLESS_TOLD {
            @Override
            int held(String head) {
                return head.toLowerCase(Locale.ROOT).contains("x-accel-buffering: no") ? 0 : Integer.MAX_VALUE;
            }
        },
        /** The body until 2 KiB of it are there. */
        FIRST_2_KIB {
            @Override
            int held(String head) {
                return 2048;
            }
        };

        abstract int held(String head);
    }

    private final ServerSocket server;
    private final URI behind;
    private final Kind kind;

    /** A proxy before the server at this root. */
    public BufferingProxy(URI behind, Kind kind) {
        this.behind = behind;
        this.kind = kind;
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(() -> {
            while (true) {
                serve(server.accept());
            }
        });
    }

    /** Its root. */
    public URI base() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort());
    }

    private void serve(Socket client) throws IOException {
        var upstream = new Socket(behind.getHost(), behind.getPort());
        start(() -> {
            try (client;
                    upstream) {
                client.getInputStream().transferTo(upstream.getOutputStream());
            }
        });
        start(() -> {
            try (client;
                    upstream) {
                answer(new BufferedInputStream(upstream.getInputStream()), client.getOutputStream());
            }
        });
    }

    private void answer(InputStream from, OutputStream to) throws IOException {
        var head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            head.write(from.read());
        }
        int held = kind.held(head.toString(StandardCharsets.ISO_8859_1));
        byte[] first = from.readNBytes(held);
        head.writeTo(to);
        to.write(first);
        from.transferTo(to);
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void start(Work work) {
        var thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // one side has ended, and so does the other
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
