package dev.parley.broker.nats;

import dev.parley.ops.RepeatedEvent;
import dev.parley.ops.Threads;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Dispatcher;
import io.nats.client.ErrorListener;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.ServerInfo;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The connection to the NATS servers. All that comes from there is handed to {@link Loop}, and its methods are for that
 * thread alone; none of them waits.
 */
final class NatsConnection {

    private static final Logger LOG = System.getLogger(NatsConnection.class.getName());

    private static final int MAX_WAITING =
            16 << 20; // bytes from the servers; then the client library holds as much as it does
    private static final int OVERHEAD = 512; // bytes of each message
    private static final int MAX_PAYLOAD = 1 << 20; // as the servers are shipped

    private final dev.parley.ops.Nats settings;
    private final Loop loop;
    private final Requests requests;
    private final Runnable changed;
    private final Runnable reconnected;
    private final Semaphore room = new Semaphore(MAX_WAITING);
    private final RepeatedEvent refused = new RepeatedEvent(NatsConnection.class, Level.WARNING);
    private final ClientThreads threads;
    private final AtomicBoolean connecting = new AtomicBoolean();
    private final Map<String, Consumer<Message>> listeners = new HashMap<>();
    private @Nullable Connection connection;
    private @Nullable Dispatcher dispatcher;
    private boolean taken; // by the servers, at some time
    private volatile boolean closed; // written on the loop

    /**
     * A connection that has not been made.
     *
     * @param settings say where to
     * @param threads make the library's threads
     * @param loop gets all that comes
     * @param changed is called when the connection came, went or came back, on the loop
     * @param reconnected is called when it came back, on any thread
     */
    NatsConnection(dev.parley.ops.Nats settings, Threads threads, Loop loop, Runnable changed, Runnable reconnected) {
        this.settings = settings;
        this.loop = loop;
        this.requests = new Requests(() -> connection, loop);
        this.changed = changed;
        this.reconnected = reconnected;
        this.threads = new ClientThreads(threads);
    }

    /** Tries to connect, unless it has or does. */
    void connect() {
        if (connection == null && !closed && connecting.compareAndSet(false, true)) {
            threads.execute(() -> {
                try {
                    Connection made = Nats.connect(options());
                    loop.execute(() -> connected(made));
                    if (loop.isClosed()) { // which may never run that
                        close(made);
                    }
                } catch (IOException | RuntimeException e) {
                    if (!closed) {
                        refused.log("No NATS server takes this node, which tries again each second: " + e.getMessage());
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                } finally {
                    connecting.set(false);
                }
            });
        }
    }

    private void connected(Connection made) {
        if (closed) {
            try {
                threads.execute(() -> close(made));
            } catch (RejectedExecutionException e) {
                close(made);
            }
            return;
        }
        if (taken) {
            reconnected.run();
        }
        taken = true;
        connection = made;
        String inbox = made.createInbox() + ".";
        requests.connected(inbox);
        Dispatcher all = made.createDispatcher(this::receive);
        dispatcher = all;
        all.subscribe(inbox + "*");
        listeners.keySet().forEach(all::subscribe);
        changed.run();
    }

    /**
     * The connection came, went or came back. The library closes one for good when a server has refused its login twice in a row;
     * another takes its place with the next {@link #connect}.
     */
    private void changed(Connection changing) {
        if (changing == connection && !closed && changing.getStatus() == Connection.Status.CLOSED) {
            refused.log("The NATS servers take this node no more, which tries again each second: "
                    + changing.getLastError());
            connection = null;
            dispatcher = null;
            requests.disconnected();
        }
        changed.run();
    }

    private Options options() {
        return threads.in(ConnectionOptions.of(settings, Requests.TIMEOUT))
                .connectionListener(new Changes())
                .errorListener(new Errors())
                .build();
    }

    /** What is asked over it. */
    Requests requests() {
        return requests;
    }

    /**
     * Which server it is connected to, and by which connection: another after each reconnect.
     *
     * @return a name, null while there is no connection
     */
    @Nullable
    String connected() {
        Connection current = connection;
        if (current == null || current.getStatus() != Connection.Status.CONNECTED) {
            return null;
        }
        ServerInfo server = current.getServerInfo();
        return server.getServerId() + "/" + server.getClientId();
    }

    /** Goes to another server, if there is one: this one answers pings and does not reach the stream. */
    void move() {
        Connection current = connection;
        if (current != null && current.getServers().size() > 1) {
            threads.execute(() -> {
                try {
                    current.forceReconnect();
                } catch (IOException | IllegalStateException e) {
                    LOG.log(Level.DEBUG, "the connection has just ended", e);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }
    }

    /** From now on a listener gets what is published under a subject. */
    void listen(String subject, Consumer<Message> listener) {
        if (listeners.put(subject, listener) == null && dispatcher != null) {
            dispatcher.subscribe(subject);
        }
    }

    /** From now on nobody does. */
    void unlisten(String subject) {
        if (listeners.remove(subject) != null && dispatcher != null) {
            dispatcher.unsubscribe(subject);
        }
    }

    /** Publishes to those who listen, if it can. */
    void tell(String subject, @Nullable Headers headers, byte[] body) {
        Connection current = connection;
        if (current != null) {
            try {
                current.publish(subject, headers, body);
            } catch (IllegalStateException
                    | IllegalArgumentException e) { // no connection, or more than the servers take
                LOG.log(Level.DEBUG, "A message cannot be sent", e);
            }
        }
    }

    /** How many bytes the servers take in one message. */
    int maxPayload() {
        Connection current = connection;
        return current == null ? MAX_PAYLOAD : (int) Math.min(current.getMaxPayload(), MAX_PAYLOAD);
    }

    /** What the library's thread brings; it waits here while the loop has enough to do. */
    private void receive(Message message) {
        try {
            int size = message.getData() == null ? OVERHEAD : message.getData().length + OVERHEAD;
            room.acquire(size);
            loop.execute(() -> {
                room.release(size);
                take(message);
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the connection is being closed
        }
    }

    private void take(Message message) {
        String subject = message.getSubject();
        Consumer<Message> listener = listeners.get(subject);
        if (listener != null) {
            listener.accept(message);
        } else {
            requests.take(message);
        }
    }

    /** Ends it. The threads end with it. */
    void close() {
        closed = true;
        Connection current = connection;
        threads.close(() -> close(current));
    }

    private static void close(@Nullable Connection connection) {
        if (connection != null) {
            try {
                if (connection.getStatus() == Connection.Status.CONNECTED) {
                    connection.flush(Requests.TIMEOUT); // others wait for the last words
                }
            } catch (TimeoutException e) {
                LOG.log(Level.DEBUG, "The last words are lost", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            try {
                connection.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private final class Changes implements ConnectionListener {
        @Override
        @SuppressWarnings("deprecation") // the one method that has no default
        public void connectionEvent(Connection changing, Events event) {
            LOG.log(Level.DEBUG, "NATS: " + event);
            if (event == Events.RECONNECTED) {
                reconnected.run();
            }
            loop.execute(() -> changed(changing));
        }
    }

    private static final class Errors implements ErrorListener {
        private final RepeatedEvent said = new RepeatedEvent(NatsConnection.class, Level.WARNING);

        @Override
        public void errorOccurred(Connection connection, String error) {
            said.log("A NATS server says: " + error);
        }

        @Override
        public void exceptionOccurred(Connection connection, Exception e) {
            LOG.log(Level.DEBUG, "The connection to the NATS server", e);
        }
    }
}
