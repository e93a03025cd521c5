package dev.parley.room;

import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Rooms;
import dev.parley.ops.Rooms.Overflow;
import dev.parley.ops.Settings;
import dev.parley.ops.TestBudgets;
import dev.parley.protocol.Content;
import dev.parley.protocol.RoomNotice;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Rings and cursors for tests. All cursors of a ring share a view. */
public final class TestRings {

    private static final int ALIVE = 64; // rings at a time, over all tests that run

    private static final Map<Ring, View> VIEWS = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Ring, View> eldest) {
            return size() > ALIVE;
        }
    };

    private TestRings() {}

    public static synchronized View view(Ring ring) {
        return VIEWS.computeIfAbsent(ring, View::new);
    }

    /** A ring that keeps nothing that everybody has read. */
    public static Ring ring(int events, long bytes) {
        return ring(events, bytes, new Rooms.History(0, 0, Duration.ZERO));
    }

    public static Ring ring(int events, long bytes, Rooms.History history) {
        return ring(events, bytes, history, Clock.SYSTEM);
    }

    public static Ring ring(int events, long bytes, Rooms.History history, Clock clock) {
        return ring(events, bytes, history, clock, TestBudgets.large());
    }

    public static Ring ring(int events, long bytes, Rooms.History history, Budget budget) {
        return ring(events, bytes, history, Clock.SYSTEM, budget);
    }

    private static Ring ring(int events, long bytes, Rooms.History history, Clock clock, Budget budget) {
        return new Ring(new Settings.Room(events, bytes), history, clock, budget.account(Budget.Holder.ROOMS));
    }

    /** A cursor of one who has read nothing. */
    public static Cursor cursor(Ring ring, Encoder encoder, long peer) {
        return cursor(ring, encoder, peer, Overflow.DISCONNECT);
    }

    public static Cursor cursor(Ring ring, Encoder encoder, long peer, Overflow overflow) {
        return new Cursor(
                view(ring),
                encoder,
                sender(peer),
                overflow,
                (epoch, offset) -> new RoomNotice.Gap(-1, offset),
                ring.epoch(),
                ring.head(),
                0,
                ring.offsetBefore(ring.head()));
    }

    /** The user {@code u} on a connection. */
    public static Sender sender(long peer) {
        return new Sender("u", peer);
    }

    /** Appends a message behind the newest and lets it be read. */
    public static void say(Ring ring, long peer, String... texts) {
        for (String text : texts) {
            append(ring, sender(peer), null, text, Instant.EPOCH);
        }
        view(ring).reveal();
    }

    /** Appends a message behind the newest. */
    public static void append(Ring ring, Sender sender, String id, String text, Instant at) {
        long previous = ring.offset();
        ring.append(new RoomEvent.Message(
                new Publication("r", "e", previous + 1, previous, sender, id, at, new Content.Text(text))));
    }
}
