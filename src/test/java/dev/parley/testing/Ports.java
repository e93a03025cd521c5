package dev.parley.testing;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports of this machine that nobody listens on. They are below those that Linux gives to outgoing connections
 * ({@code ip_local_port_range}): one of these might take the port before its server does, or, trying to reach a server that is
 * away, connect to itself.
 */
public final class Ports {

    private static final int FIRST = 20_000;
    private static final int END = 30_000;
    private static final int TRIES = 100;

    private Ports() {}

    /** A port that is free now. */
    public static int free() {
        for (int i = 0; i < TRIES; i++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, END);
            try (var free = new ServerSocket(port)) {
                return free.getLocalPort();
            } catch (IOException e) {
                // it is taken: another one
            }
        }
        throw new IllegalStateException("no port from " + FIRST + " to " + END + " is free");
    }
}
