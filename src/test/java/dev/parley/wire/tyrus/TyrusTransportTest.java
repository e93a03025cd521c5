package dev.parley.wire.tyrus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.CloseReasons;
import dev.parley.wire.EventLoop;
import dev.parley.wire.FrameReader;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.RecordingListener;
import jakarta.websocket.CloseReason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A real socket and a real loop; only the server is recorded. */
class TyrusTransportTest {

    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final byte[] NOTHING = {};

    private final Server server = new Server();
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private volatile int ends;
    private EventLoop loop;
    private SocketChannel client;
    private SocketChannel socket;

    @BeforeEach
    void connect() throws IOException {
        loop = new EventLoop("loop of a test");
        loop.start();
        try (var listening = ServerSocketChannel.open()) {
            listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            client = SocketChannel.open(listening.getLocalAddress());
            socket = listening.accept();
        }
        socket.configureBlocking(false);
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        socket.close();
        endLoop();
    }

    @Test
    void readsWhatCameWithTheHandshakeFirst() throws Exception {
        var transport = reading("with the handshake, ");
        send("behind it");
        transport.firstBytes();
        awaitReceived("with the handshake, behind it");
    }

    @Test
    void readsWhatCameWithTheHandshakeIfNothingFollows() {
        reading("with the handshake").firstBytes();
        awaitReceived("with the handshake");
    }

    @Test
    void readsLessThanCameWithTheHandshakeIfThereIsNoRoom() throws Exception {
        var transport = reading("abc");
        onLoop(() -> {
            var room = ByteBuffer.allocate(2);
            assertThat(transport.read(room)).isEqualTo(2);
            assertThat(transport.read(room.clear())).isEqualTo(1);
            return transport.read(room.clear());
        });
    }

    @Test
    void mayBeToldOfTheFirstBytesTwice() throws Exception {
        var transport = reading("");
        transport.firstBytes();
        transport.firstBytes();
        send("once");
        awaitReceived("once");
    }

    @ParameterizedTest
    @CsvSource({"1000, ''", "1001, going", "4999, grüße", "1005, ''"})
    void handsTheClosingFrameOfTheClientOnAsItCame(int code, String phrase) throws Exception {
        var transport = reading("");
        onLoop(() -> {
            transport.closeCame(new CloseReason(() -> code, phrase));
            return null;
        });
        var listener = new RecordingListener();
        byte[] frame = server.handedOn.get(0).array();
        assertThat(frame[1]).as("masked").isNegative();
        new FrameReader(listener).read(frame, 0, frame.length);
        assertThat(listener.events).containsExactly("close " + code + " " + phrase);
        assertThat(server.events).containsExactly("handed on");
        awaitEnds();
    }

    @Test
    void givesAConnectionThatHasEndedBackToTheServer() throws Exception {
        var transport = reading("");
        transport.firstBytes();
        client.close();
        awaitServer("reads again");
        awaitUnregistered();
    }

    @Test
    void givesItsConnectionsBackWhenTheLoopEnds() throws Exception {
        var transport = reading("");
        transport.firstBytes();
        send("here");
        awaitReceived("here");
        endLoop();
        assertThat(server.events).containsExactly("reads again");
        assertThat(socket.isRegistered()).isFalse();
        assertThat(socket.isOpen()).isTrue();
    }

    @Test
    void givesAConnectionBackWhoseFirstBytesComeAfterTheLoop() throws Exception {
        var transport = reading("");
        endLoop();
        transport.firstBytes();
        assertThat(server.events).containsExactly("reads again");
    }

    @Test
    void dropsTheKeyOfAConnectionThatTheServerCloses() throws Exception {
        var transport = reading("");
        transport.firstBytes();
        send("here");
        awaitReceived("here");
        socket.close();
        transport.closed();
        assertThat(client.read(ByteBuffer.allocate(1)))
                .as("the descriptor is freed")
                .isEqualTo(-1);
        awaitUnregistered();
        awaitEnds();
        assertThat(server.events).isEmpty();
    }

    @Test
    void closesWithTheServerAndReadsNoMore() throws Exception {
        var transport = reading("");
        send("unread");
        onLoop(() -> {
            transport.close(CloseReasons.TOO_LONG);
            return null;
        });
        transport.firstBytes();
        send("late");
        awaitEnds();
        assertThat(server.events).containsExactly("close 1009");
        assertThat(received.size()).isZero();
        assertThat(onLoop(() -> transport.read(ByteBuffer.allocate(10)))).isEqualTo(-1);
        assertThat(socket.isRegistered()).isFalse();
    }

    @Test
    void closesOnlyWhenTheHandshakeIsOver() throws Exception {
        var transport = reading("");
        server.over = false;
        onLoop(() -> {
            transport.close(CloseReasons.TOO_LONG);
            return null;
        });
        assertThat(server.events).isEmpty();
        server.over = true;
        server.waiting.run();
        awaitServer("close 1009");
    }

    @Test
    void leavesNoUnreadBytesInASocketThatIsClosed() throws Exception {
        var transport = reading("");
        send("unread");
        assertThat(onLoop(() -> {
                    while (socket.read(ByteBuffer.allocate(1)) == 0) {
                        Thread.onSpinWait();
                    }
                    transport.close(CloseReasons.TOO_LONG);
                    return socket.read(ByteBuffer.allocate(10));
                }))
                .isZero();
    }

    @Test
    void writesNothingPastWhatTheServerHasNotWritten() throws Exception {
        var transport = reading("");
        server.hasWritten = false;
        assertThat(write(transport, "first")).isEqualTo("first");
        onLoop(() -> {
            transport.queue(ByteBuffer.wrap(bytes("first")), failure -> {});
            return null;
        });
        assertThat(write(transport, "second")).isEqualTo("second");
        server.hasWritten = true;
        assertThat(write(transport, "third")).isEmpty();
        assertThat(server.events).containsExactly("queued first");
        var got = ByteBuffer.allocate(20);
        client.read(got);
        assertThat(new String(got.array(), 0, got.position(), StandardCharsets.UTF_8))
                .isEqualTo("third");
    }

    @Test
    void asksTheServerOnlyUntilItHasWrittenWhatItHad() throws Exception {
        var transport = reading("");
        assertThat(write(transport, "a")).isEmpty();
        server.hasWritten = false;
        assertThat(write(transport, "b")).isEmpty();
        onLoop(() -> {
            transport.queue(ByteBuffer.allocate(0), failure -> {});
            return null;
        });
        assertThat(write(transport, "c")).isEqualTo("c");
    }

    /** A transport whose owner reads all there is, notes the end, and then does as a connection does. */
    private TyrusTransport reading(String early) {
        var transport = new TyrusTransport(server, socket, early.isEmpty() ? NOTHING : bytes(early), loop);
        transport.listen(() -> {
            var in = ByteBuffer.allocate(7);
            int count;
            try {
                count = transport.read(in);
            } catch (IOException e) {
                count = -1;
            }
            if (count < 0) {
                ends++;
                transport.lost();
            } else {
                received.write(in.array(), 0, count);
            }
        });
        return transport;
    }

    private String write(TyrusTransport transport, String text) throws Exception {
        var out = ByteBuffer.wrap(bytes(text));
        return onLoop(() -> {
            transport.write(out);
            return StandardCharsets.UTF_8.decode(out).toString();
        });
    }

    private void send(String text) throws IOException {
        client.write(ByteBuffer.wrap(bytes(text)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private <T> T onLoop(Callable<T> task) {
        var result = new CompletableFuture<T>();
        loop.execute(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        return result.orTimeout(DEADLINE.toSeconds(), TimeUnit.SECONDS).join();
    }

    private void endLoop() throws InterruptedException {
        loop.end();
        loop.join(DEADLINE.toMillis());
        assertThat(loop.isAlive()).isFalse();
    }

    private void awaitReceived(String expected) {
        Awaitility.await().atMost(DEADLINE).untilAsserted(() -> assertThat(
                        onLoop(() -> received.toString(StandardCharsets.UTF_8)))
                .isEqualTo(expected));
    }

    private void awaitServer(String... expected) {
        Awaitility.await().atMost(DEADLINE).untilAsserted(() -> assertThat(server.events)
                .containsExactly(expected));
    }

    private void awaitEnds() {
        Awaitility.await().atMost(DEADLINE).untilAsserted(() -> assertThat(ends)
                .as("ends that the owner saw")
                .isEqualTo(1));
    }

    private void awaitUnregistered() {
        Awaitility.await().atMost(DEADLINE).untilAsserted(() -> assertThat(socket.isRegistered())
                .isFalse());
    }

    /** What the transport asks of the server. */
    private static final class Server implements TyrusTransport.Below {

        private final List<String> events = new CopyOnWriteArrayList<>();
        private final List<ByteBuffer> handedOn = new CopyOnWriteArrayList<>();
        private volatile boolean hasWritten = true;
        private volatile @Nullable Runnable waiting;
        private volatile boolean over = true;

        @Override
        public boolean isOver() {
            return over;
        }

        @Override
        public void afterHandshake(Runnable task) {
            waiting = task;
        }

        @Override
        public boolean hasWritten() {
            return hasWritten;
        }

        @Override
        public void write(ByteBuffer bytes, FrameWriter.@Nullable Completion completion) {
            events.add(("queued " + StandardCharsets.UTF_8.decode(bytes)).strip());
        }

        @Override
        public void handOn(ByteBuffer bytes) {
            handedOn.add(bytes);
            events.add("handed on");
        }

        @Override
        public void readAgain() {
            events.add("reads again");
        }

        @Override
        public void close(CloseReason reason) {
            events.add("close " + reason.getCloseCode().getCode());
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void abort() {
            events.add("abort");
        }
    }
}
