package dev.parley.broker.nats;

import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.ops.RepeatedEvent;
import dev.parley.protocol.Content;
import io.nats.client.Message;
import io.nats.client.impl.Headers;
import java.lang.System.Logger.Level;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How rooms and publications are written in NATS. A room is one token of a subject, so whatever a token cannot hold is
 * percent-encoded; so are names in headers, which hold ASCII alone. For any thread.
 */
final class Codec {

    static final String SUBJECT = "Nats-Subject";
    static final String SEQUENCE = "Nats-Sequence";
    static final String PREVIOUS = "Nats-Last-Sequence";
    static final String PENDING = "Nats-Num-Pending";

    private static final String TIME = "Nats-Time-Stamp";
    private static final String KEY = "Nats-Msg-Id";
    private static final String USER = "Parley-User";
    private static final String PEER = "Parley-Peer";
    private static final String ID = "Parley-Id";
    private static final String TYPE = "Parley-Type";
    private static final String BINARY = "binary";

    private static final RepeatedEvent UNREADABLE = new RepeatedEvent(Codec.class, Level.WARNING);

    private Codec() {}

    /** A text as a token of a subject. */
    static String token(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace(".", "%2E")
                .replace("*", "%2A");
    }

    /** The text of the last token of a subject. */
    static String text(String subject) {
        return decoded(subject.substring(subject.lastIndexOf('.') + 1));
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    /** Who is typing. */
    static Headers headers(Sender sender) {
        Headers headers = new Headers();
        if (sender.user() != null) {
            headers.put(USER, token(sender.user()));
        }
        return headers.put(PEER, Long.toHexString(sender.peer()));
    }

    /** All of a publication but its payload. */
    static Headers headers(String key, Sender sender, @Nullable String id, Content content) {
        Headers headers = headers(sender).put(KEY, key);
        if (id != null) {
            headers.put(ID, token(id));
        }
        return content instanceof Content.Binary ? headers.put(TYPE, BINARY) : headers;
    }

    static byte[] payload(Content content) {
        if (content instanceof Content.Binary binary) {
            byte[] bytes = new byte[binary.size()];
            binary.bytes().duplicate().get(bytes);
            return bytes;
        }
        return ((Content.Text) content).text().getBytes(StandardCharsets.UTF_8);
    }

    /** Who is typing, as {@link #headers(Sender)} says it; null if that cannot be read. */
    static @Nullable Sender typing(@Nullable Headers headers) {
        try {
            return headers == null ? null : sender(headers);
        } catch (IllegalArgumentException e) {
            UNREADABLE.log("A typing notice in NATS cannot be read and is skipped");
            return null;
        }
    }

    /** Who sent it. */
    private static Sender sender(Headers headers) {
        String user = headers.getLast(USER);
        String peer = headers.getLast(PEER);
        return new Sender(user == null ? null : decoded(user), peer == null ? 0 : Long.parseUnsignedLong(peer, 16));
    }

    static Content content(@Nullable Headers headers, byte[] data) {
        return headers != null && BINARY.equals(headers.getLast(TYPE))
                ? new Content.Binary(ByteBuffer.wrap(data).asReadOnlyBuffer())
                : new Content.Text(new String(data, StandardCharsets.UTF_8));
    }

    /** The number in the last header of that name: the server's stands after what a publisher may have forged. */
    static long number(Headers headers, String name) {
        String number = headers.getLast(name);
        return number == null ? -1 : Long.parseLong(number);
    }

    /** When the server stored it. */
    static Instant at(Headers headers) {
        String time = headers.getLast(TIME);
        return time == null ? Instant.EPOCH : Instant.parse(time);
    }

    /** The subject under which the servers have stored a message that they republish or give back, null if they have not. */
    static @Nullable String stored(Message message) {
        Headers headers = message.getHeaders();
        return headers == null ? null : headers.getLast(SUBJECT);
    }

    /**
     * Reads a message that the servers republished or returned; null if it is not from a stream or cannot be read.
     *
     * @param epochs name the history of a room
     */
    static @Nullable Publication publication(Message message, UnaryOperator<String> epochs) {
        Headers headers = message.getHeaders();
        String subject = stored(message);
        if (headers == null || subject == null) {
            return null;
        }
        try {
            String id = headers.getLast(ID);
            long sequence = number(headers, SEQUENCE);
            String room = text(subject);
            return sequence <= 0
                    ? null
                    : new Publication(
                            room,
                            epochs.apply(room),
                            sequence,
                            Math.max(0, number(headers, PREVIOUS)),
                            sender(headers),
                            id == null ? null : decoded(id),
                            at(headers),
                            content(headers, message.getData()));
        } catch (IllegalArgumentException | DateTimeException e) {
            UNREADABLE.log(
                    "A message in NATS cannot be read and is skipped; readers of its room are told that one is missing");
            return null;
        }
    }
}
