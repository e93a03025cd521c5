package dev.parley.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What a client published: text or bytes. Immutable; safe for any thread. */
public sealed interface Content {

    /**
     * How much room it takes in a queue.
     *
     * @return its size, bytes
     */
    int size();

    /**
     * About how much it takes of the heap, without the objects around it.
     *
     * @param size its {@link #size}
     * @return bytes
     */
    int memory(int size);

    /**
     * A text message.
     *
     * @param text the text, well-formed UTF-16
     */
    record Text(String text) implements Content {
        @Override
        public int size() {
            return text.getBytes(StandardCharsets.UTF_8).length;
        }

        /** A {@code String} has one byte for each character if all are Latin-1; of those, UTF-8 shows ASCII alone. */
        @Override
        public int memory(int size) {
            return size > text.length() ? 2 * text.length() : size;
        }
    }

    /**
     * A binary message.
     *
     * @param bytes the payload, which nobody writes to or reads with its own position
     */
    record Binary(ByteBuffer bytes) implements Content {
        @Override
        public int size() {
            return bytes.remaining();
        }

        @Override
        public int memory(int size) {
            return bytes.capacity();
        }
    }
}
