package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ops.Budget;
import dev.parley.ops.Budget.Holder;
import dev.parley.ops.Metrics;
import dev.parley.ops.Settings;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestSettings;
import dev.parley.protocol.CloseReasons;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class InboundTest {

    private static final Metrics METRICS = new Metrics(new SimpleMeterRegistry());

    private final Inbound inbound = inbound(TestSettings.small()); // 64 bytes, 4 fragments

    @Test
    void aWholeTextPassesAsItIs() {
        String message = "hello";
        assertThat(inbound.refuseText(message, 64)).isNull();
        assertThat(inbound.text(message, true)).isSameAs(message);
    }

    @Test
    void partsOfATextAreJoined() {
        assertThat(offer("he", false)).isNull();
        assertThat(offer("", false)).isNull();
        assertThat(offer("llo", true)).isEqualTo("hello");
        assertThat(offer("next", true)).isEqualTo("next");
    }

    @Test
    void theLimitOfATextIsInBytesOfUtf8OverAllParts() {
        assertThat(inbound.refuseText("x".repeat(64), 64)).isNull();
        assertThat(inbound.text("x".repeat(64), true)).hasSize(64);
        assertThat(inbound.refuseText("é".repeat(32), 64)).isNull();
        inbound.text("é".repeat(32), false);
        assertThat(inbound.refuseText("x", 64)).isEqualTo(CloseReasons.TOO_LONG);
    }

    @Test
    void utf8IsCountedAsItIsEncoded() {
        for (String text : new String[] {"é", "€", "𝄞", "a", "aé€𝄞"}) {
            String fits = text.repeat(64 / text.getBytes(StandardCharsets.UTF_8).length);
            int left = 64 - fits.getBytes(StandardCharsets.UTF_8).length;
            assertThat(inbound(TestSettings.small()).refuseText(fits + "x".repeat(left), 64))
                    .as(text)
                    .isNull();
            assertThat(inbound(TestSettings.small()).refuseText(fits + "x".repeat(left + 1), 64))
                    .as(text)
                    .isEqualTo(CloseReasons.TOO_LONG);
        }
    }

    @Test
    void tooManyPartsAreRefused() {
        for (int i = 0; i < 4; i++) {
            assertThat(inbound.refuseText("", 64)).isNull();
            inbound.text("", false);
        }
        assertThat(inbound.refuseText("", 64)).isEqualTo(CloseReasons.TOO_MANY_FRAGMENTS);
    }

    @Test
    void partsOfABinaryAreCopiedAndJoined() {
        byte[] shared = {1, 2};
        ByteBuffer part = ByteBuffer.wrap(shared);
        assertThat(inbound.refuseBinary(part)).isNull();
        assertThat(inbound.binary(part, false)).isNull();
        shared[0] = 9; // the container's buffer goes back to its pool
        assertThat(inbound.refuseBinary(ByteBuffer.wrap(new byte[] {3}))).isNull();
        assertThat(inbound.binary(ByteBuffer.wrap(new byte[] {3}), true))
                .isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
        assertThat(inbound.refuseBinary(ByteBuffer.allocate(64))).isNull();
        assertThat(inbound.binary(ByteBuffer.allocate(64), true)).isEqualTo(ByteBuffer.allocate(64));
        assertThat(inbound.refuseBinary(ByteBuffer.allocate(65))).isEqualTo(CloseReasons.TOO_LONG);
    }

    @Test
    void anEmptyBinaryIsAMessage() {
        assertThat(inbound.refuseBinary(ByteBuffer.allocate(0))).isNull();
        assertThat(inbound.binary(ByteBuffer.allocate(0), true)).isEqualTo(ByteBuffer.allocate(0));
    }

    @Test
    void beyondTheRateAsMuchAgainIsTooFastAndThenItIsRefused() {
        Inbound rated = inbound(TestSettings.with("parley.rate.messages=3/s", "parley.rate.burst=1s"));
        for (int i = 0; i < 6; i++) {
            assertThat(rated.refuseText("a", 64)).isNull();
            assertThat(rated.isTooFast()).isEqualTo(i >= 3);
            rated.text("a", true);
        }
        assertThat(rated.refuseText("a", 64)).isEqualTo(CloseReasons.TOO_FAST);
    }

    @Test
    void aMessageIsTooFastIfAnyOfItsPartsIs() {
        Inbound rated = inbound(TestSettings.with("parley.rate.bytes=10/s", "parley.rate.burst=1s"));
        assertThat(rated.refuseText("12345678", 64)).isNull();
        rated.text("12345678", false);
        assertThat(rated.isTooFast()).isFalse();
        assertThat(rated.refuseText("9abc", 64)).isNull();
        rated.text("9abc", false);
        assertThat(rated.refuseText("", 64)).isNull();
        assertThat(rated.isTooFast()).isTrue();
        assertThat(rated.text("", true)).isEqualTo("123456789abc");
        assertThat(rated.refuseText("d", 64)).isNull();
        assertThat(rated.isTooFast()).isFalse();
    }

    @Test
    void aBinaryBeyondTheRateIsRefusedAtOnce() {
        Inbound rated = inbound(TestSettings.with("parley.rate.messages=1/s", "parley.rate.burst=1s"));
        assertThat(rated.refuseBinary(ByteBuffer.allocate(1))).isNull();
        rated.binary(ByteBuffer.allocate(1), true);
        assertThat(rated.refuseBinary(ByteBuffer.allocate(1))).isEqualTo(CloseReasons.TOO_FAST);
    }

    @Test
    void aPongCountsAsAMessageAndIsNoPartOfOne() {
        Inbound rated = inbound(TestSettings.with("parley.rate.messages=4/s", "parley.rate.burst=1s"));
        assertThat(rated.refuseText("he", 64)).isNull();
        rated.text("he", false);
        assertThat(rated.refusePong(0)).isNull();
        assertThat(rated.refuseText("llo", 64)).isNull();
        assertThat(rated.text("llo", true)).isEqualTo("hello");
        assertThat(rated.refusePong(0)).isNull();
        assertThat(rated.refusePong(0)).isNull();
        assertThat(rated.refusePong(0)).isEqualTo(CloseReasons.TOO_FAST);
    }

    private static Inbound inbound(Settings settings) {
        return inbound(settings, TestBudgets.large());
    }

    private static Inbound inbound(Settings settings, Budget budget) {
        return new Inbound(settings, 4, METRICS, () -> 0, TestAdmission.toEverything(), budget);
    }

    private String offer(String part, boolean last) {
        assertThat(inbound.refuseText(part, 64)).isNull();
        return inbound.text(part, last);
    }

    @Test
    void aMessageThatHasBegunTakesMemoryUntilItEnds() {
        Budget budget = TestBudgets.large();
        Inbound large = inbound(TestSettings.defaultsWith(), budget);
        large.refuseText("x".repeat(20_000), 65_536);
        large.text("x".repeat(20_000), false);
        assertThat(budget.used(Holder.MESSAGES)).isBetween(20_000L, 30_000L);
        large.refuseText("\u20ac", 65_536);
        large.text("\u20ac", false);
        assertThat(budget.used()).as("two bytes for each character").isBetween(40_000L, 100_000L);
        large.text("", true);
        assertThat(budget.used()).isZero();
        large.refuseBinary(ByteBuffer.allocate(30_000));
        large.binary(ByteBuffer.allocate(30_000), false);
        assertThat(budget.used()).isBetween(30_000L, 35_000L);
        large.release();
        assertThat(budget.used()).isZero();
        large.binary(ByteBuffer.allocate(30_000), false);
        assertThat(budget.used()).as("of a peer that is gone").isZero();
    }

    @Test
    void aWholeMessageTakesNothing() {
        Budget budget = TestBudgets.large();
        Inbound large = inbound(TestSettings.defaultsWith(), budget);
        large.refuseText("x".repeat(20_000), 65_536);
        large.text("x".repeat(20_000), true);
        assertThat(budget.used()).isZero();
    }

    @Test
    void aMessageIsRefusedWhenUnfinishedOnesHoldAQuarterOfTheMemory() {
        Budget budget = TestBudgets.of(1 << 20);
        for (int i = 0; i < 4; i++) {
            Inbound other = inbound(TestSettings.defaultsWith(), budget);
            other.binary(ByteBuffer.allocate(60_000), false);
            assertThat(other.refuseMemory()).isNull();
        }
        Inbound late = inbound(TestSettings.defaultsWith(), budget);
        late.binary(ByteBuffer.allocate(60_000), false);
        assertThat(late.refuseMemory()).isEqualTo(CloseReasons.NO_MEMORY);
    }

    @Test
    void whatAReaderOfFramesHoldsIsCountedUntilItIsGivenBack() {
        Budget budget = TestBudgets.of(1 << 20);
        Inbound read = inbound(TestSettings.defaultsWith(), budget);
        assertThat(read.holds(60_000)).isTrue();
        assertThat(read.holds(60_000)).isTrue();
        assertThat(budget.used(Holder.MESSAGES)).isBetween(120_000L, 130_000L);
        assertThat(read.isOverdue(1)).isTrue();
        assertThat(read.holds(200_000)).as("more than a quarter").isFalse();
        assertThat(read.holds(-320_000)).isTrue();
        assertThat(read.isOverdue(1)).isFalse();
        assertThat(budget.used()).isZero();
    }

    @Test
    void aMessageThatDoesNotEndIsOverdueEvenIfItIsEmpty() {
        long[] now = {100};
        Inbound slow = new Inbound(
                TestSettings.small(), 4, METRICS, () -> now[0], TestAdmission.toEverything(), TestBudgets.large());
        assertThat(slow.isOverdue(200)).isFalse();
        slow.text("", false);
        now[0] = 150;
        slow.text("", false);
        assertThat(slow.isOverdue(100)).isFalse();
        assertThat(slow.isOverdue(101)).isTrue();
        slow.text("", true);
        assertThat(slow.isOverdue(200)).isFalse();
    }
}
