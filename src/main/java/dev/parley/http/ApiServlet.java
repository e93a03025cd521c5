package dev.parley.http;

import dev.parley.delivery.LocalHub;
import dev.parley.gate.Client;
import dev.parley.gate.Gate;
import dev.parley.gate.Handshake;
import dev.parley.gate.Refusal;
import dev.parley.ops.Budget;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.protocol.JsonCodec;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/**
 * The HTTP API: the resources of {@link Route}, for those who may. Not JAX-RS: a resource of that reads a body by blocking, and
 * a handful of slow ones would hold all threads of a GlassFish.
 */
public class ApiServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    /** How long a browser need not ask again whether a page may ask. */
    private static final String PREFLIGHT_SECONDS = "600";

    @Inject
    private transient LocalHub hub;

    @Inject
    private transient JsonCodec codec;

    @Inject
    private transient Budget budget;

    @Inject
    private transient Gate gate;

    @Inject
    private transient Metrics metrics;

    @Inject
    private transient Settings settings;

    private transient Reading reading;
    private transient Publishing publishing;
    private transient Duration deadline;

    /** For the container. */
    @SuppressWarnings("NullAway.Init") // the container calls init before anything else
    public ApiServlet() {}

    @Override
    public void init() {
        reading = new Reading(hub);
        publishing = new Publishing(hub, codec, settings.limits().text());
        deadline = Exchange.deadline(settings.nats().publishTimeout());
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) {
        Exchange exchange = new Exchange(request, response, codec, deadline, budget);
        exchange.attempt(() -> {
            share(request, response);
            try {
                route(exchange, request);
            } catch (ProblemException problem) {
                gate.refused(request, problem.status());
                throw problem;
            }
        });
    }

    private void route(Exchange exchange, HttpServletRequest request) throws ProblemException, IOException {
        Route.Match match = Route.match(
                request.getRequestURI().substring(request.getContextPath().length()));
        if (match == null) {
            throw new ProblemException(ProblemKind.NOT_FOUND, "There is no such resource.");
        }
        String method = request.getMethod().equals("HEAD") ? "GET" : request.getMethod();
        if (method.equals("OPTIONS")) {
            exchange.answerEmpty(Map.of("Allow", match.route().allow()));
            return;
        }
        if (!match.route().methods().contains(method)) {
            throw ProblemException.methodNotAllowed(match.route().allow());
        }
        Handshake caller = ask(() -> gate.check(request, match.room()));
        boolean publishes = method.equals("POST");
        if (!match.room().isEmpty() && !may(caller, publishes)) {
            throw refused(ProblemKind.FORBIDDEN, "The token does not allow this in this room.", Map.of());
        }
        Client client = ask(() -> gate.client(request, caller));
        boolean reads = !publishes && match.route() != Route.EVENTS;
        require(reads ? gate.admitsRead(client) : gate.admits(client, true, 0));
        switch (match.route()) {
            case ROOMS -> reading.rooms(exchange, caller);
            case ROOM -> reading.room(exchange, caller);
            case MESSAGES -> {
                if (publishes) {
                    publish(exchange, caller, client);
                } else {
                    reading.history(exchange, caller);
                }
            }
            case EVENTS -> events(exchange, caller);
        }
    }

    private static boolean may(Handshake caller, boolean publishes) {
        return publishes
                ? caller.identity().mayPublish(caller.room())
                : caller.identity().mayRead(caller.room());
    }

    /** Lets pages of the origins that the operator names read the answer (WHATWG Fetch §3.3); no other, by default. */
    private void share(HttpServletRequest request, HttpServletResponse response) {
        String page = gate.sharesWith(request);
        response.setHeader("Vary", "Origin");
        if (page != null) {
            response.setHeader("Access-Control-Allow-Origin", page);
            response.setHeader("Access-Control-Expose-Headers", "Location, Retry-After");
            if (request.getMethod().equals("OPTIONS")) {
                response.setHeader("Access-Control-Allow-Methods", "GET, HEAD, POST");
                response.setHeader(
                        "Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID");
                response.setHeader("Access-Control-Max-Age", PREFLIGHT_SECONDS);
            }
        }
    }

    /** What the gate gives to a caller, or the problem of a caller that it refuses. */
    private <T> T ask(Question<T> gates) throws ProblemException {
        try {
            return gates.ask();
        } catch (Refusal refusal) {
            throw refused(ProblemKind.of(refusal.word()), refusal.reason(), refusal.headers());
        }
    }

    /** What the gate is asked. */
    @FunctionalInterface
    private interface Question<T> {
        T ask() throws Refusal;
    }

    private ProblemException refused(ProblemKind kind, String detail, Map<String, String> headers) {
        metrics.refused(kind.code());
        return new ProblemException(kind, detail, headers);
    }

    private void publish(Exchange exchange, Handshake caller, Client client) throws ProblemException, IOException {
        Handshake seated = ask(() -> gate.seatForNow(exchange.request(), caller));
        seated.opened();
        exchange.whenOver(seated::closed);
        publishing.publish(exchange, caller, bytes -> require(gate.admits(client, false, bytes)));
    }

    private void require(boolean admitted) throws ProblemException {
        if (!admitted) {
            throw refused(ProblemKind.RATE, "Rate limit exceeded. Try again in a second.", Map.of("Retry-After", "1"));
        }
    }

    private void events(Exchange exchange, Handshake caller) throws ProblemException, IOException {
        EventStream stream = EventStream.of(exchange, caller);
        if (exchange.request().getMethod().equals("HEAD")) {
            exchange.answerHead(EventStream.HEADERS, MediaTypes.EVENTS);
            return;
        }
        stream.open(exchange, ask(() -> gate.seat(exchange.request(), caller)), hub);
    }
}
