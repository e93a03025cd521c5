package dev.parley.ops;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What operators and their tools ask at {@code /ops}: {@code health/live}, {@code health/ready} and {@code metrics}; and what
 * they tell it: {@code drain}, by POST. Answers those whom {@link OpsAccess} lets in, others get 403. Errors are RFC 9457 problems.
 */
public class OpsServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Inject
    private transient Settings settings;

    @Inject
    private transient Health health;

    @Inject
    private transient Drain drain;

    @Inject
    private transient PrometheusMeterRegistry registry;

    /** For the container. */
    public OpsServlet() {}

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        response.setHeader("Cache-Control", "no-store");
        if (OpsAccess.allows(request, settings.ops())) {
            super.service(request, response);
        } else {
            problem(response, HttpServletResponse.SC_FORBIDDEN, "Forbidden", OpsAccess.RULE);
        }
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        switch (String.valueOf(request.getPathInfo())) {
            case "/health/live" ->
                json(response, HttpServletResponse.SC_OK, status(true).build());
            case "/health/ready" -> ready(response);
            case "/metrics" -> metrics(response, request.getHeader("Accept"));
            default ->
                problem(
                        response,
                        HttpServletResponse.SC_NOT_FOUND,
                        "Not Found",
                        "There are health/live, health/ready and metrics.");
        }
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if ("/drain".equals(request.getPathInfo())) {
            drain.start();
            json(
                    response,
                    HttpServletResponse.SC_ACCEPTED,
                    Json.createObjectBuilder().add("draining", true).build());
        } else {
            problem(response, HttpServletResponse.SC_NOT_FOUND, "Not Found", "What can be posted is drain.");
        }
    }

    private void ready(HttpServletResponse response) throws IOException {
        Map<String, Boolean> conditions = health.conditions();
        boolean ready = !conditions.isEmpty() && !conditions.containsValue(false);
        JsonObjectBuilder all = Json.createObjectBuilder();
        conditions.forEach(all::add);
        int code = ready ? HttpServletResponse.SC_OK : HttpServletResponse.SC_SERVICE_UNAVAILABLE;
        json(response, code, status(ready).add("conditions", all).build());
    }

    private void metrics(HttpServletResponse response, @Nullable String accept) throws IOException {
        String type = accept != null && accept.contains("application/openmetrics-text")
                ? OpenMetricsTextFormatWriter.CONTENT_TYPE
                : PrometheusTextFormatWriter.CONTENT_TYPE;
        response.setContentType(type);
        registry.scrape(response.getOutputStream(), type);
    }

    private static JsonObjectBuilder status(boolean up) {
        return Json.createObjectBuilder().add("status", up ? "up" : "down");
    }

    private static void problem(HttpServletResponse response, int code, String title, String detail)
            throws IOException {
        JsonObject problem = Json.createObjectBuilder()
                .add("type", "about:blank")
                .add("title", title)
                .add("status", code)
                .add("detail", detail)
                .build();
        write(response, code, "application/problem+json", problem);
    }

    private static void json(HttpServletResponse response, int code, JsonObject body) throws IOException {
        write(response, code, "application/json", body);
    }

    private static void write(HttpServletResponse response, int code, String type, JsonObject body) throws IOException {
        byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
        response.setStatus(code);
        response.setContentType(type);
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }
}
