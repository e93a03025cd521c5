package dev.parley.wire.undertow;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
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

    /**
     * The reading half of a connection. Confined to the connection's loop. It holds none of the methods that it calls a few times in
     * the connection's life: each is 88 bytes, and there are as many connections as there are.
     */
    static final class Source {

        private final Object channel;
        private final Object conduit;

        private Source(Object channel, Object conduit) {
            this.channel = channel;
            this.conduit = conduit;
        }

        /**
         * The source of a connection.
         *
         * @param conduit what reads from the socket, below all that the server has put on it
         * @throws ReflectiveOperationException if the server is not as it was
         */
        static Source of(Object connection, Object conduit) throws ReflectiveOperationException {
            Object channel = connection.getClass().getMethod("getSourceChannel").invoke(connection);
            channel.getClass().getMethod("setReadListener", xnios("ChannelListener", channel));
            channel.getClass().getMethod("suspendReads");
            channel.getClass().getMethod("read", ByteBuffer.class);
            xnios("conduits.SourceConduit", channel).getMethod("resumeReads");
            xnios("conduits.SourceConduit", channel).getMethod("wakeupReads");
            return new Source(channel, conduit);
        }

        /** Has a task run whenever there is something to read, instead of the server's listener. */
        void listen(Runnable task) {
            try {
                Class<?> listener = xnios("ChannelListener", channel);
                Object listens = Proxy.newProxyInstance(
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
                        });
                channel.getClass().getMethod("setReadListener", listener).invoke(channel, listens);
            } catch (ReflectiveOperationException e) {
                throw failed(e);
            }
        }

        /**
         * Has the server's read timeout not see this connection: suspended from above, which stops the timeout, and resumed
         * below it.
         *
         * @param now whether the listener is called at once
         */
        void passTimeout(boolean now) {
            try {
                channel.getClass().getMethod("suspendReads").invoke(channel);
                xnios("conduits.SourceConduit", channel)
                        .getMethod(now ? "wakeupReads" : "resumeReads")
                        .invoke(conduit);
            } catch (ReflectiveOperationException e) {
                throw failed(e);
            }
        }

        /** Reads through the server, which has read some bytes already. */
        int read(ByteBuffer in) throws IOException {
            try {
                return (int)
                        channel.getClass().getMethod("read", ByteBuffer.class).invoke(channel, in);
            } catch (InvocationTargetException e) {
                throw new IOException(e.getTargetException());
            } catch (ReflectiveOperationException e) {
                throw failed(e);
            }
        }

        private static Class<?> xnios(String name, Object channel) throws ClassNotFoundException {
            return Class.forName("org.xnio." + name, true, channel.getClass().getClassLoader());
        }

        private static IllegalStateException failed(ReflectiveOperationException e) {
            return new IllegalStateException("a public method of XNIO fails", e);
        }
    }
}
