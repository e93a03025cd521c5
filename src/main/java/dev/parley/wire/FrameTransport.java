package dev.parley.wire;

import jakarta.websocket.CloseReason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;

/**
 * A server's part of a connection whose frames Parley reads and writes itself: the socket, and the session that stays the
 * container's. Called on the connection's event loop, unless a method says otherwise.
 */
public interface FrameTransport {

    /**
     * The event loop: its thread reads, and runs tasks after what was ready. For any thread.
     *
     * @return the same each time
     */
    Executor loop();

    /**
     * Has a task run on the loop for what there is to read, instead of the container. Before the first bytes.
     *
     * @param readable the task
     */
    void listen(Runnable readable);

    /**
     * Reads what the socket has.
     *
     * @param in where to
     * @return how many bytes, -1 at the end
     * @throws IOException if the connection has failed
     */
    int read(ByteBuffer in) throws IOException;

    /**
     * Writes what the socket takes now. Only while nothing is {@link #queue queued}.
     *
     * @param out the bytes; those that are left were not taken
     * @throws IOException if the connection has failed
     */
    void write(ByteBuffer out) throws IOException;

    /**
     * Has the server write these bytes when the socket takes more, in order with the server's own frames.
     *
     * @param rest the bytes
     * @param completion told when they have left
     */
    void queue(ByteBuffer rest, FrameWriter.Completion completion);

    /**
     * Starts the closing handshake, or does nothing if it has started.
     *
     * @param reason why
     */
    void close(CloseReason reason);

    /**
     * The client's close frame has come: it is answered if ours was not sent, and the connection ends.
     *
     * @param reason the client's
     */
    void closeCame(CloseReason reason);

    /** Nothing more can be read: the connection has ended without a close frame, or behind one. */
    void lost();

    /**
     * Whether the connection is there, as far as the server knows. For any thread.
     *
     * @return false if nothing will ever be written or read again
     */
    boolean isOpen();

    /** As {@link FrameWriter#abort}. For any thread. */
    void abort();
}
