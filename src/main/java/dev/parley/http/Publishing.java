package dev.parley.http;

import dev.parley.api.Hub;
import dev.parley.gate.Handshake;
import dev.parley.protocol.ApiMessage;
import dev.parley.protocol.BadMessageException;
import dev.parley.protocol.JsonCodec;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes messages for rooms.
 *
 * @param hub publishes them
 * @param codec reads them
 * @param maxText how long a text may be, bytes of UTF-8
 */
record Publishing(Hub hub, JsonCodec codec, int maxText) {

    private static final String BYTE_ORDER_MARK = "\uFEFF";

    /** Counts a body against the rate of its client. */
    @FunctionalInterface
    interface Toll {
        void take(int bytes) throws ProblemException;
    }

    void publish(Exchange exchange, Handshake caller, Toll toll) throws ProblemException, IOException {
        exchange.requireAccepts(MediaTypes.JSON);
        HttpServletRequest request = exchange.request();
        if (!MediaTypes.isJson(request.getContentType()) || request.getHeader("Content-Encoding") != null) {
            throw new ProblemException(
                    ProblemKind.UNSUPPORTED_MEDIA_TYPE,
                    "Send the body as " + MediaTypes.JSON + " in UTF-8, without a content encoding.",
                    Map.of("Accept", MediaTypes.JSON)); // RFC 9110 §15.5.16
        }
        String id = IdempotencyKey.of(request);
        Body.read(exchange, JsonCodec.maxMessage(maxText), body -> {
            toll.take(body.length);
            String text = text(body);
            hub.publish(caller.room(), caller.user(), id, text)
                    .whenComplete((position, failure) -> published(exchange, id, position, failure));
        });
    }

    private String text(byte[] body) throws ProblemException {
        try {
            String json = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            // RFC 8259 §8.1 lets a parser ignore a byte order mark, and some clients write one.
            return codec.decodePublish(json.startsWith(BYTE_ORDER_MARK) ? json.substring(1) : json, maxText);
        } catch (CharacterCodingException e) {
            throw new ProblemException(ProblemKind.BAD_JSON, "The body is not valid UTF-8.");
        } catch (BadMessageException e) {
            throw new ProblemException(ProblemKind.of(e.code().word()), e.reason());
        }
    }

    private static void published(
            Exchange exchange, @Nullable String id, @Nullable Position position, @Nullable Throwable failure) {
        if (position == null) {
            exchange.answer(ProblemException.of(PublishException.of(failure)));
            return;
        }
        // Relative (RFC 9110 §10.2.2), so it is right in any context and behind a proxy that strips a prefix.
        Position before = new Position(position.epoch(), position.offset() - 1);
        exchange.answer(
                HttpServletResponse.SC_CREATED,
                Map.of("Location", "messages?since=" + before + "&limit=1"),
                new ApiMessage.Published(position.epoch(), position.offset(), id));
    }
}
