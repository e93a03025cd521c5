package dev.parley.protocol;

/** What a client of {@code /ws/json} may say: a union tagged by {@code type}. */
public sealed interface ClientMessage {

    /**
     * Calls the visitor's method for this variant.
     *
     * @param visitor who handles each variant
     */
    void accept(Visitor visitor);

    /**
     * A text for the server.
     *
     * @param text what was said
     */
    record Chat(String text) implements ClientMessage {
        @Override
        public void accept(Visitor visitor) {
            visitor.chat(this);
        }
    }

    /** Is anybody there? Answered by {@code pong}. */
    record Ping() implements ClientMessage {
        @Override
        public void accept(Visitor visitor) {
            visitor.ping();
        }
    }

    /** The client leaves. Answered by a close 1000. */
    record Bye() implements ClientMessage {
        @Override
        public void accept(Visitor visitor) {
            visitor.bye();
        }
    }

    /** A method for each variant, so that a forgotten one does not compile. */
    interface Visitor {

        /**
         * For {@code chat}.
         *
         * @param chat the message
         */
        void chat(Chat chat);

        /** For {@code ping}. */
        void ping();

        /** For {@code bye}. */
        void bye();
    }
}
