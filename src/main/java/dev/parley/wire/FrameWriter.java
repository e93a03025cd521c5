package dev.parley.wire;

import jakarta.websocket.CloseReason;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Brings batches to one peer. One caller at a time writes, and only after the batch before it has completed; closing is for
 * any thread at any time.
 */
public interface FrameWriter {

    /**
     * Has what the client sends come to a receiver, if Parley reads the connection itself; then the container calls no
     * {@code @OnMessage}. Called once, in {@code @OnOpen}.
     *
     * @param receiver takes it, on the {@link #loop}
     * @return whether Parley reads; else the receiver is never called
     */
    default boolean receive(Receiver receiver) {
        return false;
    }

    /**
     * Adds a reply to what leaves when the bytes that are being read have been handled. Only while nothing else is under way.
     *
     * @param frame the reply
     * @return false if this is not the thread that reads the connection, or the connection is busy: the reply was not taken
     */
    default boolean reply(Frame frame) {
        return false;
    }

    /**
     * As {@link #reply(Frame)}, with a text message.
     *
     * @param text the message
     * @return false if it was not taken
     */
    default boolean reply(String text) {
        return false;
    }

    /**
     * Writes a batch that the connection takes at once, on its {@link #loop}.
     *
     * @param batch the frames
     * @return whether all of it has left; if not, {@link #write} with the same batch is the next call
     */
    default boolean writeNow(Batch batch) {
        return false;
    }

    /**
     * Hands a batch to the connection. Never blocks.
     *
     * @param batch the frames
     * @param completion told when the container has taken the batch, or could not; perhaps inside this call, on any thread,
     *     under any lock, and more than once
     * @throws RuntimeException if the container refuses at once; the same as a failed completion
     */
    void write(Batch batch, Completion completion);

    /**
     * Starts the closing handshake, after what was written before. Never throws; a second call does nothing. The container
     * may call {@code @OnClose} inside, so the caller holds no lock.
     *
     * @param reason why
     */
    void close(CloseReason reason);

    /**
     * The thread that all writes of this connection go through, if the container has such. A write from there goes out at
     * once; one from elsewhere is queued, and wakes it.
     *
     * @return the thread, the same each time, which runs a task after its turn; null if any thread writes alike
     */
    default @Nullable Executor loop() {
        return null;
    }

    /**
     * Whether the connection is there, as far as the server knows. A session may say that it is open long after: Tyrus misses
     * a reset that comes while the session opens.
     *
     * @return false if nothing will ever be written or read again
     */
    boolean isOpen();

    /**
     * Whether the container's own answers to this peer, its pongs, pile up in the container because nobody reads them: no
     * limit of ours sees them.
     *
     * @return true if they do, as far as the server lets us know
     */
    default boolean isFlooded() {
        return false;
    }

    /**
     * Ends the connection at once, where the server lets us: without a closing handshake, and what is queued is dropped. Never
     * throws; does nothing if the connection has ended. The container may call back inside, so the caller holds no lock.
     */
    void abort();

    /**
     * Whether its reader answers pings, and is dead if it does not.
     *
     * @return false if it never says anything
     */
    default boolean answersPings() {
        return true;
    }

    /** What becomes of a batch. Its method returns at once and does not throw. */
    @FunctionalInterface
    interface Completion {

        /**
         * The batch has left the writer.
         *
         * @param failure why the batch may not have reached the connection, or null if it has
         */
        void done(@Nullable Throwable failure);
    }
}
