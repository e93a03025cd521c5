package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ops.Budget;
import dev.parley.ops.Budget.Holder;
import dev.parley.ops.TestBudgets;
import dev.parley.protocol.CloseReasons;
import jakarta.websocket.CloseReason;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class InboundTest {

    private final Inbound inbound = inbound(TestBudgets.large()); // 4 fragments

    @Test
    void aWholeTextPassesAsItIs() {
        String message = "hello";
        assertThat(refuse(inbound, message, 64)).isNull();
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
        assertThat(refuse(inbound, "x".repeat(64), 64)).isNull();
        assertThat(inbound.text("x".repeat(64), true)).hasSize(64);
        assertThat(refuse(inbound, "é".repeat(32), 64)).isNull();
        inbound.text("é".repeat(32), false);
        assertThat(refuse(inbound, "x", 64)).isEqualTo(CloseReasons.TOO_LONG);
    }

    @Test
    void utf8IsCountedAsItIsEncoded() {
        for (String text : new String[] {"é", "€", "𝄞", "a", "aé€𝄞"}) {
            String fits = text.repeat(64 / text.getBytes(StandardCharsets.UTF_8).length);
            int left = 64 - fits.getBytes(StandardCharsets.UTF_8).length;
            assertThat(refuse(inbound(TestBudgets.large()), fits + "x".repeat(left), 64))
                    .as(text)
                    .isNull();
            assertThat(refuse(inbound(TestBudgets.large()), fits + "x".repeat(left + 1), 64))
                    .as(text)
                    .isEqualTo(CloseReasons.TOO_LONG);
        }
    }

    @Test
    void tooManyPartsAreRefused() {
        for (int i = 0; i < 4; i++) {
            assertThat(refuse(inbound, "", 64)).isNull();
            inbound.text("", false);
        }
        assertThat(refuse(inbound, "", 64)).isEqualTo(CloseReasons.TOO_MANY_FRAGMENTS);
    }

    @Test
    void partsOfABinaryAreCopiedAndJoined() {
        byte[] shared = {1, 2};
        ByteBuffer part = ByteBuffer.wrap(shared);
        assertThat(inbound.refuse(2, 64)).isNull();
        assertThat(inbound.binary(part, false)).isNull();
        shared[0] = 9; // the container's buffer goes back to its pool
        assertThat(inbound.refuse(1, 64)).isNull();
        assertThat(inbound.binary(ByteBuffer.wrap(new byte[] {3}), true))
                .isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
        assertThat(inbound.refuse(64, 64)).isNull();
        assertThat(inbound.binary(ByteBuffer.allocate(64), true)).isEqualTo(ByteBuffer.allocate(64));
        assertThat(inbound.refuse(65, 64)).isEqualTo(CloseReasons.TOO_LONG);
    }

    @Test
    void anEmptyBinaryIsAMessage() {
        assertThat(inbound.refuse(0, 64)).isNull();
        assertThat(inbound.binary(ByteBuffer.allocate(0), true)).isEqualTo(ByteBuffer.allocate(0));
    }

    private static Inbound inbound(Budget budget) {
        return new Inbound(4, () -> 0, budget);
    }

    private static @Nullable CloseReason refuse(Inbound inbound, String part, int limit) {
        return inbound.refuse(inbound.utf8Length(part, limit), limit);
    }

    private @Nullable String offer(String part, boolean last) {
        assertThat(refuse(inbound, part, 64)).isNull();
        return inbound.text(part, last);
    }

    @Test
    void aMessageThatHasBegunTakesMemoryUntilItEnds() {
        Budget budget = TestBudgets.large();
        Inbound large = inbound(budget);
        refuse(large, "x".repeat(20_000), 65_536);
        large.text("x".repeat(20_000), false);
        assertThat(budget.used(Holder.MESSAGES)).isBetween(20_000L, 30_000L);
        refuse(large, "\u20ac", 65_536);
        large.text("\u20ac", false);
        assertThat(budget.used()).as("two bytes for each character").isBetween(40_000L, 100_000L);
        large.text("", true);
        assertThat(budget.used()).isZero();
        large.refuse(30_000, 65_536);
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
        Inbound large = inbound(budget);
        refuse(large, "x".repeat(20_000), 65_536);
        large.text("x".repeat(20_000), true);
        assertThat(budget.used()).isZero();
    }

    @Test
    void aMessageIsRefusedWhenUnfinishedOnesHoldAQuarterOfTheMemory() {
        Budget budget = TestBudgets.of(1 << 20);
        for (int i = 0; i < 4; i++) {
            Inbound other = inbound(budget);
            other.binary(ByteBuffer.allocate(60_000), false);
            assertThat(other.fits()).isTrue();
        }
        Inbound late = inbound(budget);
        late.binary(ByteBuffer.allocate(60_000), false);
        assertThat(late.fits()).isFalse();
    }

    @Test
    void whatAReaderOfFramesHoldsIsCountedUntilItIsGivenBack() {
        Budget budget = TestBudgets.of(1 << 20);
        Inbound read = inbound(budget);
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
        Inbound slow = new Inbound(4, () -> now[0], TestBudgets.large());
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
