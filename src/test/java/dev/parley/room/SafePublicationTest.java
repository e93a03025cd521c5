package dev.parley.room;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.Publication;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import java.lang.reflect.Modifier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Event loops hand these objects to each other through a race. They see the contents only if each field is final (JLS 17.5) or
 * volatile. A wrong field shows on AArch64 alone, never on x86, so this test looks at the fields.
 */
class SafePublicationTest {

    static Stream<Class<?>> shared() {
        return Stream.of(
                        Stream.of(
                                Batch.class,
                                Frame.class,
                                Publication.class,
                                RingEntry.class,
                                Slots.class,
                                View.Range.class),
                        Stream.of(RoomEvent.class.getPermittedSubclasses()))
                .flatMap(classes -> classes);
    }

    @ParameterizedTest
    @MethodSource("shared")
    void eachFieldIsFinalOrVolatile(Class<?> type) {
        assertThat(type.getDeclaredFields())
                .allMatch(field -> Modifier.isFinal(field.getModifiers()) || Modifier.isVolatile(field.getModifiers()));
    }
}
