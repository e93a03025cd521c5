package dev.parley.wire.undertow;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;

/** What XNIO knows and Undertow does not say. Its classes are not visible to an application on WildFly. */
public final class Xnio {

    private Xnio() {}

    /**
     * Has a channel end with a reset when it is closed, or the kernel would keep what it holds for a client that does not read.
     *
     * @param channel a channel or connection of Undertow's
     * @throws ReflectiveOperationException if the server is not as it was, or the channel has just ended
     */
    public static void resetOnClose(Object channel) throws ReflectiveOperationException {
        ClassLoader undertow = channel.getClass().getClassLoader();
        Class<?> option = Class.forName("org.xnio.Option", true, undertow);
        Object abort = Class.forName("org.xnio.Options", true, undertow)
                .getField("CLOSE_ABORT")
                .get(null);
        channel.getClass().getMethod("setOption", option, Object.class).invoke(channel, abort, true);
    }

    /** The reading half of a connection. Confined to the connection's loop. */
    static final class Source {

        private final Object channel;
        private final Object conduit;
        private final Method setListener;
        private final Method suspend;
        private final Method read;
        private final Method resume;
        private final Method wakeup;
        private final Class<?> listener;

        private Source(Object channel, Object conduit) throws ReflectiveOperationException {
            ClassLoader xnio = channel.getClass().getClassLoader();
            Class<?> below = Class.forName("org.xnio.conduits.SourceConduit", true, xnio);
            this.channel = channel;
            this.conduit = conduit;
            listener = Class.forName("org.xnio.ChannelListener", true, xnio);
            setListener = channel.getClass().getMethod("setReadListener", listener);
            suspend = channel.getClass().getMethod("suspendReads");
            read = channel.getClass().getMethod("read", ByteBuffer.class);
            resume = below.getMethod("resumeReads");
            wakeup = below.getMethod("wakeupReads");
        }

        /**
         * The source of a connection.
         *
         * @param conduit what reads from the socket, below all that the server has put on it
         * @throws ReflectiveOperationException if the server is not as it was
         */
        static Source of(Object connection, Object conduit) throws ReflectiveOperationException {
            return new Source(
                    connection.getClass().getMethod("getSourceChannel").invoke(connection), conduit);
        }

        /** Has a task run whenever there is something to read, instead of the server's listener. */
        void listen(Runnable task) {
            call(
                    setListener,
                    channel,
                    Proxy.newProxyInstance(
                            listener.getClassLoader(),
                            new Class<?>[] {listener},
                            (self, method, arguments) -> switch (method.getName()) {
                                case "handleEvent" -> {
                                    task.run();
                                    yield null;
                                }
                                case "equals" -> self == arguments[0];
                                case "hashCode" -> System.identityHashCode(self);
                                default -> "a listener of Parley";
                            }));
        }

        /**
         * Has the server's read timeout not see this connection: suspended from above, which stops the timeout, and resumed
         * below it.
         *
         * @param now whether the listener is called at once
         */
        void passTimeout(boolean now) {
            call(suspend, channel);
            call(now ? wakeup : resume, conduit);
        }

        /** Reads through the server, which has read some bytes already. */
        int read(ByteBuffer in) throws IOException {
            try {
                return (int) read.invoke(channel, in);
            } catch (InvocationTargetException e) {
                throw new IOException(e.getTargetException());
            } catch (IllegalAccessException e) {
                throw new IllegalStateException("a public method of XNIO fails", e);
            }
        }

        private static void call(Method method, Object on, Object... arguments) {
            try {
                method.invoke(on, arguments);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("a public method of XNIO fails", e);
            }
        }
    }
}
