package dev.parley.protocol;

import org.jspecify.annotations.Nullable;

/** What a client of {@code parley.v1} may say: a union tagged by {@code type}. */
public sealed interface RoomRequest {

    /** The longest {@code id}, characters. */
    int MAX_ID = 64;

    /**
     * Calls the visitor's method for this variant.
     *
     * @param visitor who handles each variant
     */
    void accept(Visitor visitor);

    /**
     * A message for the room. Answered by {@code ack} once the broker has it.
     *
     * @param text what was said
     * @param id the client's own key for it, or null: the same again, by the same user, is the same message
     */
    record Chat(String text, @Nullable String id) implements RoomRequest {
        @Override
        public void accept(Visitor visitor) {
            visitor.chat(this);
        }
    }

    /** The user is typing. Not answered; the others are told. */
    record Typing() implements RoomRequest {
        @Override
        public void accept(Visitor visitor) {
            visitor.typing();
        }
    }

    /**
     * The user shows who it is, first or again.
     *
     * @param token its token
     */
    record Auth(String token) implements RoomRequest {
        @Override
        public void accept(Visitor visitor) {
            visitor.auth(this);
        }
    }

    /** Is anybody there? Answered by {@code pong}. */
    record Ping() implements RoomRequest {
        @Override
        public void accept(Visitor visitor) {
            visitor.ping();
        }
    }

    /** The client leaves. Answered by a close 1000. */
    record Bye() implements RoomRequest {
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

        /** For {@code typing}. */
        void typing();

        /**
         * For {@code auth}.
         *
         * @param auth the message
         */
        void auth(Auth auth);

        /** For {@code ping}. */
        void ping();

        /** For {@code bye}. */
        void bye();
    }
}
