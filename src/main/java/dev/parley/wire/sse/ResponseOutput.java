package dev.parley.wire.sse;

import dev.parley.ops.Incidents;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.Loops;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The body of one asynchronous HTTP response, written without ever blocking (Servlet 6.0 §5.7.2). One caller at a time
 * writes, and only after the write before it has completed; {@link #end} is for any thread at any time.
 *
 * <p>Once the container has ended the request, this touches neither it nor the response: Grizzly's objects serve another
 * request then, perhaps another client's, and what the application kept of them reaches that one.
 *
 * <p>The stream is touched by one thread at a time, and by none between a {@code isReady} that said no and the container's
 * call: Undertow suspends its writes just before that call, and would lose what another thread resumed.
 */
public final class ResponseOutput {

    private static final Logger LOG = System.getLogger(ResponseOutput.class.getName());

    /** How much is handed to the container at a time: what it cannot send at once it copies. */
    private static final int CHUNK = 64 * 1024;

    private final AsyncContext async;
    private final Runnable last;
    private final AtomicReference<@Nullable Write> due = new AtomicReference<>();
    private final AtomicInteger signals = new AtomicInteger();
    private volatile boolean waits = true; // for the container; it calls once when the response may start
    private volatile boolean ends;
    private volatile boolean over;
    private volatile boolean cancelled;
    private volatile @Nullable Runnable cut; // the first thing to do when it is cancelled
    private volatile @Nullable Executor loop;
    private @Nullable ServletOutputStream stream; // the pump's, as the next
    private @Nullable Write current;
    private boolean flushes =
            true; // the head alone too: GlassFish forgets the status of a response that was never flushed

    private ResponseOutput(AsyncContext async, Runnable last) {
        this.async = async;
        this.last = last;
    }

    /**
     * The output of a request, while it is dispatched: only then does a container take listeners.
     *
     * @param async the started asynchronous request; completed by {@link #end} or with the connection
     * @param last the last thing to do with the request, when the response has been handed to the connection or has failed; not
     *     once the container has ended the request
     * @return the output, which has to be started
     */
    public static ResponseOutput of(AsyncContext async, Runnable last) {
        ResponseOutput output = new ResponseOutput(async, last);
        async.addListener(output.new Ending());
        return output;
    }

    /**
     * Has the response be written and ended on the loop of its connection. Undertow takes any thread, but one that finds the
     * client gone leaves an error with its trace in the log (UT005088), unless it is the connection's own. Before
     * {@link #start}.
     */
    void on(@Nullable Executor itsLoop) {
        loop = itsLoop;
    }

    /**
     * Takes over the body of the response, whose status and headers are set. Once, before anything is written.
     *
     * @param first how the body begins
     * @throws IOException if the container has no stream for it
     */
    public void start(byte[] first) throws IOException {
        ServletResponse response = async.getResponse();
        response.setBufferSize(1); // Undertow's buffer keeps what a flush could not send, and tells nobody
        current = new Write(first, failure -> {});
        ServletOutputStream taken = response.getOutputStream();
        stream = taken;
        taken.setWriteListener(new Listener());
    }

    /**
     * Hands bytes to the connection.
     *
     * @param bytes what to write, which nobody changes any more
     * @param completion told when the container has taken all of it and would take more, or could not; perhaps inside this
     *     call
     */
    public void write(byte[] bytes, FrameWriter.Completion completion) {
        due.set(new Write(bytes, completion));
        signal();
    }

    /** Ends the response after what was written. A second call does nothing. */
    public void end() {
        ends = true;
        signal();
    }

    /** Ends the request with what the container has taken of the response. */
    public void cancel() {
        cancelled = true; // a round ends the request: another thread may be writing
        signal();
    }

    /**
     * The same, after something that is done only if the response could still go on.
     *
     * @param before what to do first
     */
    public void cancel(Runnable before) {
        cut = before;
        cancel();
    }

    /**
     * Whether the response can go on.
     *
     * @return false after its end or a failure
     */
    public boolean isOpen() {
        return !over;
    }

    /** Runs rounds on one thread at a time: whoever comes meanwhile leaves a signal and goes. */
    private void signal() {
        if (signals.getAndIncrement() == 0) {
            Loops.run(loop, this::rounds);
        }
    }

    private void rounds() {
        int seen = signals.get();
        do {
            round();
            seen = signals.addAndGet(-seen);
        } while (seen != 0);
    }

    private void round() {
        Throwable failure = null;
        try {
            while (!over && !cancelled && !waits && step()) {
                // until the container takes no more, or nothing is due
            }
        } catch (IOException | RuntimeException e) {
            failure = e;
            finish();
        } catch (Error e) {
            failure = e;
            Incidents.report(e, error -> Incidents.log("a response is ended", error));
            finish();
        }
        if (cancelled && !over) {
            Runnable first = cut;
            if (first != null) {
                Incidents.guard(first, e -> Incidents.log("a response is ended, its connection is not", e));
            }
            finish();
        }
        if (over) {
            Write lost = current == null ? due.getAndSet(null) : current;
            current = null;
            if (lost != null) {
                Throwable reason = failure == null ? new EOFException("the response is over") : failure;
                Incidents.guard(() -> lost.completion.done(reason), e -> Incidents.log("a response is over", e));
            }
        }
    }

    /** Does the next thing; false if there is nothing to do. */
    private boolean step() throws IOException {
        ServletOutputStream out = stream;
        waits = true; // before the question: the container may call before it has answered
        if (out == null || !out.isReady()) {
            return false;
        }
        waits = false;
        if (cancelled) {
            return false;
        }
        Write write = current == null ? due.getAndSet(null) : current;
        current = write;
        if (write == null) {
            if (ends) {
                finish();
            }
            return false;
        }
        if (write.written < write.bytes.length) {
            int length = Math.min(CHUNK, write.bytes.length - write.written);
            out.write(write.bytes, write.written, length);
            write.written += length;
            flushes = true;
        } else if (flushes) {
            flushes = false;
            out.flush();
        } else {
            current = null;
            write.completion.done(null);
        }
        return true;
    }

    private void finish() {
        if (over) {
            return;
        }
        over = true;
        Incidents.guard(last, e -> Incidents.log("a request is ended, not as it should be", e));
        try {
            async.complete();
        } catch (IllegalStateException e) {
            LOG.log(Level.DEBUG, "completing a request that the container has completed", e);
        } catch (Throwable e) {
            Incidents.report(e, failure -> Incidents.log("a request is left to its container", failure));
        }
    }

    private static final class Write {
        final byte[] bytes;
        final FrameWriter.Completion completion;
        int written;

        Write(byte[] bytes, FrameWriter.Completion completion) {
            this.bytes = bytes;
            this.completion = completion;
        }
    }

    private final class Listener implements WriteListener {
        @Override
        public void onWritePossible() {
            waits = false;
            signal();
        }

        @Override
        public void onError(Throwable failure) {
            cancel();
        }
    }

    private final class Ending implements AsyncListener {
        @Override
        public void onComplete(AsyncEvent event) {
            over = true;
            signal();
        }

        @Override
        public void onError(AsyncEvent event) {
            cancel();
        }

        @Override
        public void onTimeout(AsyncEvent event) {} // whoever set a time ends it

        @Override
        public void onStartAsync(AsyncEvent event) {}
    }
}
