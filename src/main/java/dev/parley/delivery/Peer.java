package dev.parley.delivery;

import dev.parley.api.Start;
import dev.parley.ops.BatchTally;
import dev.parley.ops.Budget;
import dev.parley.ops.Incidents;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.protocol.CloseReasons;
import dev.parley.protocol.RoomNotice;
import dev.parley.room.Cursor;
import dev.parley.room.Form;
import dev.parley.room.Typing;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import dev.parley.wire.FrameWriter;
import jakarta.websocket.CloseReason;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One connected client. An endpoint gets it from {@link Hub#open} and hands every callback of its session on to it: parts of
 * messages, the close, errors. What is sent goes through a bounded outbox, and one that falls behind is closed with 1013.
 * Safe for any thread, but for {@link #text} and {@link #binary}, which the container calls one after the other.
 */
public final class Peer {

    private static final Logger LOG = System.getLogger(Peer.class.getName());

    /** Its own state: {@code Session.isOpen()} stays true on Undertow after the session was closed. */
    private enum State {
        OPEN,
        /** It takes no more; what is queued still leaves. */
        CLOSING,
        CLOSED
    }

    private static final BinaryOperator<State> LATER = BinaryOperator.maxBy(Comparator.naturalOrder());

    private final long id;
    private final Hub hub;
    private final FrameWriter writer;
    private final Metrics metrics;
    private final Executor relief;
    private final Outbox outbox;
    private final Liveness liveness;
    private final Intake intake;
    private final Memberships memberships;
    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);
    private volatile Admission admission;

    Peer(
            long id,
            Hub hub,
            FrameWriter writer,
            Admission admission,
            Inbound inbound,
            Settings settings,
            Metrics metrics,
            Executor relief,
            LongSupplier nanoTime,
            Budget budget) {
        this.id = id;
        this.hub = hub;
        this.writer = writer;
        this.admission = admission;
        this.metrics = metrics;
        this.relief = relief;
        this.outbox = new Outbox(writer, new Caretaker(), settings.outbox(), metrics, relief, budget);
        this.liveness = new Liveness(writer);
        this.intake = new Intake(this, outbox, liveness, inbound, settings, metrics, nanoTime);
        this.memberships = new Memberships(this, hub, outbox);
    }

    void open(Function<Peer, Conversation> opening) {
        boolean reads = writer.receive(intake);
        admission.opened();
        liveness.expireAt(admission.expires(), admission.expiryReason());
        guard(() -> {
            Conversation opened = opening.apply(this);
            intake.conversation(reads ? hub.inContext(opened) : opened);
        });
        outbox.release();
    }

    /**
     * Sends a text to this peer alone. It takes turns with what the peer's rooms have for it. If the outbox is full the peer is
     * closed with 1013; if the peer is gone nothing happens.
     *
     * @param text the text
     */
    public void send(String text) {
        if (!outbox.isIdle() || !writer.reply(text)) {
            queue(Frame.text(text));
        }
    }

    /**
     * Sends bytes to this peer alone, as {@link #send(String)} does.
     *
     * @param bytes the payload, copied
     */
    public void send(ByteBuffer bytes) {
        send(Frame.binary(bytes));
    }

    void send(Frame frame) {
        if (!outbox.isIdle() || !writer.reply(frame)) {
            queue(frame);
        }
    }

    private void queue(Frame frame) {
        if (!outbox.offer(frame)) {
            abandon(CloseReasons.TOO_SLOW);
        }
    }

    /**
     * Makes this peer a member of a room of this application, from now on. A peer that may not read the room is closed with
     * 1008.
     *
     * @param room the room's name; opened if this is its first member here
     * @param user the name it goes by there, within the rule for names; null if it has none
     * @param form how it reads the room's events
     * @return the membership; one that has already ended if the peer is gone
     */
    public Membership join(String room, @Nullable String user, Form form) {
        return join(room, user, form, Start.NOW);
    }

    /**
     * Makes this peer a member of a room of this application. In a form that greets, the greeting says where it starts. If the
     * room cannot be opened the peer is closed with 1013; if the peer may not read the room it is closed with 1008.
     *
     * @param room the room's name; opened if this is its first member here
     * @param user the name it goes by there, within the rule for names; null if it has none
     * @param form how it reads the room's events
     * @param start where it starts to read; only now in a form that does not greet
     * @return the membership; one that has already ended if the peer is gone
     */
    public Membership join(String room, @Nullable String user, Form form, Start start) {
        return memberships.join(room, user, form, start);
    }

    /** The room has taken it in. */
    void enter(Form form, Membership.ReadStart start) {
        metrics.gapsTold(start.missed() ? 1 : 0);
        start.greeting().forEach(greeting -> send(form.frame(greeting.notice(), greeting.at())));
        outbox.add(start.cursor());
    }

    /**
     * Replaces what the gate granted this peer, for instance when a message has brought a new token. From its expiry on, within
     * a second, nothing is delivered to the peer or taken from it.
     *
     * @param renewed what it may do from now on, with the same place as before
     */
    public void renew(Admission renewed) {
        admission = renewed;
        liveness.expireAt(renewed.expires(), renewed.expiryReason());
    }

    /** Whether its time has come; then it is being closed. */
    boolean expires() {
        CloseReason expired = liveness.expired();
        if (expired != null) {
            close(expired);
        }
        return expired != null;
    }

    /**
     * Closes this peer once what was sent to it before has left. A second call does nothing.
     *
     * @param reason why
     */
    public void close(CloseReason reason) {
        if (leaveRooms(State.CLOSING)) {
            outbox.finish(reason);
        }
    }

    /**
     * For {@code @OnMessage}: a part of a text message came. Whole messages within the limits go to the conversation; a longer
     * one closes with 1009, one beyond the rate goes to {@link Conversation#tooFast}.
     *
     * @param part the part, perhaps the whole
     * @param last whether the message ends with it
     */
    public void text(String part, boolean last) {
        guard(() -> intake.text(part, last));
    }

    /**
     * For {@code @OnMessage}: a part of a binary message came; as {@link #text}, but one beyond the rate closes
     * with 1008.
     *
     * @param part the part, perhaps the whole; copied
     * @param last whether the message ends with it
     */
    public void binary(ByteBuffer part, boolean last) {
        guard(() -> intake.binary(part, last));
    }

    /**
     * For {@code @OnMessage}: a pong came. A peer that is not heard after a ping is given up, so hand every pong on. It counts
     * as a message of its length: one beyond the rate closes with 1008.
     *
     * @param size its payload, bytes
     */
    public void pong(int size) {
        guard(() -> intake.pong(size));
    }

    /** Runs what an endpoint does; its exceptions are incidents of this peer alone. */
    private void guard(Runnable turn) {
        Incidents.guard(turn, this::incident);
    }

    /**
     * For {@code @OnClose}: the session is closed. It leaves its rooms and the hub.
     *
     * @param reason as the container gives it
     */
    public void closed(CloseReason reason) {
        if (forget()) {
            metrics.peerLeft(reason.getCloseCode().getCode());
        }
    }

    /**
     * For {@code @OnError}: something failed in the session. A failed connection only ends it; anything else is a bug of ours,
     * logged under an incident id that the close 1011 carries.
     *
     * @param failure what failed
     */
    public void failed(Throwable failure) {
        if (state.get() == State.CLOSED) {
            return;
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException) {
                LOG.log(Level.DEBUG, "a connection failed", failure);
                return; // the container closes the session and says so
            }
        }
        incident(failure);
    }

    void incident(Throwable failure) {
        close(internalError(failure));
    }

    /** Closes a peer that may be in no known state, without waiting for what is queued. */
    void fail(Throwable failure) {
        abandon(internalError(failure));
    }

    private static CloseReason internalError(Throwable failure) {
        return CloseReasons.internalError(Incidents.log("a peer is closed with 1011", failure));
    }

    Admission admission() {
        return admission;
    }

    long id() {
        return id;
    }

    /** The thread that writes to it, null if any may. */
    @Nullable
    Executor loop() {
        return writer.loop();
    }

    /** Its rooms, for its memberships. */
    Memberships memberships() {
        return memberships;
    }

    /** The room of a cursor has something new: take it, or fall. Never throws: other members wait behind this one. */
    void wake(Cursor cursor, @Nullable BatchTally tally) {
        try {
            CloseReason reason = cursor.ended();
            if (reason != null) {
                end(reason);
            } else if (!expires()) {
                outbox.wake(tally);
            }
        } catch (Throwable e) {
            Incidents.report(e, this::fail);
        }
    }

    private void end(CloseReason reason) {
        if (reason.equals(CloseReasons.TOO_SLOW)) {
            metrics.overtaken();
        }
        abandon(reason);
    }

    /** Tells it who is typing, unless it has other things to read. Never throws, as {@link #wake}. */
    void tell(Typing.Notice typing, Membership membership, @Nullable BatchTally tally) {
        try {
            Batch batch = typing.batch(membership.form(), membership.sender());
            if (batch != null && state.get() == State.OPEN) {
                outbox.setAside(batch, tally);
            }
        } catch (Throwable e) {
            Incidents.report(e, this::fail);
        }
    }

    /**
     * For the heartbeat: gives up on a peer that takes nothing or is not heard, and notices one that the container has lost.
     *
     * @return whether it is time for a {@link #ping}
     */
    boolean beat(long now, Settings.Heartbeat settings) {
        Liveness.Finding finding = liveness.beat(now, settings, outbox::isOverdue, intake::isOverdue);
        if (finding instanceof Liveness.End end) {
            end(end);
            return false;
        }
        outbox.settle(now - Heartbeat.PERIOD.toNanos());
        return finding == Liveness.Alive.PING_DUE;
    }

    private void end(Liveness.End end) {
        switch (end.how()) {
            case LOST -> closed(end.reason());
            case CLOSED -> close(end.reason());
            case ABANDONED -> abandon(end.reason());
            case ABORTED -> {
                abandon(end.reason());
                relief.execute(writer::abort);
            }
        }
    }

    /**
     * Pings it, on the thread that writes to it. A ping that finds no place among its replies is not awaited.
     *
     * @param now the time of the beat
     */
    void ping(long now) {
        if (outbox.offer(Frame.ping())) {
            liveness.pinged(now);
        }
    }

    /** For the heartbeat: this node drains and the peer will be closed, which it is told in forms that have words for it. */
    void draining(Duration reconnectAfter) {
        memberships.send(new RoomNotice.Drain(reconnectAfter.toMillis()));
    }

    /** What it holds of the memory, besides what its rooms hold for it: bytes that have not left. */
    long unsent() {
        return outbox.unsent();
    }

    /** Gives up on it because memory is short and it is slow. Its memory is free at once, the close may take a moment. */
    void cut() {
        if (forget()) {
            metrics.peerClosed(CloseReasons.TOO_SLOW);
            relief.execute(() -> writer.close(CloseReasons.TOO_SLOW));
        }
    }

    /** Closes without waiting for what is queued: that would never leave. */
    void abandon(CloseReason reason) {
        if (forget()) {
            try {
                metrics.peerClosed(reason);
            } finally {
                writer.close(reason);
            }
        }
    }

    /** Ends it for the hub; false if it was ended. */
    private boolean forget() {
        boolean first = leaveRooms(State.CLOSED);
        outbox.close();
        if (first) {
            hub.forget(this, writer);
            Incidents.guard(
                    admission::closed,
                    failure -> Incidents.log("a peer is gone, and its place may still be counted", failure));
        }
        return first;
    }

    /** Moves on to a later state; false if it was there. */
    private boolean leaveRooms(State next) {
        if (state.getAndAccumulate(next, LATER).compareTo(next) >= 0) {
            return false;
        }
        intake.stop();
        memberships.end();
        return true;
    }

    private final class Caretaker implements Outbox.Owner {
        @Override
        public void ended(CloseReason reason) {
            end(reason);
        }

        /**
         * The heartbeat closes it, not we: perhaps the write failed because the client's close is being read. Undertow answers
         * that close only while the session is open, and closes the session without a frame once it has come: between the two
         * the client would wait for an answer, and keep its socket.
         */
        @Override
        public void broke(Throwable failure) {
            LOG.log(Level.DEBUG, "a batch could not be written", failure);
            liveness.broke();
            leaveRooms(State.CLOSING);
        }

        @Override
        public void finished(CloseReason reason) {
            abandon(reason);
        }

        @Override
        public void failed(Throwable failure) {
            fail(failure);
        }
    }
}
