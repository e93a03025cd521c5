package dev.parley.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Client;
import dev.parley.testing.OnServer;
import dev.parley.testing.RoomClient;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code parley.v1} on {@code /ws/chat} and {@code /ws/chat/{room}}: every row of the protocol. */
class ParleyV1IT extends OnServer {

    private static final AtomicInteger ROOMS = new AtomicInteger();
    private static final int LIMIT = 65_536;
    private static final String PROTOCOL = "Sec-WebSocket-Protocol";

    /** A room of this test alone. */
    private final String name = "v1-" + ROOMS.incrementAndGet();

    private final String room = "/ws/chat/" + name;

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    private RoomClient v1(String target) {
        return new RoomClient(connect(target, PROTOCOL, RoomClient.SUBPROTOCOL));
    }

    private RoomClient join(String user) {
        RoomClient client = v1(room + "?user=" + encode(user));
        client.next("welcome");
        return client;
    }

    private RoomClient resume(String user, String epoch, long offset) {
        return v1(room + "?user=" + encode(user) + "&since=" + epoch + ":" + offset);
    }

    private String epoch() {
        return v1(room).next("welcome").getString("epoch");
    }

    private static List<String> strings(JsonObject message, String array) {
        return message.getJsonArray(array).getValuesAs(JsonString::getString);
    }

    // --- welcome

    @Test
    void findsTheSubprotocolInTheSecondHeaderLine() {
        var response = socket().upgrade("/ws/chat/main", PROTOCOL, "chat\r\n" + PROTOCOL + ": parley.v1");
        assertThat(response.header(PROTOCOL)).isEqualTo("parley.v1");
    }

    @Test
    void welcomeSaysWhereOneIsAndWhatOneMaySend() {
        RoomClient alice = v1(room + "?user=alice");
        JsonObject welcome = alice.next("welcome");
        assertThat(welcome.keySet())
                .containsExactlyInAnyOrder(
                        "type", "room", "user", "peer", "epoch", "offset", "recovered", "members", "users", "limits");
        assertThat(welcome.getString("room")).isEqualTo(name);
        assertThat(welcome.getString("user")).isEqualTo("alice");
        assertThat(welcome.getString("peer")).matches("[0-9a-f]{1,16}");
        assertThat(welcome.getString("epoch")).matches("[A-Za-z0-9._-]{1,64}");
        assertThat(welcome.getInt("offset")).isZero();
        assertThat(welcome.getBoolean("recovered")).isFalse();
        assertThat(welcome.getInt("members")).isEqualTo(1);
        assertThat(strings(welcome, "users")).containsExactly("alice");
        assertThat(welcome.getJsonObject("limits").getInt("text")).isEqualTo(LIMIT);
        assertThat(welcome.getJsonObject("limits").getInt("id")).isEqualTo(64);
        alice.expectNothing();
    }

    @Test
    void thePathWithoutARoomIsTheRoomMain() {
        assertThat(v1("/ws/chat?user=x").next("welcome").getString("room")).isEqualTo("main");
    }

    @Test
    void withoutANameOneIsAUserAndListedByNumberAlone() {
        RoomClient somebody = v1(room);
        JsonObject welcome = somebody.next("welcome");
        assertThat(welcome.getString("user")).isEqualTo("user");
        assertThat(welcome.getInt("members")).isEqualTo(1);
        assertThat(strings(welcome, "users")).isEmpty();
    }

    @Test
    void welcomeNamesTheNewestOffset() {
        RoomClient alice = join("alice");
        long offset = alice.publish("hi", "1");
        assertThat(RoomClient.offset(v1(room).next("welcome"))).isEqualTo(offset);
    }

    @Test
    void anUnknownSubprotocolBesideItIsPassedOver() {
        var socket = socket();
        var response = socket.upgrade(room, PROTOCOL, "chat.v9, parley.v1");
        assertThat(response.header(PROTOCOL)).isEqualTo("parley.v1");
        assertThat(socket.nextText()).startsWith("{\"type\":\"welcome\"");
    }

    @Test
    void anUnknownSubprotocolIsPlainChat() {
        var socket = socket();
        var response = socket.upgrade(room + "?user=x", PROTOCOL, "soap");
        assertThat(response.header(PROTOCOL)).isEmpty();
        socket.expectText("* x joined");
    }

    // --- chat, message, ack

    @Test
    void everyoneReadsAMessageAndItsSenderItsIdAndAnAck() {
        RoomClient alice = join("alice");
        RoomClient bob = join("bob");
        alice.next("joined");
        Instant before = Instant.now();
        long offset = alice.publish("hi", "mine");
        JsonObject message = bob.message("hi");
        assertThat(message.keySet()).containsExactlyInAnyOrder("type", "offset", "from", "text", "at");
        assertThat(RoomClient.offset(message)).isEqualTo(offset).isPositive();
        assertThat(message.getString("from")).isEqualTo("alice");
        assertThat(message.getString("at")).endsWith("Z");
        assertThat(Instant.parse(message.getString("at")))
                .isBetween(before.minusSeconds(60), Instant.now().plusSeconds(60));
    }

    @Test
    void aMessageWithoutAnIdIsAcknowledgedToo() {
        RoomClient alice = join("alice").say("chat", "text", "hi");
        List<JsonObject> both = List.of(alice.next(), alice.next());
        assertThat(both).extracting(m -> m.getString("type")).containsExactlyInAnyOrder("ack", "message");
        assertThat(both).allSatisfy(m -> assertThat(m.containsKey("id")).isFalse());
        assertThat(RoomClient.offset(both.get(0))).isEqualTo(RoomClient.offset(both.get(1)));
    }

    @Test
    void plainAndTypedClientsShareARoom() {
        RoomClient alice = join("alice");
        Client bob = connect(room + "?user=bob").expectText("* bob joined");
        JsonObject joined = alice.next("joined");
        assertThat(joined.getString("user")).isEqualTo("bob");
        assertThat(joined.getInt("members")).isEqualTo(2);
        alice.publish("hi", "1");
        bob.expectText("alice: hi").text("ho").expectText("bob: ho");
        assertThat(alice.message("ho").getString("from")).isEqualTo("bob");
        RoomClient eve = join("eve");
        bob.expectText("* eve joined");
        eve.client().close(1000, "");
        bob.expectText("* eve left");
    }

    @Test
    void anyTextComesThroughAsItIs() {
        RoomClient alice = join("alice");
        RoomClient bob = join("bob");
        alice.next("joined");
        for (String text : List.of("", "\"\\/\u00FC\u20AC\uD83D\uDE00", "a\tb\nc\r\n", "<script>&", "[1]")) {
            alice.publish(text, "id" + text.hashCode());
            bob.message(text);
        }
    }

    @Test
    void theSameIdAgainIsTheSameMessage() {
        RoomClient alice = join("alice");
        long first = alice.publish("hi", "k");
        alice.say("chat", "text", "hi", "id", "k");
        JsonObject ack = alice.next("ack");
        assertThat(RoomClient.offset(ack)).isEqualTo(first);
        assertThat(ack.getString("id")).isEqualTo("k");
        alice.expectNothing();
        RoomClient again = join("alice");
        alice.next("joined");
        again.say("chat", "text", "hi", "id", "k");
        assertThat(RoomClient.offset(again.next("ack")))
                .as("from another connection of the user")
                .isEqualTo(first);
        again.expectNothing();
        alice.expectNothing();
    }

    @Test
    void theSameIdIsAnotherUsersOwn() {
        RoomClient alice = join("alice");
        RoomClient bob = join("bob");
        alice.next("joined");
        long first = alice.publish("hi", "k");
        bob.message("hi");
        assertThat(bob.publish("hi", "k")).isGreaterThan(first);
        alice.message("hi");
    }

    @Test
    void strangersDoNotShareTheirIds() {
        RoomClient one = v1(room);
        one.next("welcome");
        RoomClient two = v1(room);
        two.next("welcome");
        one.next("joined");
        long first = one.publish("hi", "1");
        assertThat(two.message("hi").containsKey("id")).isFalse();
        assertThat(two.publish("hi", "1")).isGreaterThan(first);
    }

    @Test
    void theSameIdWithAnotherTextIsAnErrorAndStoresNothing() {
        RoomClient alice = join("alice");
        alice.publish("hi", "k");
        alice.say("chat", "text", "other", "id", "k");
        assertThat(alice.error("duplicate-id").getString("id")).isEqualTo("k");
        alice.expectNothing();
        alice.publish("next", "l");
    }

    // --- joined, left, typing

    @Test
    void whoComesAndGoesIsToldWithNumbers() {
        RoomClient alice = join("alice");
        RoomClient bob = join("bob");
        assertPresence(alice.next("joined"), "bob", 2, 1);
        RoomClient bobAgain = v1(room + "?user=bob");
        JsonObject welcome = bobAgain.next("welcome");
        assertThat(welcome.getInt("members")).isEqualTo(3);
        assertThat(strings(welcome, "users")).containsExactly("alice", "bob");
        assertPresence(alice.next("joined"), "bob", 3, 2);
        assertPresence(bob.next("joined"), "bob", 3, 2);
        bob.client().close(1000, "");
        assertPresence(alice.next("left"), "bob", 2, 1);
        bobAgain.client().close(1000, "");
        assertPresence(alice.next("left"), "bob", 1, 0);
    }

    private static void assertPresence(JsonObject change, String user, int members, int connections) {
        assertThat(change.keySet()).containsExactlyInAnyOrder("type", "user", "members", "connections");
        assertThat(change.getString("user")).isEqualTo(user);
        assertThat(change.getInt("members")).isEqualTo(members);
        assertThat(change.getInt("connections")).isEqualTo(connections);
    }

    @Test
    void typingIsToldToTheOthersAloneAndNeverStored() {
        RoomClient alice = join("alice");
        RoomClient bob = join("bob");
        Client plain = connect(room + "?user=plain").expectText("* plain joined");
        alice.next("joined");
        alice.next("joined");
        bob.next("joined");
        alice.say("typing").expectNothing();
        assertThat(bob.next("typing").getString("user")).isEqualTo("alice");
        plain.text("x").expectText("plain: x");
        RoomClient late = v1(room + "?user=late&history=10");
        late.next("welcome");
        late.message("x");
        late.expectNothing();
    }

    // --- since

    @Test
    void whoResumesGetsAllItMissedOnceAndInOrder() {
        RoomClient alice = join("alice");
        RoomClient bob = join("bob");
        alice.next("joined");
        long seen = alice.publish("one", "1");
        bob.message("one");
        bob.client().close(1000, "").expectClose(1000);
        alice.next("left");
        alice.publish("two", "2");
        alice.publish("three", "3");
        RoomClient back = resume("bob", epoch(), seen);
        JsonObject welcome = back.next("welcome");
        assertThat(welcome.getBoolean("recovered")).isTrue();
        back.message("two");
        long last = RoomClient.offset(back.message("three"));
        assertThat(RoomClient.offset(welcome)).isEqualTo(last);
        back.expectNothing();
    }

    @Test
    void whoResumesSeesTheIdsOfWhatItSentBefore() {
        RoomClient alice = join("alice");
        long before = alice.publish("one", "1");
        long lost = alice.publish("two", "2");
        RoomClient back = resume("alice", epoch(), before);
        assertThat(back.next("welcome").getBoolean("recovered")).isTrue();
        JsonObject message = back.message("two");
        assertThat(RoomClient.offset(message)).isEqualTo(lost);
        assertThat(message.getString("id")).isEqualTo("2");
    }

    @Test
    void whoMissedNothingHasRecovered() {
        RoomClient alice = join("alice");
        long offset = alice.publish("one", "1");
        RoomClient back = resume("bob", epoch(), offset);
        assertThat(back.next("welcome").getBoolean("recovered")).isTrue();
        back.expectNothing();
    }

    @Test
    void whoHasReadNothingResumesFromTheStart() {
        RoomClient alice = join("alice");
        alice.publish("one", "1");
        RoomClient back = resume("bob", epoch(), 0);
        assertThat(back.next("welcome").getBoolean("recovered")).isTrue();
        back.message("one");
    }

    @Test
    void theHistoryOutlivesTheMembers() {
        RoomClient alice = join("alice");
        String epoch = epoch();
        alice.next("joined");
        long one = alice.publish("one", "1");
        alice.publish("two", "2");
        alice.client().close(1000, "").expectClose(1000);
        RoomClient back = resume("bob", epoch, one);
        assertThat(back.next("welcome").getBoolean("recovered")).isTrue();
        back.message("two");
    }

    @Test
    void whoWasAwayTooLongIsToldWhatItMissedAndGetsTheRest() {
        RoomClient alice = join("alice");
        long first = alice.publish("first", "first");
        int messages = 1_100; // the history keeps 1,000
        for (int i = 0; i < messages; i++) {
            alice.say("chat", "text", "m" + i);
        }
        List<Long> offsets = new ArrayList<>();
        while (offsets.size() < messages) {
            JsonObject message = alice.next();
            if (message.getString("type").equals("message")) {
                offsets.add(RoomClient.offset(message));
            }
        }
        RoomClient back = resume("bob", epoch(), first);
        assertThat(back.next("welcome").getBoolean("recovered")).isFalse();
        JsonObject gap = back.next("gap");
        long to = gap.getJsonNumber("to").longValueExact();
        assertThat(gap.getJsonNumber("from").longValueExact()).isEqualTo(first + 1);
        assertThat(to).isEqualTo(offsets.get(messages - 1_001));
        for (int i = messages - 1_000; i < messages; i++) {
            assertThat(RoomClient.offset(back.message("m" + i))).isEqualTo(offsets.get(i));
        }
        back.expectNothing();
    }

    @Test
    void anotherEpochIsNotContinued() {
        RoomClient alice = join("alice");
        alice.publish("one", "1");
        RoomClient back = resume("bob", "0123456789abcdef", 1);
        assertThat(back.next("welcome").getBoolean("recovered")).isFalse();
        back.expectNothing();
    }

    @Test
    void theEpochOfAnotherRoomIsNotContinued() {
        String other = v1(room + "-b").next("welcome").getString("epoch");
        RoomClient alice = join("alice");
        alice.publish("one", "1");
        RoomClient back = resume("bob", other, 0);
        assertThat(back.next("welcome").getBoolean("recovered")).isFalse();
        back.expectNothing();
    }

    @Test
    void anOffsetFromTheFutureIsAnErrorAndTheConnectionStays() {
        RoomClient alice = join("alice");
        long offset = alice.publish("one", "1");
        RoomClient back = resume("bob", epoch(), offset + 1_000_000);
        assertThat(back.next("welcome").getBoolean("recovered")).isFalse();
        back.error("bad-since");
        back.expectNothing();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                ":1",
                "abc:",
                "abc:-1",
                "abc:1.5",
                "abc:01",
                "abc:9007199254740992",
                "abc:99999999999999999999",
                "abc:0x1",
                "a b:1",
                "<i>:1",
                "a%00:1",
                "a%0A:1",
                "abc:1:2",
                "abc:1%20"
            })
    void aMalformedSinceIsRefusedBeforeTheUpgrade(String since) {
        var response = socket().handshake(
                        room + "?since="
                                + since.replace(" ", "%20").replace("<", "%3C").replace(">", "%3E"),
                        PROTOCOL,
                        "parley.v1");
        assertThat(response.status()).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "1001", "1e3", "all", "99999999999"})
    void aHistoryThatIsNoNumberInRangeIsRefusedBeforeTheUpgrade(String history) {
        var response = socket().handshake(room + "?history=" + history, PROTOCOL, "parley.v1");
        assertThat(response.status()).isEqualTo(400);
    }

    @Test
    void aFirstJoinGetsAsMuchHistoryAsItAsksFor() {
        RoomClient alice = join("alice");
        IntStream.range(0, 5).forEach(i -> alice.publish("m" + i, "id" + i));
        join("bob").expectNothing();
        RoomClient eve = v1(room + "?user=eve&history=2");
        assertThat(eve.next("welcome").getBoolean("recovered")).isFalse();
        eve.message("m3");
        eve.message("m4");
        eve.expectNothing();
    }

    // --- frames

    @Test
    void manyMessagesComeInOrderAloneOrInArrays() {
        RoomClient alice = join("alice");
        RoomClient bob = join("bob");
        alice.next("joined");
        int messages = 500;
        for (int i = 0; i < messages; i++) {
            alice.say("chat", "text", "m" + i, "id", "id" + i);
        }
        long last = 0;
        for (int i = 0; i < messages; i++) {
            JsonObject message = bob.message("m" + i);
            assertThat(RoomClient.offset(message)).isGreaterThan(last);
            last = RoomClient.offset(message);
        }
        int acks = 0;
        int own = 0;
        while (acks + own < 2 * messages) {
            JsonObject message = alice.next();
            if (message.getString("type").equals("ack")) {
                assertThat(message.getString("id")).isEqualTo("id" + acks++);
            } else {
                assertThat(message.getString("id")).isEqualTo("id" + own++);
            }
        }
    }

    // --- ping, bye, auth, and what is wrong

    @Test
    void byeIsAnsweredByAClose1000() {
        assertThat(join("alice").say("bye").client().expectClose(1000)).isEqualTo("bye");
    }

    @Test
    void bytesAreClosedWith1003() {
        join("alice").client().binary((byte) 1).expectClose(1003);
    }

    static Stream<Arguments> bad() {
        String c0 = "\\u0007";
        return Stream.of(
                Arguments.of("hello", "bad-json"),
                Arguments.of("", "bad-json"),
                Arguments.of("null", "bad-json"),
                Arguments.of("12", "bad-json"),
                Arguments.of("[{\"type\":\"ping\"}]", "bad-json"),
                Arguments.of("{\"type\":\"ping\"} x", "bad-json"),
                Arguments.of("{\"type\":\"ping\",\"type\":\"ping\"}", "bad-json"),
                Arguments.of("{\"a\":".repeat(40), "bad-json"),
                Arguments.of("{}", "unknown-type"),
                Arguments.of("{\"type\":7}", "unknown-type"),
                Arguments.of("{\"type\":null}", "unknown-type"),
                Arguments.of("{\"type\":\"welcome\"}", "unknown-type"),
                Arguments.of("{\"type\":\"message\",\"text\":\"forged\",\"from\":\"bob\"}", "unknown-type"),
                Arguments.of("{\"type\":\"CHAT\",\"text\":\"x\"}", "unknown-type"),
                Arguments.of("{\"type\":\"chat\"}", "bad-text"),
                Arguments.of("{\"type\":\"chat\",\"text\":7}", "bad-text"),
                Arguments.of("{\"type\":\"chat\",\"text\":null}", "bad-text"),
                Arguments.of("{\"type\":\"chat\",\"text\":[\"x\"]}", "bad-text"),
                Arguments.of("{\"type\":\"chat\",\"text\":\"\\ud800\"}", "bad-text"),
                Arguments.of("{\"type\":\"chat\",\"text\":\"" + c0 + "\"}", "bad-text"),
                Arguments.of("{\"type\":\"chat\",\"text\":\"\\u001b[31m\"}", "bad-text"),
                Arguments.of("{\"type\":\"chat\",\"text\":\"x\",\"id\":7}", "bad-id"),
                Arguments.of("{\"type\":\"chat\",\"text\":\"x\",\"id\":null}", "bad-id"),
                Arguments.of("{\"type\":\"chat\",\"text\":\"x\",\"id\":\"\"}", "bad-id"),
                Arguments.of("{\"type\":\"chat\",\"text\":\"x\",\"id\":\"" + "i".repeat(65) + "\"}", "bad-id"),
                Arguments.of("{\"type\":\"chat\",\"text\":\"x\",\"id\":\"" + c0 + "\"}", "bad-id"),
                Arguments.of("{\"type\":\"chat\",\"text\":\"x\",\"id\":\"\\udc00\"}", "bad-id"),
                Arguments.of("{\"type\":\"auth\"}", "bad-token"),
                Arguments.of("{\"type\":\"auth\",\"token\":7}", "bad-token"));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void whatIsWrongGetsItsCodeReachesNobodyAndStoresNothing(String request, String code) {
        RoomClient alice = join("alice");
        RoomClient bob = join("bob");
        alice.next("joined");
        alice.raw(request);
        JsonObject error = alice.error(code);
        assertThat(error.keySet()).containsExactlyInAnyOrder("type", "code", "message");
        alice.publish("after", "1");
        bob.message("after");
        RoomClient late = v1(room + "?history=10");
        late.next("welcome");
        late.message("after");
    }

    @Test
    void anErrorNamesTheIdOfTheMessageIfThereWasOne() {
        RoomClient alice = join("alice").raw("{\"type\":\"chat\",\"id\":\"k\",\"text\":7}");
        assertThat(alice.error("bad-text").getString("id")).isEqualTo("k");
    }

    @Test
    void aTextThatIsTooLongIsAnErrorReachesNobodyAndTheConnectionStays() {
        RoomClient alice = join("alice");
        RoomClient bob = join("bob");
        alice.next("joined");
        for (String text : List.of("x".repeat(LIMIT + 1), "\u00e9".repeat(LIMIT / 2) + "x", "\n".repeat(LIMIT + 1))) {
            alice.say("chat", "text", text, "id", "k");
            assertThat(alice.error("too-long").getString("id")).isEqualTo("k");
        }
        bob.expectNothing();
        alice.publish("after", "k");
        bob.message("after");
    }

    @Test
    void theLimitIsTheTextsHoweverItIsEscaped() {
        RoomClient alice = join("alice");
        RoomClient bob = join("bob");
        alice.next("joined");
        for (String escape : List.of("\\n", "\\u0061")) {
            alice.raw("{\"type\":\"chat\",\"text\":\"" + escape.repeat(LIMIT) + "\"}");
            assertThat(bob.next("message").getString("text")).hasSize(LIMIT);
        }
    }

    @Test
    void aFrameLongerThanAnyMessageIsClosedWith1009() {
        RoomClient alice = join("alice");
        alice.raw("{\"type\":\"chat\",\"text\":\"" + "x".repeat(6 * LIMIT + 1024) + "\"}");
        assertThat(alice.client().expectClose(1009)).contains("too long");
    }

    @Test
    void unknownMembersAreIgnored() {
        RoomClient alice = join("alice")
                .raw("{\"type\":\"ping\",\"more\":[{\"type\":1}],\"id\":7}")
                .raw("{\"type\":\"ping\"}");
        assertThat(alice.next("pong")).isEqualTo(pong());
        assertThat(alice.next("pong")).isEqualTo(pong());
    }

    private static JsonValue pong() {
        return Json.createObjectBuilder().add("type", "pong").build();
    }

    @Test
    void anErrorNeverRepeatsWhatCameIn() {
        RoomClient alice = join("alice").raw("{\"type\":\"<script>\"}").raw("<script>");
        assertThat(alice.next("error").toString()).doesNotContain("script");
        assertThat(alice.next("error").toString()).doesNotContain("script");
    }

    @Test
    void aNameIsNotForgedByWhatOneSends() {
        RoomClient alice = join("alice");
        RoomClient bob = join("bob");
        alice.next("joined");
        alice.raw("{\"type\":\"chat\",\"text\":\"x\",\"from\":\"bob\",\"offset\":1,\"user\":\"bob\"}");
        assertThat(bob.message("x").getString("from")).isEqualTo("alice");
    }

    @Test
    void whoVanishesHasLeft() {
        RoomClient alice = join("alice");
        var bob = socket();
        bob.upgrade(room + "?user=bob", PROTOCOL, "parley.v1");
        assertPresence(alice.next("joined"), "bob", 2, 1);
        bob.reset();
        assertPresence(alice.next("left"), "bob", 1, 0);
    }
}
