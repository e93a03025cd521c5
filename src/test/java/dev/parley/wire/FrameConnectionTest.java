package dev.parley.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.CloseReasons;
import dev.parley.testing.LoopThread;
import jakarta.websocket.CloseReason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FrameConnectionTest {

    private final LoopThread loop = new LoopThread();
    private final Socket socket = new Socket();
    private final FrameConnection connection = new FrameConnection(socket, new FrameLoop());
    private final Client client = new Client();

    FrameConnectionTest() {
        connection.receive(client);
    }

    @AfterEach
    void end() {
        loop.close();
    }

    @Test
    void repliesToAllFramesOfOneReadLeaveInOneWrite() {
        receive(ClientFrames.text("a"), ClientFrames.text("b"), ClientFrames.frame(0x89, (byte) 7));
        assertThat(socket.writes).containsExactly("81:a 81:b 8a:\u0007");
        assertThat(client.events).containsExactly("text a", "text b", "ping", "wrote 3");
    }

    @Test
    void aFrameThatIsCutIsAnsweredWhenItsRestHasCome() {
        byte[] frame = ClientFrames.text("hello");
        receive(Arrays.copyOf(frame, 4));
        assertThat(socket.writes).isEmpty();
        receive(Arrays.copyOfRange(frame, 4, frame.length));
        assertThat(socket.writes).containsExactly("81:hello");
    }

    @Test
    void whatTheSocketDoesNotTakeIsQueuedAndNoReplyPassesIt() {
        socket.takes = 4;
        receive(ClientFrames.text("abc"), ClientFrames.text("d"));
        assertThat(client.events).endsWith("waits 2");
        assertThat(socket.queued).hasSize(1);
        assertThat(socket.all()).isEqualTo("81:abc 81:d");
        receive(ClientFrames.text("e"));
        assertThat(client.refused).containsExactly("e");
        loop.call(() -> socket.completions.remove(0).done(null));
        assertThat(client.events).endsWith("left");
        socket.takes = Integer.MAX_VALUE;
        receive(ClientFrames.text("f"));
        assertThat(socket.writes).endsWith("81:f");
    }

    @Test
    void repliesOutsideOfAReadAreNotTaken() {
        assertThat(connection.reply("x")).isFalse();
        loop.call(() -> assertThat(connection.reply(Frame.text("x"))).isFalse());
    }

    @Test
    void aBatchThatTheSocketTakesHasLeftAtOnce() {
        loop.call(() -> assertThat(connection.writeNow(batch("one"))).isTrue());
        assertThat(socket.writes).containsExactly("81:one");
    }

    @Test
    void theRestOfABatchIsQueuedOnce() {
        socket.takes = 3;
        var done = new ArrayList<@Nullable Throwable>();
        loop.call(() -> {
            var batch = batch("whole");
            assertThat(connection.writeNow(batch)).isFalse();
            connection.write(batch, done::add);
            assertThat(connection.writeNow(batch("next"))).isFalse();
            connection.write(batch("next"), done::add);
        });
        assertThat(socket.all()).isEqualTo("81:whole 81:next");
        loop.call(() -> socket.completions.forEach(each -> each.done(null)));
        assertThat(done).containsExactly(null, null);
    }

    @Test
    void aBatchFromAnotherThreadIsWrittenOnTheLoop() {
        var done = new ArrayList<@Nullable Throwable>();
        assertThat(connection.writeNow(batch("far"))).isFalse();
        connection.write(batch("far"), done::add);
        loop.call(() -> {});
        assertThat(socket.writes).containsExactly("81:far");
        assertThat(done).containsExactly((Throwable) null);
    }

    @Test
    void aWriteThatFailsIsTold() {
        socket.breaks = true;
        receive(ClientFrames.text("a"));
        assertThat(client.events).containsExactly("text a", "waits 1", "failed java.io.IOException: broken");
    }

    @Test
    void theClientsCloseComesBehindTheRepliesAndNothingIsReadAfterIt() {
        receive(ClientFrames.text("a"), ClientFrames.close(4001, "bye"), ClientFrames.text("b"));
        assertThat(socket.writes).containsExactly("81:a");
        assertThat(socket.events).containsExactly("close came 4001 bye");
        receive(ClientFrames.text("c"));
        assertThat(client.events).doesNotContain("text b", "text c");
    }

    @Test
    void aCloseOfOurOwnComesBehindTheReplies() {
        client.closes = true;
        receive(ClientFrames.text("a"));
        assertThat(socket.writes).containsExactly("81:a");
        assertThat(socket.events).containsExactly("close 1013");
    }

    @Test
    void anEndWithoutACloseIsToldOnce() {
        socket.end = true;
        receive();
        assertThat(socket.events).containsExactly("lost");
    }

    @Test
    void aReadThatFailsIsAnEnd() {
        socket.breaks = true;
        receive();
        assertThat(socket.events).containsExactly("lost");
    }

    @Test
    void aRuleBrokenIsToldAndTheRestIsReadAndDropped() {
        receive(new byte[] {(byte) 0x81, 1, 'x'}, ClientFrames.text("b"));
        assertThat(client.events).containsExactly("refused 1002");
        receive(ClientFrames.text("c"));
        assertThat(client.events).containsExactly("refused 1002");
        assertThat(socket.in).isNull();
    }

    @Test
    void whatTheReceiverThrowsIsItsOwnEnd() {
        client.throwsError = true;
        receive(ClientFrames.text("a"), ClientFrames.text("b"));
        assertThat(client.events).containsExactly("text a", "failed java.lang.OutOfMemoryError: for a test");
    }

    /** Brings bytes to the connection in one read. */
    private void receive(byte[]... frames) {
        socket.in = ClientFrames.join(frames);
        loop.call(socket.readable());
    }

    private static Batch batch(String text) {
        return new Batch(List.of(Frame.text(text)));
    }

    private static String text(byte[] frames) {
        var text = new StringBuilder();
        for (int at = 0; at < frames.length; ) {
            int length = frames[at + 1];
            text.append(at == 0 ? "" : " ").append(String.format("%02x:", frames[at]));
            text.append(new String(frames, at + 2, Math.min(length, frames.length - at - 2), UTF_8));
            at += 2 + length;
        }
        return text.toString();
    }

    /** Answers each text with itself, as a peer does that has nothing else to send. */
    private final class Client implements Receiver {

        private final List<String> events = new ArrayList<>();
        private final List<String> refused = new ArrayList<>();
        private boolean closes;
        private boolean throwsError;

        @Override
        public int maxText() {
            return 1000;
        }

        @Override
        public int maxBinary() {
            return 1000;
        }

        @Override
        public int maxFragments() {
            return 10;
        }

        @Override
        public void text(String message, int bytes) {
            events.add("text " + message);
            if (throwsError) {
                throw new OutOfMemoryError("for a test");
            }
            if (!connection.reply(message)) {
                refused.add(message);
            }
            if (closes) {
                connection.close(CloseReasons.TOO_SLOW);
            }
        }

        @Override
        public void binary(ByteBuffer message) {}

        @Override
        public void ping(Frame pong) {
            events.add("ping");
            assertThat(connection.reply(pong)).isTrue();
        }

        @Override
        public void pong(int size) {}

        @Override
        public void refused(CloseReason reason) {
            events.add("refused " + reason.getCloseCode().getCode());
        }

        @Override
        public boolean holds(int bytes) {
            return true;
        }

        @Override
        public void wrote(int frames, int bytes) {
            events.add("wrote " + frames);
        }

        @Override
        public FrameWriter.Completion waits(int frames, int bytes) {
            events.add("waits " + frames);
            return failure -> events.add(failure == null ? "left" : "failed " + failure);
        }

        @Override
        public void failed(Throwable failure) {
            events.add("failed " + failure);
        }
    }

    /** A socket that takes as much as it is told to, in a container's hands. */
    private final class Socket implements FrameTransport {

        private final List<String> events = new ArrayList<>();
        private final List<String> writes = new ArrayList<>();
        private final List<byte[]> queued = new ArrayList<>();
        private final List<FrameWriter.Completion> completions = new ArrayList<>();
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private byte @Nullable [] in;
        private int takes = Integer.MAX_VALUE;
        private boolean end;
        private boolean breaks;
        private @Nullable Runnable readable;

        Runnable readable() {
            return Objects.requireNonNull(readable);
        }

        /** What has left and what waits, as frames. */
        String all() {
            var all = new ByteArrayOutputStream();
            all.writeBytes(out.toByteArray());
            queued.forEach(all::writeBytes);
            return text(all.toByteArray());
        }

        @Override
        public Executor loop() {
            return loop;
        }

        @Override
        public void listen(Runnable task) {
            readable = task;
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            byte[] bytes = in;
            in = null;
            if (breaks && (bytes == null || bytes.length == 0)) {
                throw new IOException("broken");
            }
            if (end || bytes == null) {
                return -1;
            }
            into.put(bytes);
            return bytes.length;
        }

        @Override
        public void write(ByteBuffer bytes) throws IOException {
            if (breaks) {
                throw new IOException("broken");
            }
            byte[] taken = new byte[Math.min(takes, bytes.remaining())];
            bytes.get(taken);
            out.writeBytes(taken);
            if (!bytes.hasRemaining()) {
                writes.add(text(taken));
            }
        }

        @Override
        public void queue(ByteBuffer rest, FrameWriter.Completion completion) {
            byte[] bytes = new byte[rest.remaining()];
            rest.get(bytes);
            queued.add(bytes);
            completions.add(completion);
        }

        @Override
        public void close(CloseReason reason) {
            events.add("close " + reason.getCloseCode().getCode());
        }

        @Override
        public void closeCame(CloseReason reason) {
            events.add("close came " + reason.getCloseCode().getCode() + " " + reason.getReasonPhrase());
        }

        @Override
        public void lost() {
            events.add("lost");
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void abort() {}
    }
}
