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
     * A text message.
     *
     * @param text the text, well-formed UTF-16
     */
    record Text(String text) implements Content {
        @Override
        public int size() {
            return text.getBytes(StandardCharsets.UTF_8).length;
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
    }
}
