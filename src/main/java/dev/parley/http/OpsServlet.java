package dev.parley.http;

import dev.parley.ops.Budget;
import dev.parley.ops.Drain;
import dev.parley.ops.Health;
import dev.parley.ops.Settings;
import dev.parley.protocol.JsonCodec;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The resources for operators and their tools, at {@code /ops}: {@code health/live}, {@code health/ready} and {@code metrics}
 * to read, and {@code drain} to start (POST) and to cancel (DELETE), as far as {@link OpsAccess} allows.
 */
public class OpsServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    private static final String READ = "OPTIONS, HEAD, GET";
    private static final Map<String, String> ALLOW =
            Map.of("/health/live", READ, "/health/ready", READ, "/metrics", READ, "/drain", "OPTIONS, POST, DELETE");

    @Inject
    private transient Settings settings;

    @Inject
    private transient Health health;

    @Inject
    private transient Drain drain;

    @Inject
    private transient JsonCodec codec;

    @Inject
    private transient Budget budget;

    @Inject
    private transient PrometheusMeterRegistry registry;

    private transient OpsAccess access;

    /** For the container. */
    @SuppressWarnings("NullAway.Init") // the container calls init before anything else
    public OpsServlet() {}

    @Override
    public void init() {
        access = new OpsAccess(settings);
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) {
        Exchange exchange = new Exchange(request, response, codec, Exchange.deadline(Duration.ZERO), budget);
        exchange.attempt(() -> route(exchange, request));
    }

    private void route(Exchange exchange, HttpServletRequest request) throws ProblemException {
        access.requireRead(request);
        String path = String.valueOf(request.getPathInfo());
        String allow = ALLOW.get(path);
        if (allow == null) {
            throw new ProblemException(
                    ProblemKind.NOT_FOUND, "The resources of /ops are health/live, health/ready, metrics and drain.");
        }
        if (request.getMethod().equals("OPTIONS")) {
            exchange.answerEmpty(Map.of("Allow", allow));
            return;
        }
        if (!List.of(allow.split(", ", -1)).contains(request.getMethod())) {
            throw ProblemException.methodNotAllowed(allow);
        }
        switch (path) {
            case "/health/live" -> json(exchange, HttpServletResponse.SC_OK, status(true));
            case "/health/ready" -> ready(exchange);
            case "/metrics" -> metrics(exchange, request.getHeader("Accept"));
            default -> drain(exchange, request);
        }
    }

    private void ready(Exchange exchange) {
        Map<String, Boolean> conditions = health.conditions();
        boolean ready = !conditions.isEmpty() && !conditions.containsValue(false);
        JsonObjectBuilder all = Json.createObjectBuilder();
        conditions.forEach(all::add);
        int code = ready ? HttpServletResponse.SC_OK : HttpServletResponse.SC_SERVICE_UNAVAILABLE;
        json(exchange, code, status(ready).add("conditions", all));
    }

    private void metrics(Exchange exchange, @Nullable String accept) {
        String type = accept != null && accept.contains("application/openmetrics-text")
                ? OpenMetricsTextFormatWriter.CONTENT_TYPE
                : PrometheusTextFormatWriter.CONTENT_TYPE;
        exchange.answer(HttpServletResponse.SC_OK, type, registry.scrape(type));
    }

    /** A start is 202, since the clients are closed afterwards; a cancellation has taken effect when it is answered. */
    private void drain(Exchange exchange, HttpServletRequest request) throws ProblemException {
        access.requireChange(request);
        boolean start = request.getMethod().equals("POST");
        if (start) {
            drain.start();
        } else {
            drain.cancel();
        }
        json(
                exchange,
                start ? HttpServletResponse.SC_ACCEPTED : HttpServletResponse.SC_OK,
                Json.createObjectBuilder().add("draining", start));
    }

    private static JsonObjectBuilder status(boolean up) {
        return Json.createObjectBuilder().add("status", up ? "up" : "down");
    }

    private static void json(Exchange exchange, int code, JsonObjectBuilder body) {
        exchange.answer(code, MediaTypes.JSON, body.build().toString());
    }
}
