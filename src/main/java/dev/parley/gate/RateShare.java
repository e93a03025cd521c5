package dev.parley.gate;

/**
 * What one connection has taken of its client's rate in advance, so that the connections of a client seldom meet. Not for several
 * threads.
 */
final class RateShare {

    private final ClientRates rates;
    private final Client client;
    private int messages;
    private int bytes;

    RateShare(ClientRates rates, Client client) {
        this.rates = rates;
        this.client = client;
    }

    Client client() {
        return client;
    }

    /** Takes a part of a message, as {@link dev.parley.api.Admission#admits}. */
    boolean admits(boolean first, int size) {
        int message = first ? 1 : 0;
        if (messages < message || bytes < size) {
            int missing = Math.max(0, message - messages);
            int missingBytes = Math.max(0, size - bytes);
            if (!draw(Math.max(missing, rates.lotOfMessages()), missingBytes + rates.lotOfBytes())
                    && !draw(missing, missingBytes)) {
                return false;
            }
        }
        messages -= message;
        bytes -= size;
        return true;
    }

    private boolean draw(int count, int size) {
        if (!rates.take(client, count, size)) {
            return false;
        }
        messages += count;
        bytes += size;
        return true;
    }
}
