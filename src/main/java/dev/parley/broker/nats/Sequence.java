package dev.parley.broker.nats;

import dev.parley.broker.Broker;
import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.ops.Budget;
import dev.parley.ops.Settings;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Puts the messages that the servers republish of one room in order, each once. If one is missing, the following ones wait until
 * it has been read from the stream. If too many wait, the newest are dropped and read from the stream as well. The hub hears of a
 * loss only if the stream does not have the message. {@link Loop}'s thread only.
 */
final class Sequence {

    private static final int MAX_TRIES = 8;

    private final String room;
    private final Settings.Room bounds;
    private final Budget.Account account;
    private final Supplier<Broker.Listener> listener;
    private final Deque<Publication> held = new ArrayDeque<>(0); // by offset, the first after a missing message
    private long heldBytes;
    private long heldMemory;
    private long last; // the newest message that was delivered, lost, or given with the history
    private long known; // the newest message that is in the stream
    private String epoch = ""; // of that
    private boolean started;
    private boolean asked;
    private int tries;

    /**
     * A sequence that has not started: everything waits.
     *
     * @param bounds how many messages may wait, and how many bytes
     * @param account the memory of what waits is taken from there
     * @param listener takes what is delivered or lost
     */
    Sequence(String room, Settings.Room bounds, Budget.Account account, Supplier<Broker.Listener> listener) {
        this.room = room;
        this.bounds = bounds;
        this.account = account;
        this.listener = listener;
    }

    /** The hub has the history; what is newer is delivered. */
    void start(History kept) {
        started = true;
        last = Math.max(last, kept.upTo());
        known = Math.max(known, last);
        release();
    }

    boolean isStarted() {
        return started;
    }

    /** The newest message that was delivered, lost, or given with the history. */
    long last() {
        return last;
    }

    /** The next publication, or one that came before. */
    void take(Publication publication) {
        if (publication.offset() <= known) {
            return;
        }
        known = publication.offset();
        epoch = publication.epoch();
        if (started && held.isEmpty() && publication.previous() <= last) {
            deliver(publication);
        } else if (held.size() < bounds.messages() && heldBytes + publication.size() <= bounds.bytes()) {
            held.add(publication);
            count(publication, 1);
            release();
        }
    }

    private void count(Publication publication, int times) {
        int size = publication.size();
        heldBytes += (long) times * size;
        heldMemory += (long) times * publication.memory(size);
    }

    private Publication remove() {
        Publication first = held.remove();
        count(first, -1);
        return first;
    }

    private void deliver(Publication publication) {
        if (publication.offset() > last) {
            last = publication.offset();
            known = Math.max(known, last);
            listener.get().deliver(publication);
        }
    }

    private void lose(long upTo) {
        if (upTo > last) {
            long from = last + 1;
            last = upTo;
            listener.get().lost(room, from, upTo);
        }
    }

    /** Offsets begin anew. */
    void renew() {
        held.clear();
        heldBytes = 0;
        heldMemory = 0;
        account.settle(0);
        last = 0;
        known = 0;
        asked = false;
        tries = 0;
    }

    /** Whether messages are missing that the stream has not been asked for. The caller asks. */
    boolean asks() {
        if (!started || last == known || asked) {
            return false;
        }
        asked = true;
        return true;
    }

    /** The message up to which to read, to have what is missing. */
    long wanted() {
        return held.isEmpty() ? known : held.element().offset();
    }

    /** Takes what the stream has of the missing messages, perhaps nothing yet; true if it had some. */
    boolean repair(@Nullable History history) {
        asked = false;
        tries++;
        if (last < known && history != null && history.epoch().equals(epoch)) {
            Publication first = held.peek();
            lose(Math.min(history.after(), first == null ? known : first.previous())); // what waits is not lost
            for (Publication publication : history.publications()) {
                if (publication.offset() > last) {
                    lose(publication.previous()); // the stream has lost it
                    deliver(publication);
                    tries = 0;
                }
            }
        }
        release();
        boolean helped = tries == 0;
        if (tries >= MAX_TRIES) {
            giveUp();
        }
        account.settle(heldMemory);
        return helped;
    }

    private void release() {
        while (started && !held.isEmpty() && held.element().previous() <= last) {
            deliver(remove());
        }
        if (last == known) {
            tries = 0;
        }
        account.hold(heldMemory);
    }

    private void giveUp() {
        tries = 0;
        lose(held.isEmpty() ? known : held.element().previous());
        release();
    }

    /** Gives its memory back: the room is not open any more. */
    void close() {
        account.close();
    }
}
