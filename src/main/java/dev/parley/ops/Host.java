package dev.parley.ops;

/**
 * A name of this server: a host, and perhaps a port. Immutable.
 *
 * @param name the host, in lower case
 * @param port the port, -1 for any
 */
public record Host(String name, int port) {

    private static final String ANY_SCHEME = "host://"; // which has no default port

    static boolean isHost(String text) {
        return Origin.parse(ANY_SCHEME + text) != null;
    }

    static Host of(String text) {
        Origin origin = Origin.of(ANY_SCHEME + text);
        return new Host(origin.host(), origin.port());
    }

    /**
     * Whether an origin has this host, and this port if there is one.
     *
     * @param origin the origin
     * @return true if it has
     */
    public boolean isOf(Origin origin) {
        return name.equals(origin.host()) && (port < 0 || port == origin.port());
    }
}
