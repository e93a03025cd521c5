package dev.parley.testing;

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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A TCP proxy in front of the server. Its faults are the test's to make, at any time. Two threads for each connection. */
public final class Proxy implements AutoCloseable {

    private static final int BACKLOG = 100;
    private static final int BUFFER = 64 * 1024;

    /** Nobody is let in. */
    public volatile boolean refuses;

    /** Nothing passes, either way, and nothing is closed: as in a tunnel. */
    public volatile boolean dark;

    /** What passes takes so long, milliseconds each way. */
    public volatile int delay;

    /** No WebSocket passes: as through some proxies of offices. */
    public volatile boolean blocksUpgrades;

    private final URI target;
    private final ServerSocket listening;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    /** A proxy on a free port. */
    public Proxy(URI target) {
        this.target = target;
        try {
            listening = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::accept);
    }

    /** The address of the page behind it. */
    public String url() {
        return "http://127.0.0.1:" + port() + "/";
    }

    /** Where it listens. */
    public int port() {
        return listening.getLocalPort();
    }

    /** Ends all connections without a goodbye. */
    public void cut() {
        open.forEach(Proxy::end);
    }

    @Override
    public void close() throws IOException {
        listening.close();
        cut();
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                if (refuses) {
                    end(client);
                    continue;
                }
                Socket server = new Socket(target.getHost(), target.getPort());
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                start(() -> pass(client, server, true));
                start(() -> pass(server, client, false));
            } catch (IOException e) {
                // closed, or a browser that went: the next one comes, or none
            }
        }
    }

    private void pass(Socket from, Socket to, boolean fromClient) {
        open.add(from);
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[BUFFER];
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                if (fromClient && blocksUpgrades && isUpgrade(buffer, length)) {
                    return;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(delay));
                if (!dark) {
                    out.write(buffer, 0, length);
                    out.flush();
                }
            }
        } catch (IOException e) {
            // one side has gone: so does the other
        } finally {
            open.remove(from);
            end(from);
            end(to);
        }
    }

    private static boolean isUpgrade(byte[] buffer, int length) {
        return new String(buffer, 0, length, StandardCharsets.ISO_8859_1)
                .toLowerCase(Locale.ROOT)
                .contains("\r\nupgrade: websocket");
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // it has ended
        }
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "proxy");
        thread.setDaemon(true);
        thread.start();
    }
}
