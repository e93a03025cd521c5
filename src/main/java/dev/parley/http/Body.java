package dev.parley.http;

import dev.parley.wire.RequestConnection;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** The body of one request, read as it comes and within a limit. The container calls one method at a time. */
final class Body implements ReadListener {

    /** Bytes that are read for nothing: who is answered while it still writes may find the connection gone instead. */
    private static final int SPARE = 1 << 20;

    private final Exchange exchange;
    private final ServletInputStream in;
    private final int maxBytes;
    private final long length; // negative if it is not told
    private final boolean asksNoFurther;
    private final Reader reader;
    private volatile ByteArrayOutputStream body = new ByteArrayOutputStream();
    private final byte[] buffer = new byte[4096];
    private long received;

    /** What to do with a body. */
    @FunctionalInterface
    interface Reader {
        void read(byte[] body) throws ProblemException;
    }

    private Body(Exchange exchange, ServletInputStream in, int maxBytes, Reader reader) {
        this.exchange = exchange;
        this.in = in;
        this.maxBytes = maxBytes;
        this.length = exchange.request().getContentLengthLong();
        this.asksNoFurther = RequestConnection.readsOn(exchange.request());
        this.reader = reader;
    }

    /** Hands the body of a request to a reader, whose problems become its answer, as one that is too long does. */
    static void read(Exchange exchange, int maxBytes, Reader reader) throws IOException, ProblemException {
        Body body = new Body(exchange, exchange.request().getInputStream(), maxBytes, reader);
        if (body.length > maxBytes + SPARE) {
            throw body.tooLong();
        }
        if (body.asksNoFurther && body.length < 0) {
            exchange.response().setHeader("Connection", "close"); // where it ends shows only when it has ended
        }
        exchange.whenOver(body::release); // the container may keep the request until its body has come
        body.in.setReadListener(body);
    }

    private ProblemException tooLong() {
        return new ProblemException(ProblemKind.TOO_LONG, "The body is too long: the limit is " + maxBytes + " bytes.");
    }

    @Override
    public void onDataAvailable() throws IOException {
        while (!exchange.isAnswered() && !endFollows() && in.isReady()) {
            int count = in.read(buffer);
            if (count < 0) {
                return;
            }
            received += count;
            if (received <= maxBytes) {
                body.write(buffer, 0, count);
                exchange.attempt(this::hold);
            } else if (length < 0) {
                exchange.answer(tooLong());
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

    /** Whether all bytes are here, and the container is about to say so and must not be asked. */
    private boolean endFollows() {
        return asksNoFurther && received == length && !in.isFinished();
    }

    @Override
    public void onAllDataRead() {
        if (!exchange.isAnswered()) {
            exchange.attempt(() -> {
                if (received > maxBytes) {
                    throw tooLong();
                }
                reader.read(body.toByteArray());
            });
        }
    }

    @Override
    public void onError(Throwable failure) {
        exchange.brokeOff(failure);
    }
}
