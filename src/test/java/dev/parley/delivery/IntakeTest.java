package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.api.Conversation;
import dev.parley.api.Peer;
import dev.parley.broker.memory.MemoryBroker;
import dev.parley.ops.Budget;
import dev.parley.ops.Drain;
import dev.parley.ops.Health;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestClock;
import dev.parley.ops.TestSettings;
import dev.parley.protocol.CloseReasons;
import dev.parley.wire.Frame;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of what a client sends, whoever reads its frames. The clock stands. */
class IntakeTest {

    private final GatedWriter writer = new GatedWriter().open();
    private final List<String> heard = new ArrayList<>();

    /** Who reads the frames. */
    enum Source {
        CONTAINER {
            @Override
            void text(Peer peer, GatedWriter writer, String message) {
                peer.text(message, true);
            }

            @Override
            void binary(Peer peer, GatedWriter writer, ByteBuffer message) {
                peer.binary(message, true);
            }

            @Override
            void pong(LocalPeer peer, GatedWriter writer) {
                peer.pong(0);
            }
        },
        PARLEY {
            @Override
            void text(Peer peer, GatedWriter writer, String message) {
                writer.receiver().text(message, message.getBytes(StandardCharsets.UTF_8).length);
            }

            @Override
            void binary(Peer peer, GatedWriter writer, ByteBuffer message) {
                writer.receiver().binary(message);
            }

            @Override
            void pong(LocalPeer peer, GatedWriter writer) {
                writer.receiver().pong(0);
            }
        };

        abstract void text(Peer peer, GatedWriter writer, String message);

        abstract void binary(Peer peer, GatedWriter writer, ByteBuffer message);

        abstract void pong(LocalPeer peer, GatedWriter writer);
    }

    private LocalPeer open(String... settings) {
        return open(new Recorder(), settings);
    }

    private LocalPeer open(Conversation conversation, String... overrides) {
        Settings settings = TestSettings.with(overrides); // 64 bytes, 4 fragments
        TestClock clock = new TestClock();
        Budget budget = TestBudgets.large();
        LocalHub hub = new LocalHub();
        hub.use(
                settings,
                new MemoryBroker(settings, clock, budget),
                new Metrics(new SimpleMeterRegistry()),
                new Health(),
                new Drain(),
                budget);
        hub.start(Runnable::run, clock);
        return hub.open(writer, TestAdmission.toEverything(), peer -> conversation);
    }

    private final class Recorder implements Conversation {
        @Override
        public void text(Peer peer, String message) {
            heard.add(message);
        }

        @Override
        public void tooFast(Peer peer, String message) {
            heard.add("too fast: " + message);
        }

        @Override
        public void binary(Peer peer, ByteBuffer message) {
            heard.add("binary: " + message.remaining());
        }
    }

    private static final class Broken implements Conversation {
        @Override
        public void text(Peer peer, String message) {
            throw new AssertionError("a bug");
        }

        @Override
        public void binary(Peer peer, ByteBuffer message) {
            throw new AssertionError("a bug");
        }
    }

    @ParameterizedTest
    @EnumSource
    void textsBeyondTheRateAreTooFastAndAsManyMoreCloseThePeer(Source source) {
        LocalPeer peer = open("parley.rate.messages=3/s", "parley.rate.burst=1s");
        for (int i = 0; i < 6; i++) {
            source.text(peer, writer, "a");
        }
        assertThat(heard).containsExactly("a", "a", "a", "too fast: a", "too fast: a", "too fast: a");
        assertThat(writer.closeReason()).isNull();
        source.text(peer, writer, "a");
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.TOO_FAST);
        assertThat(heard).hasSize(6);
    }

    @Test
    void aTextIsTooFastIfAnyOfItsPartsIs() {
        LocalPeer peer = open("parley.rate.bytes=10/s", "parley.rate.burst=1s");
        peer.text("12345678", false);
        peer.text("9abc", false);
        peer.text("", true);
        peer.text("d", true);
        assertThat(heard).containsExactly("too fast: 123456789abc", "d");
    }

    @ParameterizedTest
    @EnumSource
    void aBinaryBeyondTheRateClosesThePeer(Source source) {
        LocalPeer peer = open("parley.rate.messages=1/s", "parley.rate.burst=1s");
        source.binary(peer, writer, ByteBuffer.allocate(1));
        assertThat(writer.closeReason()).isNull();
        source.binary(peer, writer, ByteBuffer.allocate(1));
        assertThat(heard).containsExactly("binary: 1");
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.TOO_FAST);
    }

    @Test
    void aBinaryBeyondTheRateClosesThePeerBeforeItsLastPart() {
        LocalPeer peer = open("parley.rate.bytes=10/s", "parley.rate.burst=1s");
        peer.binary(ByteBuffer.allocate(8), false);
        assertThat(writer.closeReason()).isNull();
        peer.binary(ByteBuffer.allocate(8), false);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.TOO_FAST);
    }

    @ParameterizedTest
    @EnumSource
    void aPongCountsAsAMessage(Source source) {
        LocalPeer peer = open("parley.rate.messages=3/s", "parley.rate.burst=1s");
        source.text(peer, writer, "a");
        source.pong(peer, writer);
        source.pong(peer, writer);
        assertThat(writer.closeReason()).isNull();
        source.pong(peer, writer);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.TOO_FAST);
    }

    @Test
    void aPongIsNoPartOfTheMessageThatItComesIn() {
        LocalPeer peer = open();
        peer.text("he", false);
        peer.pong(0);
        peer.text("llo", true);
        assertThat(heard).containsExactly("hello");
    }

    @Test
    void pingsAreAnsweredWithinARateOfTheirOwn() {
        LocalPeer peer = open("parley.rate.messages=2/s", "parley.rate.burst=1s");
        Frame pong = Frame.pong(ByteBuffer.allocate(0));
        peer.text("a", true);
        peer.text("a", true);
        writer.receiver().ping(pong);
        writer.receiver().ping(pong);
        assertThat(writer.batches()).hasSize(2);
        assertThat(writer.closeReason()).isNull();
        writer.receiver().ping(pong);
        assertThat(writer.batches()).hasSize(2);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.TOO_FAST);
    }

    @ParameterizedTest
    @EnumSource
    void whatTheClientsOtherConnectionsTookCountsFromTheRenewalOn(Source source) {
        LocalPeer peer = open();
        source.text(peer, writer, "a");
        peer.renew(TestAdmission.toEverything().exhausted());
        source.text(peer, writer, "a");
        assertThat(heard).containsExactly("a", "too fast: a");
    }

    @ParameterizedTest
    @EnumSource
    void aConversationThatThrowsClosesThePeerUnderAnIncident(Source source) {
        LocalPeer peer = open(new Broken());
        source.text(peer, writer, "a");
        assertThat(writer.closeReason().getReasonPhrase()).matches("internal error, incident [0-9a-f]{16}");
    }

    @ParameterizedTest
    @EnumSource
    void aConversationThatThrowsAtABinaryClosesThePeerUnderAnIncident(Source source) {
        LocalPeer peer = open(new Broken());
        source.binary(peer, writer, ByteBuffer.allocate(1));
        assertThat(writer.closeReason().getReasonPhrase()).matches("internal error, incident [0-9a-f]{16}");
    }

    @ParameterizedTest
    @EnumSource
    void aPeerThatIsClosingTakesNothing(Source source) {
        LocalPeer peer = open();
        writer.shut();
        peer.send("this has to leave first");
        peer.close(CloseReasons.BYE);
        source.text(peer, writer, "a");
        source.binary(peer, writer, ByteBuffer.allocate(1));
        assertThat(heard).isEmpty();
    }

    @Test
    void partsBeyondALimitCloseThePeer() {
        LocalPeer peer = open();
        peer.text("x".repeat(60), false);
        peer.text("x".repeat(5), true);
        assertThat(writer.closeReason()).isEqualTo(CloseReasons.TOO_LONG);
        assertThat(heard).isEmpty();
    }
}
