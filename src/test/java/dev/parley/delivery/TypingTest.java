package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.api.Membership;
import dev.parley.api.WireFormat;
import dev.parley.broker.Broker;
import dev.parley.broker.Sender;
import dev.parley.broker.memory.MemoryBroker;
import dev.parley.ops.Drain;
import dev.parley.ops.Health;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestClock;
import dev.parley.ops.TestSettings;
import dev.parley.room.Typing;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TypingTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final TestClock clock = new TestClock();
    private final LocalHub hub = new LocalHub();
    private final List<String> brokered = new ArrayList<>();
    private final GatedWriter writer = new GatedWriter().open();
    private Broker.Listener listener;

    @BeforeEach
    void start() {
        Settings settings = TestSettings.small();
        MemoryBroker memory = new MemoryBroker(settings, clock, TestBudgets.large());
        Broker broker = (Broker) Proxy.newProxyInstance(
                Broker.class.getClassLoader(), new Class<?>[] {Broker.class}, (proxy, method, args) -> {
                    if (method.getName().equals("typing")) {
                        brokered.add(args[0] + " " + ((Sender) args[1]).name());
                    } else if (method.getName().equals("attach")) {
                        listener = (Broker.Listener) args[0];
                    }
                    return method.invoke(memory, args);
                });
        hub.use(
                settings,
                broker,
                new Metrics(new SimpleMeterRegistry()),
                new Health(),
                new Drain(),
                TestBudgets.large());
        hub.start(Runnable::run, clock);
    }

    @Test
    void aMemberThatTypesWithEveryKeyReachesTheBrokerOnceASecondAndRoom() {
        Membership alice = join(new GatedWriter().open(), "r", "alice");
        Membership elsewhere = join(new GatedWriter().open(), "s", "alice");
        join(writer, "r", "bob");
        for (int i = 0; i < 100; i++) {
            alice.typing();
            elsewhere.typing();
        }
        assertThat(brokered).containsExactly("r alice", "s alice");
        assertThat(told()).containsExactly("alice");
        clock.pass(SECOND);
        alice.typing();
        alice.typing();
        assertThat(brokered).hasSize(3);
        assertThat(told()).containsExactly("alice", "alice");
    }

    @Test
    void whoTypesRightAfterAMessageIsToldOfAtOnce() {
        Membership alice = join(new GatedWriter().open(), "r", "alice");
        join(writer, "r", "bob");
        alice.typing();
        alice.publish("hi", null);
        alice.typing();
        alice.typing();
        assertThat(told()).containsExactly("alice", "alice");
    }

    @Test
    void whoTypesIsNotToldOfItself() {
        join(writer, "r", "alice").typing();
        Membership again = join(new GatedWriter().open(), "r", "alice");
        again.typing();
        assertThat(told()).isEmpty();
        join(new GatedWriter().open(), "r", "bob").typing();
        assertThat(told()).containsExactly("bob");
    }

    @Test
    void whoTypesIsToldAsOneArrayWithTheOthers() {
        join(writer, "r", "alice");
        int before = writer.batches().size();
        for (long peer = 1; peer <= 3; peer++) {
            listener.typing("r", new Sender("u" + peer, peer));
        }
        listener.delivered("r");
        assertThat(writer.batches()).hasSize(before + 1);
        assertThat(writer.texts().get(writer.texts().size() - 1))
                .isEqualTo("[{\"type\":\"typing\",\"user\":\"u1\"},{\"type\":\"typing\",\"user\":\"u2\"},"
                        + "{\"type\":\"typing\",\"user\":\"u3\"}]");
    }

    @Test
    void aRoomTellsASmallNumberASecondWhateverTheBrokerBrings() {
        join(writer, "r", "alice");
        for (int i = 0; i < 10_000; i++) {
            listener.typing("r", new Sender("u", 1 + i));
            listener.typing("r", new Sender("v", 1));
            listener.delivered("r");
        }
        assertThat(told()).hasSize(Typing.MAX_MEMBERS);
        clock.pass(SECOND);
        listener.typing("r", new Sender("w", 1));
        listener.delivered("r");
        assertThat(told()).hasSize(Typing.MAX_MEMBERS + 1);
    }

    @Test
    void noReaderIsOvertakenByItNorKeepsAnythingOfItThatIsOutOfDate() {
        GatedWriter slow = new GatedWriter();
        join(slow, "r", "slow");
        for (int i = 0; i < 1_000; i++) { // the room keeps 64 events
            clock.pass(SECOND);
            listener.typing("r", new Sender("u" + i, 1));
            listener.delivered("r");
        }
        hub.publish("r", "u999", null, "hi");
        slow.open().land().done(null);
        assertThat(slow.closeReason()).isNull();
        assertThat(String.join("", slow.texts())).contains("\"text\":\"hi\"").doesNotContain("typing");
    }

    @Test
    void aReaderWhoseBatchIsInFlightIsToldOfTheNewestWhenItLands() {
        GatedWriter slow = new GatedWriter();
        join(slow, "r", "slow");
        for (int i = 0; i < 3; i++) {
            listener.typing("r", new Sender("u" + i, 1));
            listener.delivered("r");
        }
        slow.open().land().done(null);
        assertThat(String.join("", slow.texts())).contains("\"u2\"").doesNotContain("\"u0\"", "\"u1\"");
    }

    @Test
    void whoseMessageHasComeIsNotTyping() {
        join(writer, "r", "alice");
        listener.typing("r", new Sender("bob", 0));
        hub.publish("r", "bob", null, "hi");
        assertThat(told()).isEmpty();
    }

    @Test
    void whoComesLaterIsNotToldAlsoAsTheFirstReaderOfALoop() {
        Membership alice = join(new GatedWriter().open(), "r", "alice");
        alice.typing();
        Deque<Runnable> loop = new ArrayDeque<>();
        join(writer.on(loop::add), "r", "late");
        hub.publish("r", "bob", null, "hi");
        while (!loop.isEmpty()) {
            loop.remove().run();
        }
        assertThat(String.join("", writer.texts())).contains("\"hi\"");
        assertThat(told()).isEmpty();
    }

    @Test
    void plainReadersAreNotTold() {
        Membership alice = join(new GatedWriter().open(), "r", "alice");
        hub.open(writer, TestAdmission.toEverything(), opened -> (p, message) -> {})
                .join("r", "bob", WireFormat.PLAIN);
        alice.typing();
        assertThat(writer.texts()).containsExactly("* bob joined");
    }

    private List<String> told() {
        List<String> users = new ArrayList<>();
        for (String text : writer.texts()) {
            java.util.regex.Matcher found = java.util.regex.Pattern.compile("\"type\":\"typing\",\"user\":\"(\\w+)\"")
                    .matcher(text);
            while (found.find()) {
                users.add(found.group(1));
            }
        }
        return users;
    }

    private Membership join(GatedWriter connection, String room, String user) {
        return hub.open(connection, TestAdmission.toEverything(), opened -> (p, message) -> {})
                .join(room, user, WireFormat.PARLEY_V1);
    }
}
