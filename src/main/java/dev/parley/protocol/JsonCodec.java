package dev.parley.protocol;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.bind.Jsonb;
import jakarta.json.bind.JsonbBuilder;
import jakarta.json.stream.JsonGenerator;
import jakarta.json.stream.JsonGeneratorFactory;
import jakarta.json.stream.JsonLocation;
import jakarta.json.stream.JsonParser;
import jakarta.json.stream.JsonParser.Event;
import jakarta.json.stream.JsonParserFactory;
import jakarta.json.stream.JsonParsingException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The one codec between JSON text and messages. Safe for any thread: {@code Jsonb} promises it in its class documentation,
 * the factories of JSON-P in theirs.
 *
 * <p>JSON-B alone is too lax for a protocol: Yasson takes trailing characters, lets the last of two equal keys win, turns
 * {@code 12} into {@code "12"} and gives null for a top-level {@code null}. So a text is walked through with the streaming
 * parser, which is strict and knows where it stands. The walk finds all that a message has, and binding, which reads the
 * text a second time, would find no more. The frequent answer is written by the streaming generator, which is JSON-B's own.
 */
public final class JsonCodec {

    /** How deep a message may be nested; a deeper one is refused. */
    public static final int MAX_DEPTH = 32;

    /** How many characters a number may have; more is refused, as Parsson refuses to make a number of more. */
    private static final int MAX_DIGITS = 1100;

    /** How many bytes of JSON a byte of a text may take: an escape of its code. */
    private static final int MAX_ESCAPE = 6;

    /** What a message may hold beside its text, bytes. */
    private static final int ALLOWANCE = 1024;

    private static final String TYPES = "chat, ping or bye";
    private static final String REQUESTS = "chat, typing, auth, ping or bye";

    private final JsonParserFactory parsers = Json.createParserFactory(Map.of());
    private final JsonGeneratorFactory generators = Json.createGeneratorFactory(Map.of());
    private final Jsonb jsonb = JsonbBuilder.create();

    /** A codec on the server's JSON-B and JSON-P. Costs milliseconds: make one and share it. */
    public JsonCodec() {}

    /**
     * The codec of this application.
     *
     * @return always the same
     */
    public static JsonCodec shared() {
        return Shared.CODEC;
    }

    /** Made when it is first needed (JLS §12.4.1). */
    private static final class Shared {
        static final JsonCodec CODEC = new JsonCodec();
    }

    /**
     * Reads one message.
     *
     * @param text a whole JSON text
     * @return the message it holds
     * @throws BadMessageException if the text is no message; it says what was wrong and where
     */
    public ClientMessage decode(String text) throws BadMessageException {
        Members members = read(text);
        return switch (members.type(TYPES)) {
            case "chat" -> new ClientMessage.Chat(members.text(null));
            case "ping" -> new ClientMessage.Ping();
            case "bye" -> new ClientMessage.Bye();
            default -> throw unknownType(TYPES);
        };
    }

    /**
     * How long the JSON of a message may be that holds a text, however that is escaped.
     *
     * @param maxText how long the text may be, bytes of UTF-8
     * @return bytes
     */
    public static int maxMessage(int maxText) {
        return (int) Math.min(Integer.MAX_VALUE, (long) MAX_ESCAPE * maxText + ALLOWANCE);
    }

    /**
     * Reads one message of {@code parley.v1}.
     *
     * @param text a whole JSON text
     * @param maxText how long the text of a {@code chat} may be, bytes of UTF-8
     * @return the message it holds
     * @throws BadMessageException if the text is no message; it says what was wrong and where
     */
    public RoomRequest decodeRequest(String text, int maxText) throws BadMessageException {
        Members members = read(text);
        return switch (members.type(REQUESTS)) {
            case "chat" -> {
                String id = members.id();
                yield new RoomRequest.Chat(members.chat(id, maxText), id);
            }
            case "typing" -> new RoomRequest.Typing();
            case "auth" ->
                new RoomRequest.Auth(members.string("token", ErrorCode.BAD_TOKEN, "auth needs it, a string", null));
            case "ping" -> new RoomRequest.Ping();
            case "bye" -> new RoomRequest.Bye();
            default -> throw unknownType(REQUESTS);
        };
    }

    /**
     * Reads what is to be published over HTTP: the text of {@code {"text":…}}.
     *
     * @param body a whole JSON text
     * @param maxText how long the text may be, bytes of UTF-8
     * @return the text, under the rules of a {@code chat} of {@code parley.v1}
     * @throws BadMessageException if there is none; it says what was wrong and where
     */
    public String decodePublish(String body, int maxText) throws BadMessageException {
        return read(body).chat(null, maxText);
    }

    private static BadMessageException unknownType(String types) {
        return new BadMessageException(ErrorCode.UNKNOWN_TYPE, "unknown type: it must be " + types);
    }

    /**
     * Writes one message of {@code parley.v1}.
     *
     * @param notice what to say
     * @return its JSON text, {@code type} first
     */
    public String encode(RoomNotice notice) {
        return jsonb.toJson(notice);
    }

    /**
     * Writes one message.
     *
     * @param message what to say
     * @return its JSON text, {@code type} first
     */
    public String encode(ServerMessage message) {
        return message instanceof ServerMessage.Echo echo
                ? write(echo)
                : jsonb.toJson(message); // not toJson(message, ServerMessage.class), which gives {}
    }

    private String write(ServerMessage.Echo echo) {
        StringWriter json = new StringWriter();
        try (JsonGenerator to = generators.createGenerator(json)) {
            to.writeStartObject()
                    .write("type", "echo")
                    .write("text", echo.text())
                    .writeEnd();
        }
        return json.toString();
    }

    /**
     * Writes an answer of the HTTP API.
     *
     * @param message what to say
     * @return its JSON text
     */
    public String encode(ApiMessage message) {
        return jsonb.toJson(message);
    }

    /** Walks through a whole text, strictly, and keeps the members of the message itself. */
    private Members read(String text) throws BadMessageException {
        try (JsonParser parser = parsers.createParser(new StringReader(text))) {
            return read(parser);
        } catch (JsonParsingException e) {
            throw bad("not JSON" + at(e.getLocation()));
        } catch (JsonException e) {
            throw bad("not JSON");
        }
    }

    private static Members read(JsonParser parser) throws BadMessageException {
        if (parser.next() != Event.START_OBJECT) {
            throw bad("a message is a JSON object" + at(parser.getLocation()));
        }
        Members members = new Members();
        Deque<Set<String>> objects = new ArrayDeque<>();
        objects.push(new HashSet<>());
        int depth = 1;
        String key = "";
        while (parser.hasNext()) {
            Event event = parser.next();
            if (event == Event.KEY_NAME) {
                key = parser.getString();
                if (!objects.element().add(key)) {
                    throw bad("a key stands twice in one object" + at(parser.getLocation()));
                }
                continue;
            }
            if (depth == 1 && event != Event.END_OBJECT) {
                members.put(
                        key, new Member(event == Event.VALUE_STRING ? parser.getString() : null, parser.getLocation()));
            }
            switch (event) {
                case START_OBJECT, START_ARRAY -> {
                    depth++;
                    if (depth > MAX_DEPTH) {
                        throw bad("nested deeper than " + MAX_DEPTH + " levels" + at(parser.getLocation()));
                    }
                    if (event == Event.START_OBJECT) {
                        objects.push(new HashSet<>());
                    }
                }
                case END_OBJECT -> {
                    depth--;
                    objects.pop();
                }
                case END_ARRAY -> depth--;
                case VALUE_NUMBER -> {
                    if (parser.getString().length() > MAX_DIGITS) {
                        throw bad("a value is out of range");
                    }
                }
                default -> {}
            }
        }
        return members;
    }

    private static BadMessageException bad(String message) {
        return new BadMessageException(ErrorCode.BAD_JSON, message);
    }

    /** A member's value, null if it is no string, and where it stands. */
    private record Member(@Nullable String string, JsonLocation location) {
        String at() {
            return JsonCodec.at(location);
        }
    }

    /** The members of a message by name. */
    private static final class Members extends HashMap<String, Member> {

        private static final long serialVersionUID = 1L;

        String type(String types) throws BadMessageException {
            return string("type", ErrorCode.UNKNOWN_TYPE, "it must be " + types, null);
        }

        String string(String name, ErrorCode code, String rule, @Nullable String id) throws BadMessageException {
            Member member = get(name);
            if (member == null) {
                throw new BadMessageException(code, name + " is missing: " + rule, id);
            }
            if (member.string == null) {
                throw new BadMessageException(code, name + " must be a string" + member.at(), id);
            }
            return member.string;
        }

        String text(@Nullable String id) throws BadMessageException {
            String text = string("text", ErrorCode.BAD_TEXT, "a chat message needs it, a string", id);
            if (!MessageText.isWellFormed(text)) {
                throw wrong("text", ErrorCode.BAD_TEXT, "holds half a surrogate pair", id);
            }
            return text;
        }

        /** A text that may be published. */
        String chat(@Nullable String id, int maxBytes) throws BadMessageException {
            String text = text(id);
            if (text.getBytes(StandardCharsets.UTF_8).length > maxBytes) {
                throw wrong("text", ErrorCode.TOO_LONG, "is longer than " + maxBytes + " bytes of UTF-8", id);
            }
            String problem = MessageText.problem(text);
            if (problem != null) {
                throw wrong("text", ErrorCode.BAD_TEXT, problem, id);
            }
            return text;
        }

        @Nullable
        String id() throws BadMessageException {
            if (!containsKey("id")) {
                return null;
            }
            String id = string("id", ErrorCode.BAD_ID, "", null);
            if (id.isEmpty() || id.length() > RoomRequest.MAX_ID) {
                throw wrong("id", ErrorCode.BAD_ID, "must have 1 to " + RoomRequest.MAX_ID + " characters", null);
            }
            if (!MessageText.isWellFormed(id) || id.chars().anyMatch(Character::isISOControl)) {
                throw wrong("id", ErrorCode.BAD_ID, "holds a control character or half a surrogate pair", null);
            }
            return id;
        }

        private BadMessageException wrong(String name, ErrorCode code, String what, @Nullable String id) {
            Member member = get(name);
            return new BadMessageException(code, name + " " + what + (member == null ? "" : member.at()), id);
        }
    }

    private static String at(JsonLocation location) {
        return location.getLineNumber() < 0
                ? ""
                : ", at line " + location.getLineNumber() + ", column " + location.getColumnNumber();
    }
}
