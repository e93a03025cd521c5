package dev.parley.wire.portable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import dev.parley.wire.FrameWriter;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PortableWriterTest {

    private final List<Object> sent = new ArrayList<>();
    private final List<SendHandler> handlers = new ArrayList<>();
    private final List<@Nullable Throwable> results = new ArrayList<>();
    private boolean completesInside;
    private @Nullable RuntimeException refusal;

    private final FrameWriter writer = new PortableWriter(
            proxy(Session.class, (method, arguments) -> proxy(RemoteEndpoint.Async.class, this::remote)), false);

    private interface Call {
        @Nullable
        Object answer(String method, Object... arguments);
    }

    private static <T> T proxy(Class<T> type, Call call) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> call.answer(method.getName(), arguments)));
    }

    private @Nullable Object remote(String method, Object... arguments) {
        if (refusal != null) {
            throw refusal;
        }
        sent.add(arguments[0]);
        if (arguments.length > 1) {
            SendHandler handler = (SendHandler) arguments[1];
            handlers.add(handler);
            if (completesInside) {
                handler.onResult(new SendResult());
            }
        }
        return null;
    }

    private void write(Frame... frames) {
        writer.write(new Batch(List.of(frames)), results::add);
    }

    @Test
    void startsAFrameWhenTheLastHasCompleted() {
        write(Frame.text("a"), Frame.text("b"), Frame.text("c"));
        assertThat(sent).containsExactly("a");
        handlers.get(0).onResult(new SendResult());
        assertThat(sent).containsExactly("a", "b");
        handlers.get(0).onResult(new SendResult()); // a second result of the same frame
        assertThat(sent).containsExactly("a", "b");
        handlers.get(1).onResult(new SendResult());
        assertThat(results).isEmpty();
        handlers.get(2).onResult(new SendResult());
        assertThat(results).containsExactly((Throwable) null);
    }

    @Test
    void doesNotRecurseWhereContainersCompleteInsideTheCall() {
        completesInside = true;
        Frame[] frames =
                IntStream.range(0, 100_000).mapToObj(i -> Frame.text("x")).toArray(Frame[]::new);
        write(frames);
        assertThat(sent).hasSize(frames.length);
        assertThat(results).containsExactly((Throwable) null);
    }

    @Test
    void sendsNothingAfterAFailure() {
        IOException failure = new IOException("gone");
        write(Frame.text("a"), Frame.text("b"));
        handlers.get(0).onResult(new SendResult(failure));
        assertThat(sent).containsExactly("a");
        assertThat(results).containsExactly(failure);
    }

    @Test
    void reportsWhatTheContainerThrowsBetweenFrames() {
        write(Frame.text("a"), Frame.text("b"));
        refusal = new IllegalStateException("closed");
        handlers.get(0).onResult(new SendResult());
        assertThat(results).containsExactly(refusal);
    }

    @Test
    void sendsBinaryFramesAsWritableCopies() {
        write(Frame.binary(ByteBuffer.wrap(new byte[] {1, 2, 3})));
        ByteBuffer bytes = (ByteBuffer) sent.get(0);
        assertThat(bytes.isReadOnly()).isFalse();
        assertThat(bytes).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }

    @Test
    void sendsAPingBetweenTwoTexts() {
        completesInside = true;
        write(Frame.text("a"), Frame.ping(), Frame.text("b"));
        assertThat(sent).containsExactly("a", ByteBuffer.allocate(0), "b");
        assertThat(results).containsExactly((Throwable) null);
    }
}
