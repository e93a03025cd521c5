package dev.parley.broker;

import dev.parley.ops.Nats.Login;
import dev.parley.ops.Nats.Tls;
import dev.parley.ops.RepeatedEvent;
import dev.parley.ops.Secret;
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
import io.nats.client.impl.NatsMessage;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The connection to the NATS servers. All that comes from there is handed to {@link NatsLoop}, and its methods are for that
 * thread alone; none of them waits.
 */
final class NatsLink {

    private static final Logger LOG = System.getLogger(NatsLink.class.getName());

    private static final Duration REQUEST = Duration.ofSeconds(2);
    private static final Duration PING = Duration.ofSeconds(1);
    private static final int MAX_PINGS_OUT = 2;
    private static final Duration RECONNECT = Duration.ofMillis(250);
    private static final int MAX_WAITING =
            16 << 20; // bytes from the servers; then the client library holds as much as it does
    private static final int OVERHEAD = 512; // bytes of each message
    private static final int MAX_PAYLOAD = 1 << 20; // as the servers are shipped
    private static final int END_OF_BATCH = 204;
    private static final int NOTHING = 404;

    private final dev.parley.ops.Nats settings;
    private final NatsLoop loop;
    private final Runnable changed;
    private final Runnable reconnected;
    private final Semaphore room = new Semaphore(MAX_WAITING);
    private final RepeatedEvent refused = new RepeatedEvent(NatsLink.class, Level.WARNING);
    // All of them are ended here: the library leaves even those running that it makes of a thread factory.
    private final ExecutorService workers;
    private final ExecutorService connects;
    private final ExecutorService callbacks;
    private final ScheduledExecutorService timers;
    private final AtomicBoolean connecting = new AtomicBoolean();
    private final Map<String, Consumer<Message>> listeners = new HashMap<>();
    private final Map<String, Batch> batches = new HashMap<>();
    private @Nullable Connection connection;
    private @Nullable Dispatcher dispatcher;
    private @Nullable String inbox;
    private long lastBatch;
    private boolean taken; // by the servers, at some time
    private volatile boolean closed; // written on the loop

    /**
     * A link that has not connected.
     *
     * @param settings say where to
     * @param threads make the library's threads
     * @param loop gets all that comes
     * @param changed is called when the connection came, went or came back, on the loop
     * @param reconnected is called when it came back, on any thread
     */
    NatsLink(dev.parley.ops.Nats settings, Threads threads, NatsLoop loop, Runnable changed, Runnable reconnected) {
        this.settings = settings;
        this.loop = loop;
        this.changed = changed;
        this.reconnected = reconnected;
        this.workers = Executors.newCachedThreadPool(threads.factory("parley-nats"));
        this.connects = Executors.newSingleThreadExecutor(threads.factory("parley-nats-connect"));
        this.callbacks = Executors.newSingleThreadExecutor(threads.factory("parley-nats-callback"));
        this.timers = new ScheduledThreadPoolExecutor(1, threads.factory("parley-nats-timer"));
    }

    /** Tries to connect, unless it has or does. */
    void connect() {
        if (connection == null && !closed && connecting.compareAndSet(false, true)) {
            workers.execute(() -> {
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
                workers.execute(() -> close(made));
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
        inbox = made.createInbox();
        Dispatcher all = made.createDispatcher(this::receive);
        dispatcher = all;
        all.subscribe(inbox + ".*");
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
            List.copyOf(batches.values()).forEach(batch -> batch.whole.complete(null));
        }
        changed.run();
    }

    private Options options() {
        Options.Builder options = Options.builder()
                .servers(settings.servers().toArray(String[]::new))
                .connectionName("parley")
                .inboxPrefix(settings.inboxPrefix())
                .executor(workers)
                .scheduledExecutor(timers)
                .connectExecutor(connects)
                .callbackExecutor(callbacks)
                .connectionTimeout(REQUEST)
                .pingInterval(PING)
                .maxPingsOut(MAX_PINGS_OUT)
                .reconnectWait(RECONNECT)
                .maxReconnects(-1)
                .reconnectBufferSize(0) // what was reported as failed must not be sent later
                .discardMessagesWhenOutgoingQueueFull() // the caller would wait else
                .connectionListener(new Changes())
                .errorListener(new Errors());
        Login login = settings.login();
        login.token().ifPresent(token -> options.token(chars(token)));
        login.user()
                .ifPresent(user -> options.userInfo(
                        user.toCharArray(),
                        login.password().map(NatsLink::chars).orElseThrow()));
        login.credentials().ifPresent(file -> options.authHandler(NatsCredentials.of(file)));
        Tls tls = settings.tls();
        tls.trustStore().ifPresent(file -> options.truststorePath(file.toString()));
        tls.trustStorePassword().ifPresent(password -> options.truststorePassword(chars(password)));
        tls.keyStore().ifPresent(file -> options.keystorePath(file.toString()));
        tls.keyStorePassword().ifPresent(password -> options.keystorePassword(chars(password)));
        return (tls.first() ? options.tlsFirst() : options).build();
    }

    private static char[] chars(Secret secret) {
        return new String(secret.bytes(), StandardCharsets.UTF_8).toCharArray();
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
            workers.execute(() -> {
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

    /** Asks whoever answers a subject: completes on the loop, with null if nobody did in time. */
    CompletionStage<@Nullable Message> request(String subject, @Nullable Headers headers, byte[] body) {
        CompletableFuture<@Nullable Message> answer = new CompletableFuture<>();
        Connection current = connection;
        if (current == null) {
            answer.complete(null);
            return answer;
        }
        try {
            NatsMessage question = NatsMessage.builder()
                    .subject(subject)
                    .headers(headers)
                    .data(body)
                    .build();
            CompletionStage<Message> asked =
                    current.requestWithTimeout(question, REQUEST).orTimeout(REQUEST.toMillis(), TimeUnit.MILLISECONDS);
            asked.whenComplete((message, failure) -> loop.execute(() -> answer.complete(message)));
        } catch (IllegalStateException | IllegalArgumentException e) { // no connection, or more than the servers take
            LOG.log(Level.DEBUG, "A request cannot be sent", e);
            loop.execute(() -> answer.complete(null));
        }
        return answer;
    }

    /**
     * Asks for a batch of messages: completes on the loop, with null if it did not come whole.
     *
     * @param subject answers
     * @param body says which
     */
    CompletionStage<@Nullable Batch> batch(String subject, String body) {
        Batch batch = new Batch();
        Connection current = connection;
        if (current == null) {
            batch.whole.complete(null);
            return batch.whole;
        }
        String key = Long.toString(++lastBatch, Character.MAX_RADIX);
        batches.put(key, batch);
        try {
            current.publish(subject, inbox + "." + key, body.getBytes(StandardCharsets.UTF_8));
        } catch (IllegalStateException e) {
            batch.whole.complete(null);
        }
        Future<?> timeout = loop.timer(REQUEST, () -> batch.whole.complete(null));
        CompletionStage<@Nullable Batch> whole = batch.whole;
        return whole.whenComplete((answer, failure) -> {
            timeout.cancel(false); // it holds what the batch has brought
            batches.remove(key);
        });
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
            return;
        }
        Batch batch = batches.get(subject.substring(subject.lastIndexOf('.') + 1));
        if (batch != null && inbox != null && subject.startsWith(inbox)) {
            batch.take(message);
        }
    }

    /** Ends it. The threads end with it. */
    void close() {
        closed = true;
        Connection current = connection;
        workers.execute(() -> {
            close(current);
            timers.shutdownNow();
            connects.shutdownNow();
            callbacks.shutdownNow();
            workers.shutdown();
        });
    }

    private static void close(@Nullable Connection connection) {
        if (connection != null) {
            try {
                if (connection.getStatus() == Connection.Status.CONNECTED) {
                    connection.flush(REQUEST); // others wait for the last words
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

    /** Messages that were asked for together. */
    static final class Batch {
        private final CompletableFuture<@Nullable Batch> whole = new CompletableFuture<>();
        private final List<Message> messages = new ArrayList<>();
        private long last;
        private long pending;

        List<Message> messages() {
            return messages;
        }

        /** The number of the last of them, 0 if there are none. */
        long last() {
            return last;
        }

        /** Whether there are more. */
        boolean isCut() {
            return pending > 0;
        }

        private void take(Message message) {
            if (message.isStatusMessage()) {
                int code = message.getStatus().getCode();
                Headers headers = message.getHeaders();
                if (code == END_OF_BATCH && headers != null) {
                    pending = NatsForm.number(headers, NatsForm.PENDING);
                }
                boolean complete = code == NOTHING || code == END_OF_BATCH;
                whole.complete(complete ? this : null);
                return;
            }
            Headers headers = message.getHeaders();
            if (headers == null || NatsForm.number(headers, NatsForm.PREVIOUS) != last) {
                whole.complete(null); // one was dropped on its way
                return;
            }
            last = NatsForm.number(headers, NatsForm.SEQUENCE);
            messages.add(message);
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
        private final RepeatedEvent said = new RepeatedEvent(NatsLink.class, Level.WARNING);

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
