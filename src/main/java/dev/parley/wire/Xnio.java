package dev.parley.wire;

/** What XNIO knows and Undertow does not say. Its classes are not visible to an application on WildFly. */
final class Xnio {

    private Xnio() {}

    /**
     * Has a channel end with a reset when it is closed, or the kernel would keep what it holds for a client that does not read.
     *
     * @param channel a channel or connection of Undertow's
     * @throws ReflectiveOperationException if the server is not as it was, or the channel has just ended
     */
    static void resetOnClose(Object channel) throws ReflectiveOperationException {
        ClassLoader undertow = channel.getClass().getClassLoader();
        Class<?> option = Class.forName("org.xnio.Option", true, undertow);
        Object abort = Class.forName("org.xnio.Options", true, undertow)
                .getField("CLOSE_ABORT")
                .get(null);
        channel.getClass().getMethod("setOption", option, Object.class).invoke(channel, abort, true);
    }
}
