package dev.parley.wire.tyrus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.wire.NotTakenException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A connection that ends while its session opens must not look like a server that is not as it was: that is for good. */
class GrizzlyConnectionTest {

    @Test
    void findsTheConnectionBelowARequest() throws Exception {
        var connection = new Object();
        assertThat(GrizzlyConnection.of(new Input(new Buffer(connection)))).isSameAs(connection);
    }

    @Test
    void doesNotTakeAConnectionWhoseRequestHasBeenTakenApart() {
        assertThatThrownBy(() -> GrizzlyConnection.of(new Input(null))).isInstanceOf(NotTakenException.class);
        assertThatThrownBy(() -> GrizzlyConnection.of(new Input(new Buffer(null))))
                .isInstanceOf(NotTakenException.class);
    }

    @Test
    void saysThatAServerIsNotAsItWas() {
        assertThatThrownBy(() -> GrizzlyConnection.of(new Object())).isInstanceOf(NoSuchFieldException.class);
    }

    /** As the input stream of a request. */
    private static final class Input {

        @SuppressWarnings("unused") // read by its name
        private final CatalinaBuffer ib;

        Input(@Nullable Buffer buffer) {
            ib = new CatalinaBuffer(buffer);
        }
    }

    private static final class CatalinaBuffer {

        @SuppressWarnings("unused") // read by its name
        private final @Nullable Buffer grizzlyInputBuffer;

        CatalinaBuffer(@Nullable Buffer buffer) {
            grizzlyInputBuffer = buffer;
        }
    }

    private static final class Buffer {

        @SuppressWarnings("unused") // read by its name
        private final @Nullable Object connection;

        Buffer(@Nullable Object connection) {
            this.connection = connection;
        }
    }
}
