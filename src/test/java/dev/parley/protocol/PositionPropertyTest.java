package dev.parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;

/** The resume token, which comes from clients: it is read as it was written, or not at all. */
class PositionPropertyTest {

    @Property
    void anyTextIsAPositionInItsOneFormOrNone(@ForAll("near") String text) {
        var position = Position.parse(text);
        if (position != null) {
            assertThat(position).hasToString(text);
        }
    }

    @Property
    void whatWasWrittenIsRead(
            @ForAll("epochs") String epoch, @ForAll @LongRange(min = 0, max = 9_000_000_000_000_000L - 1) long offset) {
        var position = new Position(epoch, offset);
        assertThat(Position.parse(position.toString())).isEqualTo(position);
    }

    @Provide
    Arbitrary<String> epochs() {
        return Arbitraries.strings()
                .withCharRange('a', 'z')
                .withCharRange('0', '9')
                .withChars('.', '_', '-')
                .ofMinLength(1)
                .ofMaxLength(64);
    }

    /** Texts that are nearly positions, and any others. */
    @Provide
    Arbitrary<String> near() {
        return Arbitraries.oneOf(
                Arbitraries.strings().withChars("0123456789:+-. abz\u0660\n").ofMaxLength(24),
                Arbitraries.longs().map(offset -> "a:" + offset),
                Arbitraries.strings());
    }
}
