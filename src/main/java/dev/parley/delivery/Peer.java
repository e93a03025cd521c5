package dev.parley.delivery;

import dev.parley.api.Start;
import dev.parley.ops.BatchTally;
import dev.parley.ops.Budget;
import dev.parley.ops.Incidents;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.protocol.CloseReasons;
import dev.parley.room.Cursor;
import dev.parley.room.Form;
import dev.parley.room.ReadStart;
import dev.parley.room.Typing;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import dev.parley.wire.FrameWriter;
import jakarta.websocket.CloseReason;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One connected client, as applications see it: a third of the class documents what they call. An endpoint gets it from
 * {@link Hub#open} and hands every callback of its session on to it: parts of messages, the close, errors. What is sent goes
 * through a bounded outbox, and one that falls behind is closed with 1013. Safe for any thread, but for {@link #text} and
 * {@link #binary}, which the container calls one after the other.
 */
public final class Peer {

    private final long id;
    private final Hub hub;
    private final FrameWriter writer;
    private final Metrics metrics;
    private final Lifecycle lifecycle;
    private final Outbox outbox;
    private final Liveness liveness;
    private final Intake intake;
    private final Memberships memberships;
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
        this.lifecycle = new Lifecycle(this, hub, writer, metrics, relief);
        this.outbox = new Outbox(writer, lifecycle, settings.outbox(), metrics, relief, budget);
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
    void enter(Form form, ReadStart start) {
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
        lifecycle.close(reason);
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
        Incidents.guard(turn, lifecycle::incident);
    }

    /**
     * For {@code @OnClose}: the session is closed. It leaves its rooms and the hub.
     *
     * @param reason as the container gives it
     */
    public void closed(CloseReason reason) {
        lifecycle.closed(reason);
    }

    /**
     * For {@code @OnError}: something failed in the session. A failed connection only ends it; anything else is a bug of ours,
     * logged under an incident id that the close 1011 carries.
     *
     * @param failure what failed
     */
    public void failed(Throwable failure) {
        lifecycle.sessionFailed(failure);
    }

    /** As {@link Lifecycle#failed}. */
    void fail(Throwable failure) {
        lifecycle.failed(failure);
    }

    /** As {@link Lifecycle#abandon}. */
    void abandon(CloseReason reason) {
        lifecycle.abandon(reason);
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

    Lifecycle lifecycle() {
        return lifecycle;
    }

    Liveness liveness() {
        return liveness;
    }

    Intake intake() {
        return intake;
    }

    Outbox outbox() {
        return outbox;
    }

    Memberships memberships() {
        return memberships;
    }

    /** The room of a cursor has something new: take it, or fall. Never throws: other members wait behind this one. */
    void wake(Cursor cursor, @Nullable BatchTally tally) {
        try {
            CloseReason reason = cursor.ended();
            if (reason != null) {
                lifecycle.ended(reason);
            } else if (!expires()) {
                outbox.wake(tally);
            }
        } catch (Throwable e) {
            Incidents.report(e, this::fail);
        }
    }

    /** Tells it who is typing, unless it has other things to read. Never throws, as {@link #wake}. */
    void tell(Typing.Notice typing, Membership membership, @Nullable BatchTally tally) {
        try {
            Batch batch = typing.batch(membership.form(), membership.sender());
            if (batch != null && lifecycle.isOpen()) {
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
            lifecycle.end(end);
            return false;
        }
        outbox.settle(now - Heartbeat.PERIOD.toNanos());
        return finding == Liveness.Alive.PING_DUE;
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
}
