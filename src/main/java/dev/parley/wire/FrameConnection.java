package dev.parley.wire;

import jakarta.websocket.CloseReason;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A connection whose frames Parley reads and writes itself, below the container's session, which still opens and closes it. All
 * frames of one read are answered by one write. What the socket does not take goes into the server's own queue, so that the
 * server's frames never stand within ours. Confined to its event loop, but for the methods of {@link FrameWriter}.
 */
public final class FrameConnection implements FrameWriter, FrameReader.Listener {

    private static final Logger LOG = System.getLogger(FrameConnection.class.getName());

    private final FrameTransport transport;
    private final FrameLoop buffers;
    private final FrameReader reader = new FrameReader(this);
    private @Nullable Receiver receiver;
    private boolean over; // nothing more is parsed
    private boolean ended;
    private int queued; // writes that the server has not completed
    private int replies; // frames that wait in the loop's buffer for the end of the read
    private int written; // bytes that have left of the batch that was offered last

    /**
     * A connection that reads nothing before {@link #receive}.
     *
     * @param transport the server's part of it
     * @param buffers those of its event loop
     */
    public FrameConnection(FrameTransport transport, FrameLoop buffers) {
        this.transport = transport;
        this.buffers = buffers;
    }

    @Override
    public boolean receive(Receiver takes) {
        receiver = takes;
        transport.listen(this::readable);
        return true;
    }

    /** The socket has bytes, or its end. Never throws. */
    private void readable() {
        buffers.reading = this;
        int count;
        try {
            count = transport.read(buffers.in.clear());
            if (count > 0 && !over) {
                over = !reader.read(buffers.bytes, 0, count);
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a connection failed", e);
            count = -1;
        } catch (Throwable e) {
            over = true;
            count = 0;
            receiver().failed(e);
        } finally {
            buffers.reading = null;
        }
        flushReplies();
        if (count < 0) {
            end();
            transport.lost();
        }
    }

    private Receiver receiver() {
        if (receiver == null) {
            throw new IllegalStateException("nobody receives");
        }
        return receiver;
    }

    private void end() {
        over = true;
        if (!ended) {
            ended = true;
            reader.release();
        }
    }

    @Override
    public int maxText() {
        return receiver().maxText();
    }

    @Override
    public int maxBinary() {
        return receiver().maxBinary();
    }

    @Override
    public int maxFragments() {
        return receiver().maxFragments();
    }

    @Override
    public boolean holds(int bytes) {
        return receiver().holds(bytes);
    }

    @Override
    public void text(String message, int bytes) {
        receiver().text(message, bytes);
    }

    @Override
    public void binary(ByteBuffer message) {
        receiver().binary(message);
    }

    @Override
    public void ping(byte[] bytes, int from, int length) {
        receiver().ping(Frame.pong(ByteBuffer.wrap(bytes, from, length)));
    }

    @Override
    public void pong(int length) {
        receiver().pong(length);
    }

    @Override
    public void refused(CloseReason reason) {
        receiver().refused(reason);
    }

    @Override
    public void close(int code, String reason) {
        flushReplies();
        end();
        transport.closeCame(new CloseReason(() -> code, reason));
    }

    @Override
    public boolean reply(Frame frame) {
        if (!takesReply(frame.size())) {
            return false;
        }
        buffers.replies.put(frame.wire());
        replies++;
        return true;
    }

    @Override
    public boolean reply(String text) {
        byte[] payload = text.getBytes(StandardCharsets.UTF_8);
        if (!takesReply(payload.length + Frame.MAX_HEADER)) {
            return false;
        }
        Frame.putHeader(buffers.replies, Frame.Kind.TEXT, payload.length).put(payload);
        replies++;
        return true;
    }

    private boolean takesReply(int size) {
        if (!isHere() || buffers.reading != this || queued > 0) {
            return false;
        }
        if (buffers.replies.remaining() < size) {
            flushReplies();
        }
        return queued == 0 && buffers.replies.remaining() >= size;
    }

    private boolean isHere() {
        return Loops.isHere(transport.loop());
    }

    /** Writes the replies gathered. */
    private void flushReplies() {
        ByteBuffer out = buffers.replies;
        if (replies == 0) {
            return;
        }
        int frames = replies;
        int size = out.flip().remaining();
        replies = 0;
        try {
            transport.write(out);
        } catch (IOException e) {
            out.clear();
            receiver().waits(frames, size).done(e);
            return;
        }
        if (out.hasRemaining()) {
            ByteBuffer rest = ByteBuffer.allocate(out.remaining()).put(out).flip();
            out.clear();
            queue(rest, receiver().waits(frames, size));
        } else {
            out.clear();
            receiver().wrote(frames, size);
        }
    }

    private void queue(ByteBuffer rest, Completion completion) {
        Queued write = new Queued(completion);
        queued++;
        try {
            transport.queue(rest, write);
        } catch (RuntimeException e) {
            write.done(e);
        }
    }

    @Override
    public boolean writeNow(Batch batch) {
        written = 0;
        if (!isHere()) {
            return false;
        }
        flushReplies();
        if (queued > 0) {
            return false;
        }
        ByteBuffer bytes = buffers.bytes(batch);
        try {
            transport.write(bytes);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a batch could not be written", e);
            return false; // who offered it offers it again, and is told why it fails
        }
        written = batch.size() - bytes.remaining();
        return !bytes.hasRemaining();
    }

    @Override
    public void write(Batch batch, Completion completion) {
        if (isHere()) {
            queue(batch.bytes().position(written), completion);
        } else {
            Loops.execute(transport.loop(), () -> {
                if (writeNow(batch)) {
                    completion.done(null);
                } else {
                    queue(batch.bytes().position(written), completion);
                }
            });
        }
    }

    @Override
    public void close(CloseReason reason) {
        Loops.run(transport.loop(), () -> {
            flushReplies();
            transport.close(reason);
        });
    }

    @Override
    public Executor loop() {
        return transport.loop();
    }

    @Override
    public boolean isOpen() {
        return transport.isOpen();
    }

    @Override
    public void abort() {
        transport.abort();
    }

    /** A write that the server has queued. */
    private final class Queued implements Completion {

        private final Completion completion;
        private boolean done;

        Queued(Completion completion) {
            this.completion = completion;
        }

        @Override
        public void done(@Nullable Throwable failure) {
            Loops.run(transport.loop(), () -> {
                if (!done) {
                    done = true;
                    queued--;
                }
            });
            completion.done(failure);
        }
    }
}
