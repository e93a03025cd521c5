package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.testing.Api;
import dev.parley.testing.BufferingProxy;
import dev.parley.testing.EventReader;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import dev.parley.testing.RoomClient;
import dev.parley.testing.ServerLog;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A room's events as Server-Sent Events: the stream and cursor of a socket over plain HTTP. */
class EventsIT extends OnServer {

    private static final AtomicInteger ROOMS = new AtomicInteger();
    private static final int READERS = 500;
    private static final int MESSAGES = 200;
    private static final int VANISHING = 20;

    private final Api api = new Api(base());

    /** A room of this test alone. */
    private final String name = "events-" + ROOMS.incrementAndGet();

    private final String events = "/api/rooms/" + name + "/events";

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(List.of("parley.heartbeat.ping = 1s"));
    }

    private EventReader read(String query, String... headers) {
        return keep(EventReader.open(base(), events + query, headers));
    }

    /** An image does: it sends no Origin and takes any type. */
    @Test
    void whatAForeignPageEmbedsDoesNotJoin() {
        for (var site : List.of("cross-site", "same-site")) {
            api.get(events + "?user=bob", "Sec-Fetch-Site", site).problem(403, "origin");
            api.post("/api/rooms/" + name + "/messages", "{\"text\":\"x\"}", "Sec-Fetch-Site", site)
                    .problem(403, "origin");
            api.get("/api/rooms", "Sec-Fetch-Site", site).expect(200);
        }
        assertThat(api.get("/api/rooms?limit=1000").expect(200).text()).doesNotContain(name + '"');
        read("?user=bob", "Sec-Fetch-Site", "same-origin").next("welcome");
        read("?user=eve", "Sec-Fetch-Site", "none").next("welcome");
    }

    @Test
    void aReaderIsGreetedAndHearsWhatASocketHears() {
        var reader = read("?user=eve");
        assertThat(reader.head().statusCode()).isEqualTo(200);
        var headers = reader.head().headers();
        assertThat(headers.firstValue("Content-Type").orElse("").replace(" ", ""))
                .isEqualToIgnoringCase("text/event-stream;charset=UTF-8");
        assertThat(headers.firstValue("Cache-Control")).hasValue("no-store, no-transform");
        assertThat(headers.firstValue("X-Accel-Buffering")).hasValue("no");
        assertThat(reader.nextItem()).isInstanceOf(EventReader.Comment.class);
        var welcome = reader.next("welcome");
        assertThat(welcome.id()).isEqualTo(welcome.data().getString("epoch") + ":0");
        assertThat(welcome.data().getString("user")).isEqualTo("eve");

        var alice = new RoomClient(
                connect("/ws/chat/" + name + "?user=alice", "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
        assertThat(alice.next("welcome").getInt("members")).isEqualTo(2);
        assertThat(reader.next("joined").data().getString("user")).isEqualTo("alice");
        long offset = alice.publish("h\u00E4, \"x\"\nline", "a1");
        var message = reader.message("h\u00E4, \"x\"\nline");
        assertThat(message.id()).isEqualTo(welcome.data().getString("epoch") + ":" + offset);
        assertThat(message.data().getInt("offset")).isEqualTo(offset);
        assertThat(message.data()).doesNotContainKey("id");
        alice.say("typing");
        assertThat(reader.next("typing").id()).isNull();
        alice.say("bye");
        assertThat(reader.next("left").data().getString("user")).isEqualTo("alice");
    }

    @Test
    void whatOneSaysOverHttpComesBackUnderItsKey() {
        var reader = read("?user=eve");
        reader.next("welcome");
        api.post("/api/rooms/" + name + "/messages?user=eve", "{\"text\":\"mine\"}", "Idempotency-Key", "k1")
                .expect(201);
        assertThat(reader.message("mine").data().getString("id")).isEqualTo("k1");
    }

    @Test
    void aReaderThatComesBackGetsWhatItMissedOnce() {
        var reader = read("");
        reader.next("welcome");
        api.publish(name, "bob", "one");
        reader.message("one");
        reader.close();
        api.publish(name, "bob", "two");
        api.publish(name, "bob", "three");

        var again = read("", "Last-Event-ID", reader.lastId());
        assertThat(again.next("welcome").data().getBoolean("recovered")).isTrue();
        again.message("two");
        again.message("three");
        api.publish(name, "bob", "four");
        again.message("four");

        var third = read("?since=" + reader.lastId());
        assertThat(third.next("welcome").data().getBoolean("recovered")).isTrue();
        third.message("two");
        var fourth = read("?since=" + reader.lastId(), "Last-Event-ID", again.lastId());
        assertThat(fourth.next("welcome").data().getBoolean("recovered")).isTrue();
        api.publish(name, "bob", "five");
        fourth.message("five");
    }

    /** As EventSource polyfills do that cannot set a header. */
    @Test
    void theQueryTakesTheLastIdAsTheHeaderDoesAndTheNewerPositionWins() {
        var reader = read("");
        var start = reader.next("welcome").id();
        api.publish(name, "bob", "one");
        reader.message("one");
        var newer = reader.lastId();
        api.publish(name, "bob", "two");

        for (var query : new String[] {
            "?lastEventId=" + newer,
            "?lastEventId=" + newer + "&since=" + start,
            "?lastEventId=" + start + "&since=" + newer,
            "?lastEventId=&since=" + newer
        }) {
            var resumed = read(query);
            assertThat(resumed.next("welcome").data().getBoolean("recovered")).isTrue();
            resumed.message("two");
        }
        var header = read("?lastEventId=" + start, "Last-Event-ID", newer);
        header.next("welcome");
        header.message("two");
        var since = read("?since=" + newer, "Last-Event-ID", start);
        since.next("welcome");
        since.message("two");
        api.get(events + "?lastEventId=x").problem(400, "bad-since");
        api.get(events + "?lastEventId=x", "Last-Event-ID", newer).problem(400, "bad-since");
    }

    @Test
    void aReaderThatHasSeenNothingButItsWelcomeResumesToo() {
        var reader = read("");
        reader.next("welcome");
        reader.close();
        api.publish(name, "bob", "first");
        var again = read("", "Last-Event-ID", reader.lastId());
        again.next("welcome");
        again.message("first");
    }

    @Test
    void historyComesOnRequest() {
        api.publish(name, "bob", "one");
        api.publish(name, "bob", "two");
        var reader = read("?history=1");
        assertThat(reader.next("welcome").data().getBoolean("recovered")).isFalse();
        reader.message("two");
    }

    @Test
    void whatIsGoneIsTold() {
        var keeper = read("");
        var epoch = keeper.next("welcome").data().getString("epoch");
        long first = api.publish(name, "bob", "first");
        api.publish(name, "bob", "second");
        for (int i = 0; i < 12; i++) { // 512 KiB are kept
            api.publish(name, "bob", "x".repeat(60_000));
        }
        await().atMost(DEADLINE)
                .untilAsserted(
                        () -> { // the keeper's reading lets it go
                            try (var late = EventReader.open(base(), events, "Last-Event-ID", epoch + ":" + first)) {
                                assertThat(late.next("welcome").data().getBoolean("recovered"))
                                        .isFalse();
                                var gap = late.next("gap");
                                assertThat(gap.data().getInt("from")).isEqualTo(first + 1);
                                assertThat(gap.id())
                                        .isEqualTo(epoch + ":" + gap.data().getInt("to"));
                                assertThat(late.next("message").data().getInt("offset"))
                                        .isGreaterThan(gap.data().getInt("to"));
                            }
                        });
    }

    @Test
    void anotherEpochIsNoContinuation() {
        api.publish(name, "bob", "one");
        var reader = read("", "Last-Event-ID", "another:7");
        assertThat(reader.next("welcome").data().getBoolean("recovered")).isFalse();
    }

    @Test
    void readersOfSocketsAndStreamsSeeOneOrder() {
        var seen = new ConcurrentHashMap<Integer, ConcurrentLinkedQueue<Integer>>();
        var welcomed = ConcurrentHashMap.<Integer>newKeySet();
        for (int i = 0; i < READERS; i++) {
            int reader = i;
            var offsets = new ConcurrentLinkedQueue<Integer>();
            seen.put(i, offsets);
            keep(EventReader.open(base(), events, item -> {
                if (item instanceof EventReader.Event event) {
                    switch (event.name()) {
                        case "welcome" -> welcomed.add(reader);
                        case "message" -> offsets.add(event.data().getInt("offset"));
                        case "gap" -> offsets.add(-1);
                        default -> {}
                    }
                } else if (item instanceof EventReader.End) {
                    offsets.add(-2);
                }
            }));
        }
        await().atMost(DEADLINE.multipliedBy(3)).until(() -> welcomed.size() == READERS);
        var talkers = new ArrayList<RoomClient>();
        for (int i = 0; i < 4; i++) {
            talkers.add(new RoomClient(
                    connect("/ws/chat/" + name + "?user=t" + i, "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL)));
        }
        for (int i = 0; i < MESSAGES; i++) {
            talkers.get(i % 4).say("chat", "text", "m" + i);
        }
        await().atMost(DEADLINE.multipliedBy(3)).untilAsserted(() -> assertThat(seen.values())
                .allSatisfy(offsets -> assertThat(offsets).hasSize(MESSAGES)));
        var order = List.copyOf(seen.get(0));
        assertThat(order).isSorted().doesNotHaveDuplicates().doesNotContain(-1, -2);
        assertThat(Set.copyOf(seen.values().stream().map(List::copyOf).toList()))
                .containsExactly(order);
    }

    @Test
    void whoLeavesIsNoMemberAnyMore() {
        var reader = read("?user=eve");
        reader.next("welcome");
        var alice = new RoomClient(
                connect("/ws/chat/" + name + "?user=alice", "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
        alice.next("welcome");
        reader.close();
        await().atMost(DEADLINE.multipliedBy(3)).untilAsserted(() -> {
            api.publish(name, "bob", "are you there?"); // the end of a stream shows when something is written
            assertThat(members()).isEqualTo(1);
        });
    }

    /** Browsers go without a word all the time: that is nothing an operator needs to read. */
    @Test
    void readersThatVanishAreNoErrorsInTheServersLog() {
        try (var log = ServerLog.open()) {
            for (int i = 0; i < VANISHING; i++) {
                var reader = RawSocket.connect(base());
                reader.write(("GET " + events + "?user=u" + i + " HTTP/1.1\r\nHost: x\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
                assertThat(reader.statusOrEnd()).isEqualTo(200);
                reader.reset();
            }
            // Over a socket: Payara logs a NullPointerException of its own (InputBuffer.processCallbacks) for some
            // POSTs.
            var bob = connect("/ws/chat/" + name + "?user=bob");
            await().atMost(DEADLINE.multipliedBy(3)).untilAsserted(() -> {
                bob.text("are you there?");
                assertThat(members()).as("bob alone").isEqualTo(1);
            });
            assertThat(log.lines()).noneMatch(line -> line.contains("ERROR") || line.contains("SEVERE"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProxyThatBuffersLetsEventsThrough(BufferingProxy.Kind kind) {
        var proxy = keep(new BufferingProxy(base(), kind));
        var reader = keep(EventReader.open(proxy.base(), events));
        reader.next("welcome");
        api.publish(name, "bob", "through");
        reader.message("through");
    }

    /** It has {@code parley.heartbeat.ping} set to a second. */
    @Test
    void aCommentShowsThatTheStreamIsThere() {
        var reader = read("");
        assertThat(reader.nextItem()).isInstanceOf(EventReader.Comment.class); // the padding
        reader.next("welcome");
        assertThat(reader.nextItem()).isEqualTo(new EventReader.Comment(""));
    }

    /** What a reader may hold up is what its socket and its room hold; then it is cut off. */
    @Test
    void aReaderThatNeverReadsIsCutOffAndHoldsUpNobody() {
        var stuck = keep(RawSocket.connect(base(), 1024));
        stuck.write(("GET " + events + "?user=stuck HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        var reader = read("");
        reader.next("welcome");
        await().atMost(DEADLINE).until(() -> members() == 2);
        var text = "x".repeat(60_000);
        int sent = 0;
        while (members() == 2) {
            api.publish(name, "bob", text);
            reader.message(text);
            assertThat(++sent).as("messages of 60 kB that wait for one reader").isLessThan(1000);
        }
        assertThat(sent).isGreaterThan(10);
        stuck.drain();
    }

    private int members() {
        return api.get("/api/rooms/" + name).json().getInt("members");
    }
}
