package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Api;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import dev.parley.testing.RoomClient;
import jakarta.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The HTTP API: rooms, history, publishing, and what is said to those who get it wrong. */
class ApiIT extends OnServer {

    private static final AtomicInteger ROOMS = new AtomicInteger();

    private final Api api = new Api(base());

    /** A room of this test alone. */
    private final String name = "api-" + ROOMS.incrementAndGet();

    private final String room = "/api/rooms/" + name;
    private final String messages = room + "/messages";

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    private RoomClient join(String user) {
        var client = new RoomClient(
                connect("/ws/chat/" + name + "?user=" + user, "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
        client.next("welcome");
        return client;
    }

    private static List<String> texts(JsonObject history) {
        return history.getJsonArray("messages").getValuesAs(JsonObject.class).stream()
                .map(message -> message.getString("text"))
                .toList();
    }

    // --- publishing

    @Test
    void whatIsPublishedComesToTheRoomAndStandsWhereTheAnswerSays() {
        var alice = join("alice");
        var answer = api.post(messages + "?user=bob", "{\"text\":\"hi\"}").expect(201);
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        var message = alice.message("hi");
        assertThat(message.getString("from")).isEqualTo("bob");
        assertThat(answer.json().getInt("offset")).isEqualTo(message.getInt("offset"));
        assertThat(answer.json()).doesNotContainKey("id");

        var location = base().resolve(messages + "?user=bob").resolve(answer.header("Location"));
        var there = api.get(location.toString()).expect(200).json();
        assertThat(texts(there)).containsExactly("hi");
        assertThat(there.getBoolean("recovered")).isTrue();
        var behindAPrefix = URI.create("https://example.org/chat" + messages).resolve(answer.header("Location"));
        assertThat(behindAPrefix.getRawPath()).isEqualTo("/chat" + messages);
    }

    @Test
    void emptyPiecesOfAQueryAreIgnored() {
        api.post(messages + "?&user=a&&", "{\"text\":\"x\"}").expect(201);
        assertThat(texts(api.get(messages + "?limit=1&&").expect(200).json())).containsExactly("x");
        api.get(messages + "?&").expect(200);
        api.get(messages + "?limit=1&&limit=2").problem(400, "bad-request");
        open("/ws/chat/" + name + "?user=a&&history=5&").close();
    }

    @Test
    void aByteOrderMarkIsIgnored() {
        api.post(messages, "\uFEFF{\"text\":\"x\"}").expect(201);
        api.post(messages, "\uFEFF\uFEFF{\"text\":\"x\"}").problem(400, "bad-json");
        assertThat(texts(api.get(messages).json())).containsExactly("x");
    }

    @Test
    void theSameKeyAgainIsTheSameMessage() {
        var alice = join("alice");
        var first = api.post(messages + "?user=bob", "{\"text\":\"once\"}", "Idempotency-Key", "\"k 1\"")
                .expect(201);
        var second = api.post(messages + "?user=bob", "{\"text\":\"once\"}", "Idempotency-Key", "\"k 1\"")
                .expect(201);
        assertThat(second.json()).isEqualTo(first.json());
        assertThat(first.json().getString("id")).isEqualTo("k 1");
        alice.message("once");
        alice.expectNothing();
    }

    @Test
    void aKeyInQuotesOrBareIsTheSame() {
        var first = api.post(messages, "{\"text\":\"x\"}", "Idempotency-Key", "\"abc\"")
                .expect(201);
        var second =
                api.post(messages, "{\"text\":\"x\"}", "Idempotency-Key", "abc").expect(201);
        assertThat(second.json()).isEqualTo(first.json());
    }

    @Test
    void aNameIsTheSameUserHoweverItsAccentsAreEncoded() {
        var first = api.post(messages + "?user=Jos%C3%A9", "{\"text\":\"x\"}", "Idempotency-Key", "k")
                .expect(201);
        var second = api.post(messages + "?user=Jose%CC%81", "{\"text\":\"x\"}", "Idempotency-Key", "k")
                .expect(201);
        assertThat(second.json()).isEqualTo(first.json());
        api.post(messages + "?user=alice%EF%B8%8F", "{\"text\":\"x\"}").problem(400, "bad-request");
    }

    @Test
    void lineBreaksAndTabsArePublishedUnchanged() {
        api.post(messages, "{\"text\":\"a\\r\\nb\\n\\tc\\rd\"}").expect(201);
        assertThat(texts(api.get(messages).json())).containsExactly("a\r\nb\n\tc\rd");
    }

    @Test
    void theSameKeyWithAnotherTextIs422() {
        api.post(messages, "{\"text\":\"one\"}", "Idempotency-Key", "k").expect(201);
        api.post(messages, "{\"text\":\"two\"}", "Idempotency-Key", "k").problem(422, "duplicate-id");
        assertThat(texts(api.get(messages).json())).containsExactly("one");
    }

    @Test
    void aKeyOfASocketIsTheSameOverHttp() {
        var alice = join("alice");
        long offset = alice.publish("hi", "shared");
        var again = api.post(messages + "?user=alice", "{\"text\":\"hi\"}", "Idempotency-Key", "shared");
        assertThat(again.expect(201).json().getInt("offset")).isEqualTo(offset);
        alice.expectNothing();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"\"", "\"open", "\"a\"b\"", "a b", "\"a\\b\""})
    void aKeyThatIsNoneIs400(String key) {
        api.post(messages, "{\"text\":\"x\"}", "Idempotency-Key", key).problem(400, "bad-id");
        assertThat(texts(api.get(messages).json())).isEmpty();
    }

    @Test
    void aKeyOf65CharactersIs400() {
        api.post(messages, "{\"text\":\"x\"}", "Idempotency-Key", "k".repeat(65))
                .problem(400, "bad-id");
        api.post(messages, "{\"text\":\"x\"}", "Idempotency-Key", "k".repeat(64))
                .expect(201);
        api.post(messages, "{\"text\":\"x\"}", "Idempotency-Key", "a", "Idempotency-Key", "b")
                .problem(400, "bad-id");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            quoteCharacter = '`',
            value = {
                "`` bad-json",
                "{ bad-json",
                "[] bad-json",
                "null bad-json",
                "{}x bad-json",
                "{\"text\":\"a\",\"text\":\"b\"} bad-json",
                "{} bad-text",
                "{\"text\":1} bad-text",
                "{\"text\":null} bad-text",
                "{\"text\":[\"hello\"]} bad-text",
                "{\"text\":\"a\\u0000b\"} bad-text",
                "{\"text\":\"a\\u001bb\"} bad-text",
                "{\"text\":\"\\ud800\"} bad-text"
            })
    void aBodyThatHoldsNoTextIs400(String body, String code) {
        var problem = api.post(messages, body).problem(400, code);
        assertThat(problem.getString("detail"))
                .doesNotContain("hello", "Exception", "jakarta", "dev.parley")
                .hasSizeLessThan(200);
        assertThat(texts(api.get(messages).json())).isEmpty();
    }

    @Test
    void aBodyThatIsNotUtf8Is400() {
        var socket = socket();
        head(socket, "Content-Length: 12");
        socket.write(new byte[] {'{', '"', 't', 'e', 'x', 't', '"', ':', '"', (byte) 0xC3, '"', '}'});
        var response = socket.answer();
        assertThat(response.status()).isEqualTo(400);
        assertThat(response.body()).contains("bad-json");
    }

    @Test
    void theLongestTextPassesAndALongerOneIs413() {
        int max = 64 * 1024;
        api.post(messages, "{\"text\":\"" + "x".repeat(max) + "\"}").expect(201);
        api.post(messages, "{\"text\":\"" + "\\u0078".repeat(max) + "\"}").expect(201);
        api.post(messages, "{\"text\":\"" + "x".repeat(max + 1) + "\"}").problem(413, "too-long");
        api.post(messages, "{\"text\":\"" + "\u00E4".repeat(max / 2 + 1) + "\"}")
                .problem(413, "too-long");
        api.post(messages, "{\"text\":\"" + "\\u0078".repeat(max + 1000) + "\"}")
                .problem(413, "too-long");
    }

    /** Whose next bytes may be at hand already: Grizzly, asked for more, takes them for the first request. */
    @Test
    void aBodyEndsWhereTheNextRequestBegins() {
        var socket = socket();
        var next = "GET " + messages + "?limit=1 HTTP/1.1\r\nHost: " + base().getAuthority() + "\r\n\r\n";
        for (int i = 1; i <= 100; i++) {
            var body = "{\"text\":\"" + "x".repeat(i) + "\"}";
            head(socket, "Content-Length: " + body.length());
            socket.trickle(body.getBytes(StandardCharsets.US_ASCII)).write(next.getBytes(StandardCharsets.US_ASCII));
            var published = socket.answer();
            assertThat(published.status()).as(published.body()).isEqualTo(201);
            var read = socket.answer();
            assertThat(read.status()).as(read.body()).isEqualTo(200);
            assertThat(read.body()).contains(body.substring(1, body.length() - 1));
        }
    }

    /** Undertow closes a connection whose request is answered before its body has come, and the next request has no answer. */
    @ParameterizedTest
    @CsvSource({
        "POST,/messages?user=a&user=b,Content-Length: 12,400",
        "POST,/messages?user=a&user=b,Transfer-Encoding: chunked,400",
        "PUT,/messages,Content-Length: 12,405",
        "POST,/nothing,Content-Length: 12,404",
        "OPTIONS,/messages,Content-Length: 12,204"
    })
    void anAnswerWaitsForTheBodyThatItDoesNotNeed(String method, String below, String length, int status) {
        var socket = socket();
        socket.write((method + " " + room + below + " HTTP/1.1\r\nHost: " + base().getAuthority()
                        + "\r\nContent-Type: application/json\r\n" + length + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        api.get(room).expect(200); // so that the server has had the time to answer
        var body = "{\"text\":\"x\"}";
        boolean chunked = length.endsWith("chunked");
        socket.trickle((chunked ? "c\r\n" + body + "\r\n0\r\n\r\n" : body).getBytes(StandardCharsets.US_ASCII));
        var answer = socket.answer();
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        if (!"close".equals(answer.header("Connection"))) {
            assertThat(socket.request("GET", room, Map.of()).status()).isEqualTo(200);
        }
    }

    @Test
    void aBodyWithoutALengthIsBoundedToo() {
        var socket = socket();
        head(socket, "Transfer-Encoding: chunked");
        var chunk = "10000\r\n" + "x".repeat(0x10000) + "\r\n";
        for (int i = 0; i < 24; i++) {
            socket.offer(chunk.getBytes(StandardCharsets.US_ASCII));
        }
        assertThat(socket.statusOrEnd()).isEqualTo(413); // a reset may end the rest of it
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "text/json",
                "application/json; charset=iso-8859-1",
                "application/problem+json"
            })
    void onlyJsonPublishes(String type) {
        var answer = api.send("POST", messages, "{\"text\":\"x\"}", "Content-Type", type);
        answer.problem(415, "unsupported-media-type");
        assertThat(answer.header("Accept")).isEqualTo("application/json");
        assertThat(texts(api.get(messages).json())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "Application/JSON; charset=UTF-8",
                "application/json;charset=\"utf-8\"",
                "application/json;charset=utf8",
                "application/json; Charset=\"Utf8\"",
                "application/json ; charset=UTF8"
            })
    void jsonInUtf8Publishes(String type) {
        api.send("POST", messages, "{\"text\":\"\u00E4\"}", "Content-Type", type)
                .expect(201);
        assertThat(texts(api.get(messages).json())).containsExactly("\u00E4");
    }

    @Test
    void anEncodedBodyOrNoTypeIs415() {
        api.post(messages, "{\"text\":\"x\"}", "Content-Encoding", "gzip").problem(415, "unsupported-media-type");
        api.send("POST", messages, "{\"text\":\"x\"}").problem(415, "unsupported-media-type");
    }

    /** Five threads serve all requests of a GlassFish. */
    @Test
    void slowBodiesHoldUpNobody() {
        for (int i = 0; i < 50; i++) {
            var socket = socket();
            head(socket, "Content-Length: 100");
            socket.write(new byte[] {'{'});
        }
        api.post(messages, "{\"text\":\"x\"}").expect(201);
    }

    /** The start of a request to publish. */
    private void head(RawSocket socket, String more) {
        var head = "POST " + messages + " HTTP/1.1\r\nHost: " + base().getAuthority()
                + "\r\nContent-Type: application/json\r\n" + more + "\r\n\r\n";
        socket.write(head.getBytes(StandardCharsets.US_ASCII));
    }

    // --- history

    @Test
    void historyGivesTheNewestAndPagesOn() {
        var offsets = IntStream.range(0, 5)
                .mapToLong(i -> api.publish(name, "bob", "t" + i))
                .toArray();
        var newest = api.get(messages + "?limit=2").expect(200).json();
        assertThat(texts(newest)).containsExactly("t3", "t4");
        assertThat(newest.getBoolean("recovered")).isFalse();
        assertThat(newest.getInt("offset")).isEqualTo(offsets[4]);

        var epoch = newest.getString("epoch");
        var page =
                api.get(messages + "?limit=2&since=" + epoch + ":" + offsets[0]).json();
        assertThat(texts(page)).containsExactly("t1", "t2");
        assertThat(page.getBoolean("recovered")).isTrue();
        assertThat(page.getString("next")).isEqualTo(epoch + ":" + offsets[2]);
        var rest = api.get(messages + "?since=" + page.getString("next")).json();
        assertThat(texts(rest)).containsExactly("t3", "t4");
        var none = api.get(messages + "?since=" + rest.getString("next")).json();
        assertThat(texts(none)).isEmpty();
        assertThat(none.getBoolean("recovered")).isTrue();
        assertThat(none.getString("next")).isEqualTo(rest.getString("next"));
    }

    @Test
    void whatIsGoneIsAGap() {
        long first = api.publish(name, "bob", "first");
        long second = api.publish(name, "bob", "second");
        long last = 0;
        for (int i = 0; i < 10; i++) { // 512 KiB are kept
            last = api.publish(name, "bob", "x".repeat(60_000));
        }
        var epoch = api.get(room).json().getString("epoch");
        var page = api.get(messages + "?since=" + epoch + ":" + first).json();
        assertThat(page.getBoolean("recovered")).isFalse();
        assertThat(page.getJsonObject("gap").getInt("from")).isEqualTo(first + 1);
        assertThat(page.getJsonObject("gap").getInt("to"))
                .isGreaterThanOrEqualTo((int) second)
                .isLessThan((int) last);
        assertThat(texts(page)).hasSizeBetween(1, 9);
        assertThat(api.get(messages + "?limit=1").json()).doesNotContainKey("gap");
    }

    @Test
    void anotherEpochIsNotContinued() {
        api.publish(name, "bob", "x");
        var page = api.get(messages + "?since=another:1").expect(200).json();
        assertThat(page.getBoolean("recovered")).isFalse();
        assertThat(page).doesNotContainKey("gap");
        assertThat(texts(page)).containsExactly("x");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                ":1",
                "e:",
                "e:-1",
                "e:01",
                "e:1:2",
                "e:9007199254740992",
                "e:1e3",
                "a/b:1",
                "e:99999999999999999999"
            })
    void aPositionThatIsNoneIs400(String since) {
        api.get(messages + "?since=" + encode(since)).problem(400, "bad-since");
        api.get(room + "/events?since=" + encode(since)).problem(400, "bad-since");
    }

    @Test
    void aPositionFromTheFutureIs400() {
        long offset = api.publish(name, "bob", "x");
        var epoch = api.get(room).json().getString("epoch");
        api.get(messages + "?since=" + epoch + ":" + (offset + 1)).problem(400, "bad-since");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "1001", "x", "", "1.5", "99999999999"})
    void aLimitOutOfRangeIs400(String limit) {
        api.get(messages + "?limit=" + limit).problem(400, "bad-request");
        api.get("/api/rooms?limit=" + limit).problem(400, "bad-request");
    }

    // --- rooms

    @Test
    void aRoomKnowsItsMembersAndItsNewestMessage() {
        var empty = api.get(room).expect(200).json();
        assertThat(empty.getInt("members")).isZero();
        assertThat(empty.getInt("offset")).isZero();
        long offset = api.publish(name, "bob", "x");
        join("alice");
        join("alice");
        var full = api.get(room).json();
        assertThat(full.getString("room")).isEqualTo(name);
        assertThat(full.getInt("members")).isEqualTo(2);
        assertThat(full.getInt("offset")).isEqualTo(offset);
        assertThat(api.get("/api/rooms?after=" + name.substring(0, name.length() - 1) + "&limit=1000")
                        .expect(200)
                        .json()
                        .getJsonArray("rooms"))
                .contains(full);
    }

    @Test
    void theLobbyIsNoRoom() {
        connect("/ws").expectText("welcome");
        assertThat(api.get("/api/rooms").text()).doesNotContain("/ws");
    }

    // --- what is wrong with a request

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api",
                "/api/",
                "/api/x",
                "/api/rooms/",
                "/api/rooms/a/",
                "/api/rooms/a/b",
                "/api/rooms/a/messages/1",
                "/api/rooms/a/b/messages"
            })
    void anUnknownPathIs404(String path) {
        api.get(path).problem(404, "not-found");
        api.post(path, "{\"text\":\"x\"}").problem(404, "not-found");
    }

    @ParameterizedTest
    @CsvSource({
        "POST,,'OPTIONS, HEAD, GET'",
        "DELETE,/messages,'OPTIONS, HEAD, GET, POST'",
        "PUT,/messages,'OPTIONS, HEAD, GET, POST'",
        "PATCH,/messages,'OPTIONS, HEAD, GET, POST'",
        "POST,/events,'OPTIONS, HEAD, GET'"
    })
    void anotherMethodIs405(String method, String below, String allow) {
        var answer = api.send(method, room + (below == null ? "" : below), null);
        answer.problem(405, "method-not-allowed");
        assertThat(answer.header("Allow")).isEqualTo(allow);
    }

    @Test
    void optionsAndHeadAreAnswered() {
        var options = api.send("OPTIONS", messages, null).expect(204);
        assertThat(options.header("Allow")).isEqualTo("OPTIONS, HEAD, GET, POST");
        assertThat(options.header("Access-Control-Allow-Origin")).isEmpty();
        var head = api.send("HEAD", messages, null).expect(200);
        assertThat(head.header("Content-Type")).isEqualTo("application/json");
        assertThat(head.text()).isEmpty();
        api.send("HEAD", room + "/events", null).expect(200);
    }

    @ParameterizedTest
    @CsvSource({
        "application/json,200",
        "*/*,200",
        "application/*,200",
        "'text/html, application/json;q=0.1',200",
        "APPLICATION/JSON,200",
        "'application/*;q=0, application/json',200",
        "'*/*;q=0, application/json;q=0.5',200",
        "'*/*;q=0.000, application/*',200",
        "'application/json;q=0, */*',406",
        "'*/*, application/json;q=0.0',406",
        "'application/json;q=0, application/*',406",
        "'application/*;q=0, */*;q=1',406",
        "text/html,406",
        "application/json;q=0,406",
        "'text/*, image/png',406"
    })
    void whatTheClientDoesNotTakeIs406(String accept, int status) {
        var answer = api.get(messages, "Accept", accept);
        answer.expect(status);
        if (status == 406) {
            answer.problem(406, "not-acceptable");
        }
        api.get(room + "/events", "Accept", "application/json").problem(406, "not-acceptable");
    }

    @ParameterizedTest
    @ValueSource(strings = {"_a", "a%20b", "%C3%BC", "a%0Ab", "-", "a+b"})
    void aBadRoomNameIs400(String bad) {
        var response = socket().request("GET", "/api/rooms/" + bad, Map.of());
        assertThat(response.status()).isEqualTo(400);
        assertThat(response.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(response.body()).contains("bad-request");
    }

    @Test
    void aBadUserNameOrAParameterTwiceIs400() {
        api.post(messages + "?user=" + encode("a: b"), "{\"text\":\"x\"}").problem(400, "bad-request");
        api.post(messages + "?user=a&user=b", "{\"text\":\"x\"}").problem(400, "bad-request");
        api.get(messages + "?limit=1&limit=2").problem(400, "bad-request");
    }

    @Test
    void manyRequestsOnOneConnectionAreAnsweredInTurn() {
        RawSocket socket = socket();
        for (int i = 0; i < 20; i++) {
            assertThat(socket.request("GET", i % 2 == 0 ? room : "/api/nothing", Map.of())
                            .status())
                    .isEqualTo(i % 2 == 0 ? 200 : 404);
        }
    }
}
