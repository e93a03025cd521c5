package dev.parley.gate;

import org.jspecify.annotations.Nullable;

/** Where this server listens, as far as an application can know. No state. */
final class Listening {

    private Listening() {}

    /**
     * Whether clients on other machines may be able to connect. WildFly tells its address before any request; of other servers
     * nothing is known, and they listen on every address by default.
     */
    static boolean mayBeBeyondLoopback() {
        return System.getProperty("jboss.home.dir") == null
                || !isLoopback(System.getProperty("jboss.bind.address", "127.0.0.1"));
    }

    /** Whether an address, a literal, is of this machine alone. */
    static boolean isLoopback(@Nullable String address) {
        return address != null
                && (address.startsWith("127.")
                        || address.equals("localhost")
                        || address.equals("::1")
                        || address.equals("0:0:0:0:0:0:0:1"));
    }
}
