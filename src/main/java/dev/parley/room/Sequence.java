package dev.parley.room;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.ops.Settings;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Brings what the broker delivers into a room's ring, each message once and in order. Where one is missing what follows is
 * held until the history has filled the hole, or has shown that it cannot; then the ring knows, and so does every reader. Not
 * for several threads.
 */
final class Sequence {

    private static final int MAX_TRIES = 8;

    private final Ring ring;
    private final Settings.Room bounds;
    private final Deque<Publication> held = new ArrayDeque<>(0);
    private long heldBytes;
    private long heldMemory;
    private boolean started;
    private boolean asked;
    private int tries;

    /**
     * A sequence that has not started: it holds everything.
     *
     * @param ring where messages go
     * @param bounds how many may wait for a hole to be filled, and how many bytes; with more it is given up
     */
    Sequence(Ring ring, Settings.Room bounds) {
        this.ring = ring;
        this.bounds = bounds;
    }

    /** The broker has opened the room. */
    void start(History kept) {
        started = true;
        ring.prime(kept);
        release();
        ring.setAside(heldMemory);
    }

    /** The next publication, or one that came before. */
    void take(Publication publication) {
        if (started && held.isEmpty() && publication.previous() <= ring.offset()) {
            append(publication);
            return;
        }
        held.add(publication);
        count(publication, 1);
        release();
        while (held.size() > bounds.messages() || (heldBytes > bounds.bytes() && held.size() > 1)) {
            giveUp();
        }
        ring.setAside(heldMemory);
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

    private void append(Publication publication) {
        if (publication.offset() > ring.offset()) {
            ring.append(new RoomEvent.Message(publication));
        }
    }

    /** Offsets begin anew. */
    void renew(String epoch, long offset) {
        if (started) {
            held.clear();
            heldBytes = 0;
            heldMemory = 0;
            ring.setAside(0);
            asked = false;
            tries = 0;
            ring.renew(epoch, offset);
        }
    }

    /** After which offset messages are missing, -1 if none are, or if the broker has been asked. The caller asks it. */
    long missingAfter() {
        if (!started || held.isEmpty() || asked) {
            return -1;
        }
        asked = true;
        return ring.offset();
    }

    /** What the broker has of what is missing, perhaps nothing yet; true if it had something. */
    boolean repair(@Nullable History history) {
        asked = false;
        tries++;
        Publication first = held.peek();
        if (first != null && history != null && history.epoch().equals(ring.epoch())) {
            ring.skip(Math.min(
                    history.after(), first.previous())); // what is held is not lost, whatever became of it there
            for (Publication publication : history.publications()) {
                if (publication.offset() > ring.offset()) {
                    ring.skip(publication.previous()); // what is not in the history either is lost
                    append(publication);
                    tries = 0;
                }
            }
        }
        release();
        boolean helped = tries == 0;
        if (tries >= MAX_TRIES) {
            giveUp();
        }
        ring.setAside(heldMemory);
        return helped;
    }

    private void release() {
        while (started && !held.isEmpty() && held.element().previous() <= ring.offset()) {
            append(remove());
        }
        if (held.isEmpty()) {
            tries = 0;
        }
    }

    private void giveUp() {
        Publication next = held.peek();
        if (!started) {
            remove(); // the history that opens the room will show it, or that it is missing
        } else if (next != null) {
            tries = 0;
            ring.skip(next.previous());
            release();
        }
    }
}
