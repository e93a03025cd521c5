package dev.parley.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * Thousands of clients on one selector and one thread. They answer pings and closes as they should, and count what happens to
 * them; what they are sent goes to a {@link Listener}. The counters are for any thread.
 */
public final class Crowd implements AutoCloseable {

    /** What happens to the clients; called on the crowd's thread. */
    public interface Listener {

        /** Upgraded. */
        default void opened(Client client) {}

        /** A text or binary message, whole; its bytes are the caller's again afterwards. */
        default void message(Client client, ByteBuffer message) {}

        /**
         * It is over: by the code of a close frame, 1006 for none, or before the upgrade by a status, 0 for no answer.
         */
        default void ended(Client client, int code) {}
    }

    private static final int HEADER_END = 0x0D0A0D0A;
    private static final int GATHERED_AT_ONCE = 50;

    private final InetSocketAddress address;
    private final String host;
    private final Listener listener;
    private final Selector selector;
    private final Thread thread;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
    private final Set<Client> clients = ConcurrentHashMap.newKeySet();
    private final AtomicInteger open = new AtomicInteger();
    private final Map<Integer, AtomicInteger> ends = new ConcurrentHashMap<>();
    private volatile Throwable failure;
    private volatile boolean done;

    public Crowd(URI base, Listener listener) {
        address = new InetSocketAddress(base.getHost(), base.getPort());
        host = base.getAuthority();
        this.listener = listener;
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        thread = new Thread(this::run, "crowd");
        thread.start();
    }

    /** One more client, at once; what becomes of it the listener hears. */
    public Client connect(String target) {
        return connect(target, 0);
    }

    /** The same, for one that bears a number which means something to the listener. */
    public Client connect(String target, int mark) {
        return connect(new Client(target, mark, 0, null));
    }

    /** The same, from another address of this machine. */
    public Client connectFrom(String source, String target) {
        return connect(new Client(target, 0, 0, new InetSocketAddress(source, 0)));
    }

    /** One more client, with a receive buffer of so many bytes, that reads its handshake and nothing after it. */
    public Client connectDeaf(String target, int receiveBuffer) {
        return connect(new Client(target, 0, receiveBuffer, null));
    }

    private Client connect(Client client) {
        clients.add(client);
        execute(client::connect);
        return client;
    }

    /** Connects more, some at a time so that coming is no storm, until so many are open; each has its number. */
    public void gather(int count, IntFunction<String> target) {
        for (int number = clients.size(); number < count; ) {
            int next = Math.min(count, number + GATHERED_AT_ONCE);
            for (; number < next; number++) {
                connect(target.apply(number), number);
            }
            await().pollInterval(Duration.ofMillis(5))
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> open() == next);
        }
    }

    /** Runs something on the crowd's thread. */
    public void execute(Runnable task) {
        tasks.add(task);
        selector.wakeup();
    }

    /** How many are upgraded and not ended. */
    public int open() {
        check();
        return open.get();
    }

    /** How many ended by this code or status. */
    public int ended(int code) {
        check();
        var count = ends.get(code);
        return count == null ? 0 : count.get();
    }

    /** How many ended how. */
    public Map<Integer, AtomicInteger> ends() {
        check();
        return new TreeMap<>(ends);
    }

    private void check() {
        if (failure != null) {
            throw new AssertionError("the crowd failed", failure);
        }
    }

    /** Resets every connection, as when a network or a proxy dies: nobody says goodbye. Returns when it is done. */
    public void drop() throws InterruptedException {
        var dropped = new CountDownLatch(1);
        execute(() -> {
            List.copyOf(clients).stream().filter(client -> client.upgraded).forEach(Client::reset);
            dropped.countDown();
        });
        dropped.await();
    }

    /** Resets those that were deaf: their servers may be through with them, but they do not look. */
    public void forgetDeaf() {
        execute(() ->
                clients.stream().filter(client -> client.receiveBuffer > 0).forEach(Client::reset));
    }

    private void run() {
        try {
            while (!done) {
                selector.select(key -> ((Client) key.attachment()).ready(key), 100);
                for (var task = tasks.poll(); task != null; task = tasks.poll()) {
                    task.run();
                }
            }
        } catch (Throwable e) {
            failure = e;
        }
    }

    @Override
    public void close() {
        done = true;
        selector.wakeup();
        try {
            thread.join();
            for (var client : clients) {
                if (client.channel != null) {
                    client.channel.close();
                }
            }
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One of them. Its methods are for the crowd's thread. */
    public final class Client {
        private final String target;
        private final int mark;
        private final int receiveBuffer;
        private final InetSocketAddress source;
        private SocketChannel channel;
        private byte[] rest = {};
        private boolean upgraded;
        private boolean over;

        private Client(String target, int mark, int receiveBuffer, InetSocketAddress source) {
            this.target = target;
            this.mark = mark;
            this.receiveBuffer = receiveBuffer;
            this.source = source;
        }

        /** The number it was given. */
        public int mark() {
            return mark;
        }

        private void connect() {
            try {
                channel = SocketChannel.open();
                channel.configureBlocking(false);
                if (receiveBuffer > 0) {
                    channel.setOption(StandardSocketOptions.SO_RCVBUF, receiveBuffer);
                }
                if (source != null) {
                    channel.bind(source);
                }
                if (channel.connect(address)) {
                    greet(channel.register(selector, SelectionKey.OP_READ, this));
                } else {
                    channel.register(selector, SelectionKey.OP_CONNECT, this);
                }
            } catch (IOException e) {
                end(0);
            }
        }

        private void greet(SelectionKey key) throws IOException {
            key.interestOps(SelectionKey.OP_READ);
            write(ByteBuffer.wrap(("GET " + target + " HTTP/1.1\r\nHost: " + host
                            + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII)));
        }

        private void ready(SelectionKey key) {
            try {
                if (key.isConnectable()) {
                    channel.finishConnect();
                    greet(key);
                    return;
                }
                buffer.clear().put(rest);
                int count = channel.read(buffer);
                buffer.flip();
                while (!over && (upgraded ? frame() : handshake())) {
                    // each is handled as it is read
                }
                if (!over && count < 0) {
                    end(upgraded ? 1006 : 0);
                }
                rest = new byte[over ? 0 : buffer.remaining()];
                buffer.get(rest, 0, rest.length);
            } catch (IOException e) {
                end(upgraded ? 1006 : 0);
            }
        }

        private boolean handshake() {
            for (int i = buffer.position(); i + 3 < buffer.limit(); i++) {
                if (buffer.getInt(i) == HEADER_END) {
                    int status = Integer.parseInt(StandardCharsets.US_ASCII
                            .decode(buffer.slice(buffer.position() + 9, 3))
                            .toString());
                    if (status != 101) {
                        end(status);
                        return false;
                    }
                    buffer.position(i + 4);
                    upgraded = true;
                    open.incrementAndGet();
                    listener.opened(this);
                    if (receiveBuffer > 0) {
                        channel.keyFor(selector).interestOps(0);
                        return false;
                    }
                    return true;
                }
            }
            return false;
        }

        private boolean frame() throws IOException {
            buffer.mark();
            if (buffer.remaining() < 2) {
                return false;
            }
            int opcode = buffer.get() & 0x0F;
            long length = buffer.get() & 0x7F;
            if (length == 126) {
                length = buffer.remaining() < 2 ? Long.MAX_VALUE : buffer.getShort() & 0xFFFF;
            } else if (length == 127) {
                length = buffer.remaining() < 8 ? Long.MAX_VALUE : buffer.getLong();
            }
            if (buffer.remaining() < length) {
                buffer.reset();
                return false;
            }
            var payload = buffer.slice(buffer.position(), (int) length);
            buffer.position(buffer.position() + (int) length);
            switch (opcode) {
                case RawSocket.PING -> {
                    var bytes = new byte[payload.remaining()];
                    payload.get(bytes);
                    send(RawSocket.PONG, bytes);
                }
                case RawSocket.CLOSE -> end(payload.remaining() < 2 ? 1005 : payload.getShort() & 0xFFFF);
                default -> listener.message(this, payload);
            }
            return true;
        }

        /** Sends a frame; small ones only, which fit the socket's buffer. */
        public void send(int opcode, byte[] payload) {
            try {
                write(ByteBuffer.wrap(RawSocket.encode(opcode, true, true, payload)));
            } catch (IOException e) {
                end(1006);
            }
        }

        private void write(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                if (channel.write(bytes) == 0) {
                    Thread.onSpinWait();
                }
            }
        }

        /** Ends the connection with a reset and no close frame. */
        public void reset() {
            try {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException e) {
                // It is closed already.
            }
            end(1006);
        }

        private void end(int code) {
            if (over) {
                return;
            }
            over = true;
            clients.remove(this);
            if (upgraded) {
                open.decrementAndGet();
            }
            ends.computeIfAbsent(code, key -> new AtomicInteger()).incrementAndGet();
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            listener.ended(this, code);
        }
    }
}
