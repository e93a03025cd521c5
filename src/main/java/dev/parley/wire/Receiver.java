package dev.parley.wire;

import jakarta.websocket.CloseReason;
import java.nio.ByteBuffer;

/**
 * Takes what a client sends, where Parley reads the connection itself and the container calls no {@code @OnMessage}. Called on
 * the connection's event loop.
 */
public interface Receiver {

    /**
     * The limit of the text message that begins.
     *
     * @return bytes of UTF-8
     */
    int maxText();

    /**
     * The limit of the binary message that begins.
     *
     * @return bytes
     */
    int maxBinary();

    /**
     * The limit of frames of one message.
     *
     * @return frames
     */
    int maxFragments();

    /**
     * A text message came, within its limit.
     *
     * @param message the whole message
     * @param bytes its length in UTF-8
     */
    void text(String message, int bytes);

    /**
     * A binary message came, within its limit.
     *
     * @param message the whole message, the callee's to keep
     */
    void binary(ByteBuffer message);

    /**
     * A ping came.
     *
     * @param pong the answer that is due
     */
    void ping(Frame pong);

    /**
     * A pong came.
     *
     * @param size its payload, bytes
     */
    void pong(int size);

    /**
     * The client broke a rule of the protocol or a limit. Nothing more is read.
     *
     * @param reason what to close with
     */
    void refused(CloseReason reason);

    /**
     * A message that has begun now holds more memory.
     *
     * @param bytes how much more; negative if it was given back
     * @return false if there is no memory for it
     */
    boolean holds(int bytes);

    /**
     * Replies have left.
     *
     * @param frames how many
     * @param bytes their size on the wire
     */
    void wrote(int frames, int bytes);

    /**
     * Replies wait because the socket did not take them.
     *
     * @param frames how many
     * @param bytes their size on the wire
     * @return told when they have left
     */
    FrameWriter.Completion waits(int frames, int bytes);

    /**
     * The receiver failed with what no callback may throw.
     *
     * @param failure what was thrown
     */
    void failed(Throwable failure);
}
