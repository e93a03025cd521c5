package dev.parley.http;

import dev.parley.ops.Budget;
import dev.parley.ops.Incidents;
import dev.parley.protocol.ApiMessage;
import dev.parley.protocol.JsonCodec;
import dev.parley.wire.server.RequestConnection;
import dev.parley.wire.sse.ResponseOutput;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One request and its one answer, asynchronous from the start: neither its body nor its answer ever holds a thread of the
 * container. Safe for any thread.
 */
final class Exchange {

    private static final Logger LOG = System.getLogger(Exchange.class.getName());

    /** How long a request may take to arrive with its body. */
    private static final Duration ARRIVAL = Duration.ofSeconds(30);

    /** An answer of so many bytes is given however short memory is. */
    private static final int SMALL = 4096;

    private static final byte[] EMPTY = {};

    private final HttpServletRequest request;
    private final HttpServletResponse response;
    private final JsonCodec codec;
    private final AsyncContext async;
    private final ResponseOutput output;
    private final AtomicBoolean answered = new AtomicBoolean();
    private final Budget budget;
    private final Budget.Account body; // of the request
    private final Budget.Account answer;
    private volatile Arrival arrival;

    /** How far the body of the request has come. */
    enum Arrival {
        /** Nobody has asked for it. */
        UNREAD,
        /** A {@link Body} reads it. */
        READING,
        /** There is no more of it. */
        READ
    }

    /** Starts an exchange. After the deadline the client gets a 408, or the response is cut off. */
    Exchange(
            HttpServletRequest request,
            HttpServletResponse response,
            JsonCodec codec,
            Duration deadline,
            Budget budget) {
        this.request = request;
        this.response = response;
        this.codec = codec;
        this.budget = budget;
        this.body = budget.account(Budget.Holder.BODIES);
        this.answer = budget.account(Budget.Holder.RESPONSES);
        this.async = request.startAsync(request, response);
        async.setTimeout(deadline.toMillis());
        async.addListener(new Deadline(deadline));
        this.output = ResponseOutput.of(async, () -> RequestConnection.endUnread(request));
        this.arrival = RequestConnection.hasBody(request) ? Arrival.UNREAD : Arrival.READ;
    }

    /** The deadline where the broker answers within some time, so that its answer comes before a 408. */
    static Duration deadline(Duration broker) {
        return ARRIVAL.plus(broker);
    }

    HttpServletRequest request() {
        return request;
    }

    HttpServletResponse response() {
        return response;
    }

    ResponseOutput output() {
        return output;
    }

    /** Holds so many bytes for the body of the request until the request is over; throws if there is no memory for it. */
    void hold(long bytes) throws ProblemException {
        if (body.hold(bytes) && !budget.fits(Budget.Holder.BODIES, 0)) {
            body.settle(0);
            throw ProblemException.noMemory();
        }
    }

    /** Insists that the client takes a media type. */
    void requireAccepts(String type) throws ProblemException {
        if (!MediaTypes.accepts(request, type)) {
            throw new ProblemException(ProblemKind.NOT_ACCEPTABLE, "This resource is only available as " + type + ".");
        }
    }

    /** Leaves the answer to the caller, without a deadline. */
    AsyncContext stream() {
        answered.set(true);
        async.setTimeout(0);
        endIfUnread();
        return async;
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
        byte[] text = bytes(codec.encode(message));
        if (answer.hold(text.length) && text.length > SMALL && !budget.fits(Budget.Holder.RESPONSES, 0)) {
            answer.settle(0);
            answer(ProblemException.noMemory());
        } else {
            send(status, headers, MediaTypes.JSON, text);
        }
    }

    /** Answers with a problem. */
    void answer(ProblemException problem) {
        send(problem.status(), problem.headers(), MediaTypes.PROBLEM, bytes(codec.encode(problem.body())));
    }

    /** Answers with a text of some media type. */
    void answer(int status, String type, String text) {
        send(status, Map.of(), type, bytes(text));
    }

    /** Answers as a {@code GET} would begin to. */
    void answerHead(Map<String, String> headers, String type) {
        send(HttpServletResponse.SC_OK, headers, type, EMPTY);
    }

    /** Answers that there is nothing to say. */
    void answerEmpty(Map<String, String> headers) {
        send(HttpServletResponse.SC_NO_CONTENT, headers, null, EMPTY);
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

    /** Has something done once, when the request is over, however it ends. Before the first answer. */
    void whenOver(Runnable task) {
        async.addListener(new AsyncListener() {
            @Override
            public void onComplete(AsyncEvent event) {
                task.run();
            }

            @Override
            public void onError(AsyncEvent event) {
                task.run();
            }

            @Override
            public void onTimeout(AsyncEvent event) {}

            @Override
            public void onStartAsync(AsyncEvent event) {}
        });
    }

    /** Whether there is an answer, or nobody left to have it. */
    boolean isAnswered() {
        return answered.get();
    }

    /** Whoever is still there must not take the container's 200 for an answer. */
    void brokeOff(Throwable failure) {
        LOG.log(Level.DEBUG, "a body broke off", failure);
        answer(new ProblemException(
                ProblemKind.UNAVAILABLE, "The body was cut off and nothing was published. Send it again."));
    }

    private void incident(Throwable failure) {
        String incident = Incidents.log("a request failed with 500", failure);
        answer(new ProblemException(ProblemKind.INTERNAL, "Internal error, incident " + incident + "."));
    }

    /** Notes how far the body of the request has come. */
    void body(Arrival now) {
        arrival = now;
    }

    /** Says that the connection ends with the answer, if some of the body is still to come: nobody reads on behind it. */
    private void endIfUnread() {
        if (arrival != Arrival.READ) {
            response.setHeader("Connection", "close");
        }
    }

    private void send(int status, Map<String, String> headers, @Nullable String type, byte[] body) {
        Runnable answer = () -> write(status, headers, type, body);
        if (arrival != Arrival.UNREAD || isAnswered() || !Body.isWorthWaitingFor(request)) {
            answer.run();
            return;
        }
        try {
            Body.skip(this, answer);
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "a body could not be read", e);
            answer.run();
        }
    }

    /** No Content-Length: Undertow stops calling once it has as much, and the request would never complete. */
    private void write(int status, Map<String, String> headers, @Nullable String type, byte[] body) {
        if (!answered.compareAndSet(false, true)) {
            return;
        }
        try {
            head(status, headers, type);
            output.start(request.getMethod().equals("HEAD") ? EMPTY : body);
            output.end();
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "an answer could not be written", e);
            output.cancel();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void head(int status, Map<String, String> headers, @Nullable String type) {
        response.setStatus(status);
        response.setHeader("Cache-Control", "no-store");
        endIfUnread();
        headers.forEach(response::setHeader);
        if (type != null) {
            response.setContentType(type);
        }
    }

    /**
     * Ends a request that takes too long. An answer has to be written here and at once, or the container writes its own; and none
     * once the container has ended the request, whose objects may be another's.
     */
    private final class Deadline implements AsyncListener {

        private final Duration deadline;

        Deadline(Duration deadline) {
            this.deadline = deadline;
        }

        @Override
        public void onTimeout(AsyncEvent event) throws IOException {
            if (answered.compareAndSet(false, true)) {
                ProblemException late = new ProblemException(
                        ProblemKind.TIMEOUT, "The request took longer than " + deadline.toSeconds() + " seconds.");
                head(late.status(), late.headers(), MediaTypes.PROBLEM);
                response.getOutputStream().write(bytes(codec.encode(late.body())));
                response.flushBuffer();
            }
            output.cancel();
        }

        @Override
        public void onError(AsyncEvent event) {
            over();
        }

        @Override
        public void onComplete(AsyncEvent event) {
            over();
        }

        private void over() {
            answered.set(true);
            body.close();
            answer.close();
        }

        @Override
        public void onStartAsync(AsyncEvent event) {}
    }
}
