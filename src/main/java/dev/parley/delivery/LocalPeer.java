package dev.parley.delivery;

import dev.parley.api.Admission;
import dev.parley.api.Conversation;
import dev.parley.api.Peer;
import dev.parley.api.Start;
import dev.parley.api.WireFormat;
import dev.parley.ops.BatchTally;
import dev.parley.ops.Budget;
import dev.parley.ops.Incidents;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.protocol.CloseReasons;
import dev.parley.room.Cursor;
import dev.parley.room.Encoder;
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

/** A client that is connected to this node. */
public final class LocalPeer implements Peer {

    private final long id;
    private final LocalHub hub;
    private final FrameWriter writer;
    private final Metrics metrics;
    private final Lifecycle lifecycle;
    private final Outbox outbox;
    private final Liveness liveness;
    private final Intake intake;
    private final Memberships memberships;
    private volatile Admission admission;

    LocalPeer(
            long id,
            LocalHub hub,
            FrameWriter writer,
            Admission admission,
            Inbound inbound,
            Settings settings,
            Metrics metrics,
            Executor background,
            LongSupplier nanoTime,
            Budget budget) {
        this.id = id;
        this.hub = hub;
        this.writer = writer;
        this.admission = admission;
        this.metrics = metrics;
        this.lifecycle = new Lifecycle(this, hub, writer, metrics, background);
        this.outbox = new Outbox(writer, lifecycle, settings.outbox(), metrics, background, budget);
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

    @Override
    public void send(String text) {
        if (!outbox.isIdle() || !writer.reply(text)) {
            queue(Frame.text(text));
        }
    }

    @Override
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

    @Override
    public LocalMembership join(String room, @Nullable String user, WireFormat format) {
        return join(room, user, format, Start.NOW);
    }

    @Override
    public LocalMembership join(String room, @Nullable String user, WireFormat format, Start start) {
        return memberships.join(room, user, format, start);
    }

    /** The room has taken it in. */
    void enter(Encoder encoder, ReadStart start) {
        metrics.gapsTold(start.missed() ? 1 : 0);
        start.greeting().forEach(greeting -> send(encoder.frame(greeting.notice(), greeting.at())));
        outbox.add(start.cursor());
    }

    @Override
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

    @Override
    public void close(CloseReason reason) {
        lifecycle.close(reason);
    }

    @Override
    public void text(String part, boolean last) {
        guard(() -> intake.text(part, last));
    }

    @Override
    public void binary(ByteBuffer part, boolean last) {
        guard(() -> intake.binary(part, last));
    }

    @Override
    public void pong(int size) {
        guard(() -> intake.pong(size));
    }

    /** Runs what an endpoint does; its exceptions are incidents of this peer alone. */
    private void guard(Runnable turn) {
        Incidents.guard(turn, lifecycle::incident);
    }

    @Override
    public void closed(CloseReason reason) {
        lifecycle.closed(reason);
    }

    @Override
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
    void tell(Typing.Notice typing, LocalMembership membership, @Nullable BatchTally tally) {
        try {
            Batch batch = typing.batch(membership.encoder(), membership.sender());
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
