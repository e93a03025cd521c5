package dev.parley.wire.tyrus;

import dev.parley.wire.Fields;
import dev.parley.wire.NotTakenException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Stands between Grizzly and the filter chain of one upgraded connection, so that somebody else can read the socket: Grizzly has
 * switched its own interest in reads off before it says that there is something to read, and does not switch it on again for an
 * event that ends here. It is put in place while the handshake is still being handled, so the first event behind it comes here.
 * Grizzly's classes are not visible to an application, hence the proxy; read in Grizzly 4.0.2 and Tyrus 2.1.5. Safe for any
 * thread.
 */
public final class GrizzlyInterceptor implements InvocationHandler {

    /** Reads the socket in Grizzly's place. Called on Grizzly's threads. */
    interface Owner {

        /** There is something to read, and {@code @OnOpen} has returned. Grizzly will not say so again. */
        void firstBytes();

        /** Grizzly is closing the connection. */
        void closed();
    }

    private static final Logger LOG = System.getLogger(GrizzlyInterceptor.class.getName());

    private static final String UPGRADE = "org.glassfish.tyrus.servlet.TyrusHttpUpgradeHandler";
    private static final long OPEN_NANOS = 30_000_000_000L;
    private static final long SERVICE_NANOS = 2_000_000_000L;
    private static final long STEP_NANOS = 100_000L;

    private final Object connection;
    private final Object chain;
    private final CountDownLatch opened;
    private final Object request;
    private final byte[] early;
    private final Object terminate;
    private final Object read;
    private final Object closed;
    private volatile @Nullable Owner owner;
    private volatile boolean released;
    private volatile boolean over;

    private GrizzlyInterceptor(Object connection, Object request, CountDownLatch opened, byte[] early)
            throws ReflectiveOperationException {
        this.connection = connection;
        this.request = request;
        this.opened = opened;
        this.early = early;
        Class<?> event = grizzlys("IOEvent");
        terminate = grizzlys("ProcessorResult").getMethod("createTerminate").invoke(null);
        read = event.getField("READ").get(null);
        closed = event.getField("CLOSED").get(null);
        grizzlys("Context")
                .getMethod("getIoEvent"); // looked up again for each of its few calls: kept, a method is 88 bytes
        grizzlys("Context").getMethod("setProcessor", grizzlys("Processor"));
        Object chain = connection.getClass().getMethod("getProcessor").invoke(connection);
        if (chain == null) {
            throw new NoSuchFieldException("the processor of " + connection);
        }
        this.chain = chain;
    }

    /**
     * Intercepts the connection of a handshake that has just been answered with 101, on the thread that handles it. Bytes that
     * came in one segment with the handshake are taken out of the server's buffer, because Tyrus would block its thread for ever:
     * it waits in {@code setReadListener} for what the same thread does after it. A connection with such bytes whose session
     * nobody of ours takes is cut.
     *
     * @param input of the request
     * @throws NotTakenException if the connection has ended
     * @throws ReflectiveOperationException if the server is not as it was
     * @throws IOException if the connection has failed
     */
    public static void intercept(InputStream input)
            throws NotTakenException, ReflectiveOperationException, IOException {
        byte[] early = input.readNBytes(input.available());
        try {
            intercept(input, early);
        } catch (ReflectiveOperationException | RuntimeException e) {
            if (early.length > 0) {
                GrizzlyConnection.below(input).abort();
            }
            throw e;
        }
    }

    private static void intercept(InputStream input, byte[] early)
            throws NotTakenException, ReflectiveOperationException {
        Object connection = GrizzlyConnection.of(input);
        Object request = GrizzlyConnection.request(input);
        Object upgrade = Fields.follow(request, "httpUpgradeHandler");
        if (!upgrade.getClass().getName().equals(UPGRADE)) {
            throw new NoSuchFieldException(
                    "the upgrade is " + upgrade.getClass().getName());
        }
        var opened = (CountDownLatch) Fields.follow(upgrade, "connectionLatch");
        GrizzlyInterceptor interceptor = new GrizzlyInterceptor(connection, request, opened, early);
        Class<?> processor = interceptor.grizzlys("Processor");
        interceptor.process(
                connection,
                Proxy.newProxyInstance(processor.getClassLoader(), new Class<?>[] {processor}, interceptor));
        if (early.length > 0) {
            interceptor.execute(interceptor::handEarlyOn);
        }
    }

    private void handEarlyOn() {
        Owner reads = owner;
        if (reads != null) {
            reads.firstBytes();
        } else { // they are no longer where the endpoint could read them
            GrizzlyConnection.terminate(connection);
        }
    }

    /**
     * The interceptor of a connection.
     *
     * @throws NotTakenException if it has none: its handshake did not come through our filter, or not as the server made it
     */
    static GrizzlyInterceptor on(Object connection) throws NotTakenException, ReflectiveOperationException {
        Object processor = connection.getClass().getMethod("getProcessor").invoke(connection);
        if (processor != null
                && Proxy.isProxyClass(processor.getClass())
                && Proxy.getInvocationHandler(processor) instanceof GrizzlyInterceptor interceptor) {
            return interceptor;
        }
        throw new NotTakenException("its handshake was not seen");
    }

    /** What came in one segment with the handshake. */
    byte[] early() {
        return early;
    }

    /** From now on reads are the owner's, and the server sees none. In {@code @OnOpen}. */
    void take(Owner reads) {
        owner = reads;
    }

    /** Has Grizzly read again, as if nothing had been. */
    void release() {
        released = true;
        try {
            process(connection, chain);
            connection.getClass().getMethod("enableIOEvent", read.getClass()).invoke(connection, read);
        } catch (ReflectiveOperationException e) {
            LOG.log(Level.DEBUG, "a connection has just ended", e);
        }
    }

    /** Runs a task on one of Grizzly's workers once {@link #isOver}, as the application's. */
    void execute(Runnable task) {
        try {
            connection
                    .getClass()
                    .getMethod("executeInEventThread", read.getClass(), Runnable.class)
                    .invoke(connection, read, (Runnable) () -> {
                        awaitOpen();
                        Thread worker = Thread.currentThread();
                        ClassLoader before = worker.getContextClassLoader();
                        worker.setContextClassLoader(GrizzlyInterceptor.class.getClassLoader());
                        try {
                            task.run();
                        } finally {
                            worker.setContextClassLoader(before);
                        }
                    });
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a public method of Grizzly fails", e);
        }
    }

    /** Whether {@code @OnOpen} has returned, and the server has no thread left in the handshake. */
    boolean isOver() {
        try {
            // Remembered, because the request is another connection's once this one has ended. Several threads ask:
            // none takes it back.
            if (!over && opened.getCount() == 0 && isAfterService()) {
                over = true;
            }
            return over;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a field that was read before is gone", e);
        }
    }

    private boolean isAfterService() throws ReflectiveOperationException {
        return Fields.follow(request, "afterService").equals(true);
    }

    /**
     * As Tyrus itself waits, but not for ever, and for longer: a connection that ends while the handshake's thread is in the server
     * has its request given to another connection. A request that has been given away already never says that it is over.
     */
    private void awaitOpen() {
        try {
            if (!opened.await(OPEN_NANOS, TimeUnit.NANOSECONDS)) {
                LOG.log(Level.WARNING, "A handshake is not over after 30 s");
                return;
            }
            long start = System.nanoTime();
            while (!isOver()) {
                LockSupport.parkNanos(STEP_NANOS);
                if (System.nanoTime() - start > SERVICE_NANOS) {
                    over = true;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
        switch (method.getName()) {
            case "process" -> {
                if (arguments != null && isOurs(arguments[0])) {
                    return terminate;
                }
            }
            case "hashCode" -> {
                return System.identityHashCode(proxy);
            }
            case "equals" -> {
                return arguments != null && proxy == arguments[0];
            }
            default -> {}
        }
        Object result;
        try {
            result = method.invoke(chain, arguments);
        } catch (InvocationTargetException e) {
            throw e.getTargetException();
        }
        if (method.getName().equals("obtainContext")) {
            process(result, proxy); // the chain has put itself there, and would be called past us
        }
        return result;
    }

    /** Whether an event ends here; else the chain gets it, and expects itself in the context. */
    private boolean isOurs(Object context) throws ReflectiveOperationException {
        Object event = grizzlys("Context").getMethod("getIoEvent").invoke(context);
        if (event == read && !released) {
            awaitOpen();
            Owner reads = owner;
            if (reads != null && !released) {
                reads.firstBytes();
                return true;
            }
            process(connection, chain); // an endpoint that is not ours
        } else if (event == closed) {
            over = true;
            Owner reads = owner;
            if (reads != null) {
                reads.closed();
            }
            process(connection, chain); // Grizzly keeps closed connections for a while
        }
        process(context, chain);
        return false;
    }

    /** Sets who processes the events of a connection, or of a context. */
    private void process(Object what, @Nullable Object processor) throws ReflectiveOperationException {
        Class<?> declares = what == connection ? connection.getClass() : grizzlys("Context");
        declares.getMethod("setProcessor", grizzlys("Processor")).invoke(what, processor);
    }

    private Class<?> grizzlys(String name) throws ClassNotFoundException {
        return Class.forName(
                "org.glassfish.grizzly." + name, true, connection.getClass().getClassLoader());
    }
}
