package dev.parley.http;

import dev.parley.protocol.ApiMessage;
import dev.parley.protocol.JsonCodec;
import dev.parley.wire.RequestConnection;
import dev.parley.wire.ResponseOutput;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One request and its one answer, asynchronous from the start: neither its body nor its answer ever holds a thread of the
 * container. Safe for any thread.
 */
final class Exchange {

    private static final Logger LOG = System.getLogger(Exchange.class.getName());

    /** How long a request may take with its body and its answer, milliseconds. A longer one gets a 408 or is cut off. */
    private static final long DEADLINE = 30_000;

    /** Bytes of a body that are read for nothing: who is answered while it still writes may find the connection gone instead. */
    private static final int SPARE = 1 << 20;

    private final HttpServletRequest request;
    private final HttpServletResponse response;
    private final JsonCodec codec;
    private final AsyncContext async;
    private final AtomicBoolean answered = new AtomicBoolean();

    Exchange(HttpServletRequest request, HttpServletResponse response, JsonCodec codec) {
        this.request = request;
        this.response = response;
        this.codec = codec;
        this.async = request.startAsync(request, response);
        async.setTimeout(DEADLINE);
        async.addListener(new Deadline());
    }

    HttpServletRequest request() {
        return request;
    }

    HttpServletResponse response() {
        return response;
    }

    /** Insists that the client takes a media type. */
    void requireAccepts(String type) throws ProblemException {
        if (!MediaTypes.accepts(request, type)) {
            throw new ProblemException(ProblemKind.NOT_ACCEPTABLE, "This resource is " + type + ".");
        }
    }

    /** Leaves the answer to the caller, without a deadline. */
    AsyncContext stream() {
        answered.set(true);
        async.setTimeout(0);
        return async;
    }

    /** What to do with a body. */
    @FunctionalInterface
    interface BodyReader {
        void read(byte[] body) throws ProblemException;
    }

    /** Reads the body as it comes. */
    void body(int maxBytes, BodyReader reader) throws IOException, ProblemException {
        if (request.getContentLengthLong() > maxBytes + SPARE) {
            throw tooLong(maxBytes);
        }
        ServletInputStream in = request.getInputStream();
        long toldEnd = RequestConnection.readsOn(request) ? request.getContentLengthLong() : Long.MAX_VALUE;
        if (toldEnd < 0) {
            response.setHeader("Connection", "close"); // where the body ends shows only when it has ended
        }
        in.setReadListener(new Body(in, maxBytes, toldEnd, reader));
    }

    private static ProblemException tooLong(int maxBytes) {
        return new ProblemException(ProblemKind.TOO_LONG, "A body is at most " + maxBytes + " bytes.");
    }

    /** Does something for the request; what it throws becomes the answer. */
    void attempt(Attempt attempt) {
        try {
            attempt.run();
        } catch (ProblemException e) {
            answer(e);
        } catch (IOException e) {
            brokeOff(e);
        } catch (RuntimeException | StackOverflowError e) {
            incident(e);
        }
    }

    /** What is done for a request. */
    @FunctionalInterface
    interface Attempt {
        void run() throws ProblemException, IOException;
    }

    /** Answers with a message. */
    void answer(int status, Map<String, String> headers, ApiMessage message) {
        send(status, headers, MediaTypes.JSON, codec.encode(message));
    }

    /** Answers with a problem. */
    void answer(ProblemException problem) {
        send(problem.status(), problem.headers(), MediaTypes.PROBLEM, codec.encode(problem.body()));
    }

    /** Answers as a {@code GET} would begin to. */
    void answerHead(Map<String, String> headers, String type) {
        send(HttpServletResponse.SC_OK, headers, type, "");
    }

    /** Answers that there is nothing to say. */
    void answerEmpty(Map<String, String> headers) {
        send(HttpServletResponse.SC_NO_CONTENT, headers, null, "");
    }

    /** Answers with what a stage gives, or with the problem that it fails with. */
    void answer(CompletionStage<? extends ApiMessage> stage) {
        stage.whenComplete((message, failure) -> {
            if (failure == null) {
                answer(HttpServletResponse.SC_OK, Map.of(), message);
            } else {
                answer(ProblemException.of(failure));
            }
        });
    }

    /** Whoever is still there must not take the container's 200 for an answer. */
    private void brokeOff(Throwable failure) {
        LOG.log(Level.DEBUG, "a body broke off", failure);
        answer(new ProblemException(
                ProblemKind.UNAVAILABLE, "The body broke off and nothing was done: send it again."));
    }

    private void incident(Throwable failure) {
        String incident = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        LOG.log(Level.ERROR, "Incident " + incident + ": a request is answered with 500", failure);
        answer(new ProblemException(ProblemKind.INTERNAL, "Internal error, incident " + incident + "."));
    }

    /** No Content-Length: Undertow stops calling once it has as much, and the request would never complete. */
    private void send(int status, Map<String, String> headers, @Nullable String type, String body) {
        if (!answered.compareAndSet(false, true)) {
            return;
        }
        try {
            head(status, headers, type);
            String sent = request.getMethod().equals("HEAD") ? "" : body;
            ResponseOutput.open(async, sent.getBytes(StandardCharsets.UTF_8)).end();
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "an answer could not be written", e);
            complete();
        }
    }

    private void head(int status, Map<String, String> headers, @Nullable String type) {
        response.setStatus(status);
        response.setHeader("Cache-Control", "no-store");
        headers.forEach(response::setHeader);
        if (type != null) {
            response.setContentType(type);
        }
    }

    private void complete() {
        try {
            async.complete();
        } catch (IllegalStateException e) {
            LOG.log(Level.DEBUG, "completing a request that the container has completed", e);
        }
    }

    private final class Body implements ReadListener {

        private final ServletInputStream in;
        private final int maxBytes;
        private final long toldEnd;
        private final BodyReader reader;
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private final byte[] buffer = new byte[4096];
        private long received;

        Body(ServletInputStream in, int maxBytes, long toldEnd, BodyReader reader) {
            this.in = in;
            this.maxBytes = maxBytes;
            this.toldEnd = toldEnd;
            this.reader = reader;
        }

        @Override
        public void onDataAvailable() throws IOException {
            while (!answered.get() && !endFollows() && in.isReady()) {
                int length = in.read(buffer);
                if (length < 0) {
                    return;
                }
                received += length;
                if (received <= maxBytes) {
                    body.write(buffer, 0, length);
                } else if (request.getContentLengthLong() < 0) {
                    answer(tooLong(maxBytes));
                }
            }
        }

        /** Whether all bytes are here, and the container is about to say so and must not be asked. */
        private boolean endFollows() {
            return received == toldEnd && !in.isFinished();
        }

        @Override
        public void onAllDataRead() {
            if (!answered.get()) {
                attempt(() -> {
                    if (received > maxBytes) {
                        throw tooLong(maxBytes);
                    }
                    reader.read(body.toByteArray());
                });
            }
        }

        @Override
        public void onError(Throwable failure) {
            brokeOff(failure);
        }
    }

    /** Ends a request that takes too long. An answer has to be written here and at once, or the container writes its own. */
    private final class Deadline implements AsyncListener {

        @Override
        public void onTimeout(AsyncEvent event) throws IOException {
            if (answered.compareAndSet(false, true)) {
                ProblemException late = new ProblemException(
                        ProblemKind.TIMEOUT, "The request did not end within " + DEADLINE / 1000 + " seconds.");
                head(late.status(), late.headers(), MediaTypes.PROBLEM);
                response.getOutputStream().write(codec.encode(late.body()).getBytes(StandardCharsets.UTF_8));
            }
            complete();
        }

        @Override
        public void onError(AsyncEvent event) {
            complete();
        }

        @Override
        public void onComplete(AsyncEvent event) {}

        @Override
        public void onStartAsync(AsyncEvent event) {}
    }
}
