package dev.parley.testing;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;

/** A client of the HTTP API. Safe for any thread. */
public final class Api {

    /** A client without HTTP/2: what the default one asks of WildFly in clear text, an upgrade, no browser asks. */
    public static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(OnServer.DEADLINE)
            .build();

    private final URI base;
    private final String opsToken;

    /** A client of the server at this root. */
    public Api(URI base) {
        this(base, null);
    }

    /** A client that sends the operators' token to {@code /ops}. */
    public Api(URI base, String opsToken) {
        this.base = base;
        this.opsToken = opsToken;
    }

    /** What came back. */
    public record Answer(HttpResponse<String> response) {

        /** Its status. */
        public int status() {
            return response.statusCode();
        }

        /** Its body as it is. */
        public String text() {
            return response.body();
        }

        /** Its body as an object. */
        public JsonObject json() {
            try (var reader = Json.createReader(new StringReader(response.body()))) {
                return reader.readObject();
            }
        }

        /** A header, or an empty text. */
        public String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        /** Insists on a status; a body that is JSON is expected with any but a problem. */
        public Answer expect(int status) {
            assertThat(status()).as("%s: %s", response, text()).isEqualTo(status);
            return this;
        }

        /** Insists on a problem, as RFC 9457 wants it. */
        public JsonObject problem(int status, String code) {
            expect(status);
            assertThat(header("Content-Type")).isEqualTo("application/problem+json");
            JsonObject problem = json();
            assertThat(problem.getString("code")).as(text()).isEqualTo(code);
            assertThat(problem.getString("type")).isEqualTo("urn:parley:problem:" + code);
            assertThat(problem.getInt("status")).isEqualTo(status);
            assertThat(problem.getString("title")).isNotBlank();
            assertThat(problem.getString("detail")).isNotBlank();
            return problem;
        }
    }

    /** Sends a request; the headers are names and values in turn. */
    public Answer send(String method, String target, String body, String... headers) {
        var request = HttpRequest.newBuilder(base.resolve(target))
                .timeout(OnServer.DEADLINE)
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            return new Answer(HTTP.send(request.build(), BodyHandlers.ofString()));
        } catch (IOException e) {
            throw new AssertionError(method + " " + target, e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Gets a resource. */
    public Answer get(String target, String... headers) {
        return send("GET", target, null, headers);
    }

    /** Posts JSON. */
    public Answer post(String target, String json, String... headers) {
        var all = new String[headers.length + 2];
        System.arraycopy(headers, 0, all, 2, headers.length);
        all[0] = "Content-Type";
        all[1] = "application/json";
        return send("POST", target, json, all);
    }

    /** Sends a request below {@code /ops}, with the token if there is one. */
    public Answer ops(String method, String path, String... headers) {
        var all = new ArrayList<>(List.of(headers));
        if (opsToken != null) {
            all.addAll(List.of("Authorization", "Bearer " + opsToken));
        }
        return send(method, "/ops/" + path, null, all.toArray(String[]::new));
    }

    /** What the metrics say of a series, or of a name or the beginning of its labels summed over the others; 0 if there is none yet. */
    public double metric(String series) {
        return ops("GET", "metrics")
                .expect(200)
                .text()
                .lines()
                .filter(line ->
                        line.startsWith(series + " ") || line.startsWith(series + "{") || line.startsWith(series + ","))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Publishes a text; gives where it stands. */
    public long publish(String room, String user, String text) {
        var body = Json.createObjectBuilder().add("text", text).build().toString();
        return post("/api/rooms/" + room + "/messages?user=" + user, body)
                .expect(201)
                .json()
                .getJsonNumber("offset")
                .longValueExact();
    }
}
