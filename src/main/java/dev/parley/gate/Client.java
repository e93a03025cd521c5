package dev.parley.gate;

import dev.parley.ops.Network;
import java.util.List;

/**
 * What rates and quotas count: a user, wherever its connections come from; or an address, and with IPv6 the larger blocks that one
 * customer may have. Immutable, safe for any thread.
 *
 * @param keys what is counted, the smallest first: each allows {@value #STEP} times as much as the one before
 */
public record Client(List<?> keys) {

    private static final int STEP = 4;

    /** The user of a token. */
    static Client of(String subject) {
        return new Client(List.of(subject));
    }

    /** The user of an identity; without one, whoever is at the address. */
    static Client of(Identity identity, Client address) {
        String subject = identity.subject();
        return subject == null ? address : of(subject);
    }

    /** The client at an address. */
    static Client at(Network address) {
        return new Client(address.sites());
    }

    /** How many times as much as the first a key allows. */
    static int share(int index) {
        return (int) Math.pow(STEP, index);
    }
}
