package dev.parley.wire.sse;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import java.io.EOFException;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One response, with the container played by the test: it takes what it is told to take, and notes what is asked of it. */
class ResponseOutputTest {

    private final List<String> calls = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private boolean ready = true;
    private Runnable atReady = () -> {};
    private AsyncListener ending;
    private WriteListener writing;
    private ResponseOutput output;

    @BeforeEach
    void open() throws IOException {
        output = ResponseOutput.of(fake(AsyncContext.class), () -> {});
        output.start(bytes("first"));
    }

    @Test
    void writesInOrderAndEndsBehindWhatWasWritten() throws IOException {
        writing.onWritePossible();
        write("second");
        output.end();
        assertThat(calls).containsExactly("write first", "flush", "write second", "flush", "complete");
        assertThat(failures).containsExactly((Throwable) null);
        assertThat(output.isOpen()).isFalse();
    }

    @Test
    void waitsForTheContainer() throws IOException {
        ready = false;
        writing.onWritePossible();
        output.end();
        assertThat(calls).isEmpty();
        ready = true;
        writing.onWritePossible();
        assertThat(calls).containsExactly("write first", "flush", "complete");
    }

    @Test
    void touchesNothingOfARequestThatTheContainerHasEnded() throws IOException {
        writing.onWritePossible();
        calls.clear();
        ending.onComplete(new AsyncEvent(fake(AsyncContext.class)));
        write("late");
        output.end();
        output.cancel();
        assertThat(calls).isEmpty();
        assertThat(failures).hasOnlyElementsOfType(EOFException.class).hasSize(1);
        assertThat(output.isOpen()).isFalse();
    }

    @Test
    void tellsTheWriterOfWhatWaitsThatTheContainerHasEndedTheRequest() throws IOException {
        writing.onWritePossible();
        ready = false;
        write("waits");
        assertThat(failures).isEmpty();
        ending.onComplete(new AsyncEvent(fake(AsyncContext.class)));
        assertThat(failures).hasOnlyElementsOfType(EOFException.class).hasSize(1);
    }

    @Test
    void completesOnceAfterAnErrorOfEitherKind() throws IOException {
        ending.onError(new AsyncEvent(fake(AsyncContext.class)));
        writing.onError(new IOException("gone"));
        writing.onWritePossible();
        assertThat(calls).containsExactly("complete");
    }

    @Test
    void touchesTheResponseOnItsLoopAlone() throws IOException {
        Deque<Runnable> tasks = new ArrayDeque<>();
        output.on(tasks::add);
        writing.onWritePossible();
        write("second");
        output.end();
        assertThat(calls).isEmpty();
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
        assertThat(calls).containsExactly("write first", "flush", "write second", "flush", "complete");
        output.cancel();
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
        assertThat(calls).containsOnlyOnce("complete");
    }

    @Test
    @Timeout(30)
    void endsTheRequestOnlyBetweenTwoStepsOfAnotherThread() throws Exception {
        writing.onWritePossible();
        calls.clear();
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        atReady = () -> {
            asked.countDown();
            await(answer);
        };
        Thread writer = new Thread(() -> write("second"));
        writer.start();
        await(asked);
        output.cancel();
        assertThat(calls).as("while the other thread has the stream").isEmpty();
        answer.countDown();
        writer.join();
        assertThat(calls).containsExactly("complete");
        assertThat(failures).hasOnlyElementsOfType(EOFException.class).hasSize(1);
        assertThat(output.isOpen()).isFalse();
    }

    @Test
    void endsTheRequestAfterAnErrorOfTheContainer() throws IOException {
        writing.onWritePossible();
        calls.clear();
        LinkageError error = new LinkageError("of the test");
        atReady = () -> {
            throw error;
        };
        write("second");
        assertThat(calls).containsExactly("complete");
        assertThat(failures).containsExactly(error);
        write("third");
        assertThat(failures).hasSize(2);
    }

    @Test
    void endsTheRequestEvenIfWhatComesBeforeThrows() throws IOException {
        writing.onWritePossible();
        calls.clear();
        output.cancel(() -> {
            throw new AssertionError("a bug");
        });
        write("late");
        assertThat(calls).containsExactly("complete");
        assertThat(failures).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void doesTheLastThingWithTheRequestOnceJustBeforeItsEnd(boolean cancelled) throws IOException {
        output = ResponseOutput.of(fake(AsyncContext.class), () -> {
            calls.add("last");
            throw new AssertionError("a bug");
        });
        output.start(bytes("first"));
        writing.onWritePossible();
        if (cancelled) {
            output.cancel();
        }
        output.end();
        assertThat(calls).containsExactly("write first", "flush", "last", "complete");
    }

    @Test
    void leavesARequestAloneThatTheContainerHasEnded() throws IOException {
        output = ResponseOutput.of(fake(AsyncContext.class), () -> calls.add("last"));
        ending.onComplete(new AsyncEvent(fake(AsyncContext.class)));
        output.end();
        assertThat(calls).isEmpty();
    }

    @Test
    void tellsTheNextWriterAfterOneThatThrew() throws IOException {
        writing.onWritePossible();
        output.write(bytes("second"), failure -> {
            throw new AssertionError("a bug");
        });
        write("third");
        assertThat(output.isOpen()).isFalse();
        assertThat(calls).containsOnlyOnce("complete").doesNotContain("write third");
        assertThat(failures).hasOnlyElementsOfType(EOFException.class).hasSize(1);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void write(String text) {
        output.write(bytes(text), failures::add);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private <T> T fake(Class<T> type) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "addListener" -> ending = (AsyncListener) arguments[0];
                        case "complete" -> calls.add("complete");
                        case "getResponse" -> {
                            return fake(ServletResponse.class);
                        }
                        case "getOutputStream" -> {
                            return new Stream();
                        }
                        default -> {}
                    }
                    return null;
                }));
    }

    private final class Stream extends ServletOutputStream {
        @Override
        public boolean isReady() {
            atReady.run();
            return ready;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
            writing = listener;
        }

        @Override
        public void write(int one) {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            calls.add("write " + new String(bytes, offset, length, StandardCharsets.UTF_8));
        }

        @Override
        public void flush() {
            calls.add("flush");
        }
    }
}
