package dev.parley.http;

import dev.parley.wire.server.RequestConnection;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** The body of one request, read as it comes and within a limit. The container calls one method at a time. */
final class Body implements ReadListener {

    /**
     * Bytes that are read for nothing: Undertow closes the connection of a request that is answered before its body has come, and
     * the client that still writes sees no answer, or sends its next request to nobody.
     */
    private static final int SPARE = 1 << 20;

    private final Exchange exchange;
    private final ServletInputStream in;
    private final int maxBytes;
    private final long length; // negative if it is not told
    private final boolean asksNoFurther;
    private final Reader reader;
    private final Runnable tooLong;
    private volatile ByteArrayOutputStream body = new ByteArrayOutputStream();
    private final byte[] buffer = new byte[4096];
    private long received;
    private boolean over;

    /** What to do with a body. */
    @FunctionalInterface
    interface Reader {
        void read(byte[] body) throws ProblemException;
    }

    private Body(Exchange exchange, int maxBytes, Reader reader, Runnable tooLong) throws IOException {
        this.exchange = exchange;
        this.in = exchange.request().getInputStream();
        this.maxBytes = maxBytes;
        this.length = exchange.request().getContentLengthLong();
        this.asksNoFurther = RequestConnection.readsOn(exchange.request());
        this.reader = reader;
        this.tooLong = tooLong;
    }

    /** Hands the body of a request to a reader, whose problems become its answer, as one that is too long does. */
    static void read(Exchange exchange, int maxBytes, Reader reader) throws IOException, ProblemException {
        ProblemException tooLong = new ProblemException(
                ProblemKind.TOO_LONG, "The body is too long: the limit is " + maxBytes + " bytes.");
        if (exchange.request().getContentLengthLong() > maxBytes + SPARE) {
            throw tooLong;
        }
        new Body(exchange, maxBytes, reader, () -> exchange.answer(tooLong)).begin();
    }

    /** Does something when the body of a request has come, of which nothing is kept. */
    static void skip(Exchange exchange, Runnable task) throws IOException {
        new Body(exchange, 0, body -> task.run(), task).begin();
    }

    /**
     * Whether the body of a request comes even if nobody asks for it and is short enough to wait for. Not one whose client waits
     * for a 100 (RFC 9110 §10.1.1).
     */
    static boolean isWorthWaitingFor(HttpServletRequest request) {
        return request.getHeader("Expect") == null && request.getContentLengthLong() <= SPARE;
    }

    private void begin() {
        exchange.body(Exchange.Arrival.READING);
        if (asksNoFurther && length < 0) {
            exchange.response().setHeader("Connection", "close"); // where it ends shows only when it has ended
        }
        exchange.whenOver(this::release); // the container may keep the request until its body has come
        in.setReadListener(this);
    }

    @Override
    public void onDataAvailable() throws IOException {
        while (!exchange.isAnswered() && !isOver() && in.isReady()) {
            int count = in.read(buffer);
            if (count < 0) {
                return;
            }
            received += count;
            if (received <= maxBytes) {
                body.write(buffer, 0, count);
                exchange.attempt(this::hold);
            } else if (received > maxBytes + SPARE) {
                tooLong.run();
            }
        }
    }

    /** The stream's array has up to twice as many bytes as it needs. */
    private void hold() throws ProblemException {
        try {
            exchange.hold(buffer.length + 2L * body.size());
        } catch (ProblemException e) {
            release();
            throw e;
        }
    }

    private void release() {
        body = new ByteArrayOutputStream(0);
    }

    /**
     * Whether no more bytes are to be asked for. Where the container tells of the end unasked it must not be asked once all bytes
     * are here; and asked about a body that has ended it would tell twice, on two threads, of which one may be late for the request.
     */
    private boolean isOver() throws IOException {
        if (asksNoFurther && in.isFinished() && in.available() == 0) {
            onAllDataRead();
            return true;
        }
        return asksNoFurther && received == length;
    }

    @Override
    public void onAllDataRead() {
        if (over || exchange.isAnswered()) {
            return;
        }
        over = true;
        exchange.body(Exchange.Arrival.READ);
        if (received > maxBytes) {
            tooLong.run();
        } else {
            exchange.attempt(() -> reader.read(body.toByteArray()));
        }
    }

    @Override
    public void onError(Throwable failure) {
        exchange.brokeOff(failure);
    }
}
