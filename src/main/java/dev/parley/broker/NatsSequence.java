package dev.parley.broker;

import dev.parley.ops.Budget;
import dev.parley.ops.Settings;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings what the servers republish of one room into order: each message once. Where one is missing what follows is held until the
 * stream has filled the hole, or has shown that it cannot; then the hub is told of the loss. {@link NatsLoop}'s thread only.
 */
final class NatsSequence {

    private static final int MAX_TRIES = 8;

    private final String room;
    private final Settings.Room bounds;
    private final Budget.Account account;
    private final Supplier<Broker.Listener> listener;
    private final Deque<Publication> held = new ArrayDeque<>(0); // by offset, the first behind a hole
    private long heldBytes;
    private long heldMemory;
    private long last; // the newest message that was delivered, lost, or given with the history
    private boolean started;
    private boolean asked;
    private int tries;

    /**
     * A sequence that has not started: it holds everything.
     *
     * @param bounds how many may wait for a hole to be filled, and how many bytes; with more it is given up
     * @param account the memory of what waits is taken from there
     * @param listener takes what is delivered or lost
     */
    NatsSequence(String room, Settings.Room bounds, Budget.Account account, Supplier<Broker.Listener> listener) {
        this.room = room;
        this.bounds = bounds;
        this.account = account;
        this.listener = listener;
    }

    /** The hub has the history; what is newer is delivered. */
    void start(History kept) {
        started = true;
        last = Math.max(last, kept.upTo());
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
        if (publication.offset() <= (held.isEmpty() ? last : held.getLast().offset())) {
            return;
        }
        if (started && held.isEmpty() && publication.previous() <= last) {
            deliver(publication);
            return;
        }
        held.add(publication);
        count(publication, 1);
        release();
        while (held.size() > bounds.messages() || (heldBytes > bounds.bytes() && held.size() > 1)) {
            giveUp();
        }
        account.hold(heldMemory);
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
        asked = false;
        tries = 0;
    }

    /** Whether messages are missing that the stream has not been asked for. The caller asks. */
    boolean asks() {
        if (!started || held.isEmpty() || asked) {
            return false;
        }
        asked = true;
        return true;
    }

    /** The message behind the hole: one who has read up to it has what is missing. */
    long wanted() {
        return held.isEmpty() ? 0 : held.element().offset();
    }

    /** What the stream has of what is missing, perhaps nothing yet; true if it had something. */
    boolean repair(@Nullable History history) {
        asked = false;
        tries++;
        Publication first = held.peek();
        if (first != null && history != null && history.epoch().equals(first.epoch())) {
            lose(Math.min(history.after(), first.previous())); // what is held is not lost, whatever became of it there
            for (Publication publication : history.publications()) {
                if (publication.offset() > last) {
                    lose(publication.previous()); // what is not in the history either is lost
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
        if (held.isEmpty()) {
            tries = 0;
        }
        account.hold(heldMemory);
    }

    private void giveUp() {
        Publication next = held.peek();
        if (!started) {
            remove(); // the history that opens the room will show it, or that it is missing
        } else if (next != null) {
            tries = 0;
            lose(next.previous());
            release();
        }
    }

    /** Gives its memory back: the room is not open any more. */
    void close() {
        account.close();
    }
}
