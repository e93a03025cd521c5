package dev.parley.delivery;

import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.Receiver;
import jakarta.websocket.CloseReason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A connection in the hand of a test: it keeps what is written and completes it when told to, or at once. */
final class GatedWriter implements FrameWriter {

    private final List<Batch> batches = new ArrayList<>();
    private final List<Completion> pending = new ArrayList<>();
    private boolean open;
    private boolean gone;
    private boolean flooded;
    private @Nullable RuntimeException refusal;
    private @Nullable Error error;
    private Runnable atClose = () -> {};
    private Runnable atLook = () -> {};
    private Consumer<Batch> atWrite = batch -> {};
    private @Nullable CloseReason closed;
    private @Nullable Executor loop;
    private @Nullable Receiver receiver;

    /** Completes every batch inside the write from now on. */
    synchronized GatedWriter open() {
        open = true;
        return this;
    }

    /** All that is written goes through a loop. */
    GatedWriter on(Executor itsLoop) {
        loop = itsLoop;
        return this;
    }

    @Override
    public @Nullable Executor loop() {
        return loop;
    }

    /** Completes no batch by itself from now on. */
    synchronized void shut() {
        open = false;
    }

    /** Throws from every write from now on. */
    synchronized void refuse(RuntimeException e) {
        refusal = e;
    }

    /** Throws from the next write, once. */
    synchronized void breakOnce(Error e) {
        error = e;
    }

    /** Does something inside the first close, on the thread that closes. */
    GatedWriter atClose(Runnable task) {
        atClose = task;
        return this;
    }

    /** Does something inside each write. */
    GatedWriter atWrite(Consumer<Batch> task) {
        atWrite = task;
        return this;
    }

    /** Does something whenever somebody asks whether the connection is open. */
    void atLook(Runnable task) {
        atLook = task;
    }

    /** Keeps who would be told what a client sends, and leaves the reading to the container. */
    @Override
    public boolean receive(Receiver takes) {
        receiver = takes;
        return false;
    }

    /** Who is told what the client sends, where no container reads. */
    @Nullable
    Receiver receiver() {
        return receiver;
    }

    @Override
    public void write(Batch batch, Completion completion) {
        atWrite.accept(batch);
        synchronized (this) {
            if (refusal != null) {
                throw refusal;
            }
            if (error != null) {
                Error once = error;
                error = null;
                throw once;
            }
            batches.add(batch);
            if (!open) {
                pending.add(completion);
                return;
            }
        }
        completion.done(null);
    }

    @Override
    public void close(CloseReason reason) {
        synchronized (this) {
            if (closed != null) {
                return;
            }
            closed = reason;
        }
        atClose.run();
    }

    @Override
    public boolean isOpen() {
        atLook.run();
        synchronized (this) {
            return !gone;
        }
    }

    /** Pongs pile up in the container. */
    synchronized void flood() {
        flooded = true;
    }

    @Override
    public synchronized boolean isFlooded() {
        return flooded;
    }

    @Override
    public synchronized void abort() {
        gone = true;
    }

    /** The connection is lost, and nobody says so. */
    synchronized void vanish() {
        gone = true;
    }

    /** Takes the completion of the oldest batch in flight. */
    synchronized Completion land() {
        return pending.remove(0);
    }

    synchronized int inFlight() {
        return pending.size();
    }

    synchronized List<Batch> batches() {
        return List.copyOf(batches);
    }

    synchronized List<String> texts() {
        return batches.stream()
                .flatMap(batch -> batch.frames().stream())
                .map(Frame::text)
                .toList();
    }

    synchronized @Nullable CloseReason closeReason() {
        return closed;
    }
}
