package dev.parley.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A WebSocket client down to the byte: it writes any frame, right or wrong, and reads strictly. Used by one thread.
 *
 * <p>A masked frame, a reserved bit, an unknown opcode, a fragmented or long control frame, or a length that is not in
 * its shortest form (RFC 6455 §5.2, §5.5) fails the test, as does a silence longer than {@link OnServer#DEADLINE}.
 */
public final class RawSocket implements AutoCloseable {

    /** The opcodes of RFC 6455 §5.2. */
    public static final int CONTINUATION = 0;

    /** A text frame. */
    public static final int TEXT = 1;

    /** A binary frame. */
    public static final int BINARY = 2;

    /** A close frame. */
    public static final int CLOSE = 8;

    /** A ping frame. */
    public static final int PING = 9;

    /** A pong frame. */
    public static final int PONG = 10;

    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final byte[] MASK = {0x5A, 0x13, (byte) 0xC4, 0x7E};

    /** A frame from the server. */
    public record Frame(int opcode, boolean fin, byte[] payload) {

        /** The payload as UTF-8, which it must be. */
        public String text() {
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(payload))
                        .toString();
            } catch (CharacterCodingException e) {
                return fail("not UTF-8: " + Arrays.toString(payload), e);
            }
        }

        /** The code of a close frame; 1005 when it carries none (RFC 6455 §7.1.5). */
        public int code() {
            return payload.length == 0 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xFFFF;
        }

        /** The reason of a close frame. */
        public String reason() {
            return payload.length < 2
                    ? ""
                    : new Frame(opcode, fin, Arrays.copyOfRange(payload, 2, payload.length)).text();
        }

        @Override
        public String toString() {
            return "opcode " + opcode + (fin ? "" : ", more follows") + ", " + payload.length + " bytes"
                    + (opcode == CLOSE ? ", " + code() + " " + reason() : "");
        }
    }

    /** The server's answer to a request; header names are in lower case. */
    public record Response(int status, Map<String, String> headers, String body) {

        /** A header's value, or an empty text. */
        public String header(String name) {
            return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
        }

        /** Whether another request may follow on the connection. */
        public boolean keepsAlive() {
            return isDelimited(headers) && !header("Connection").equalsIgnoreCase("close");
        }
    }

    private final URI base;
    private final Socket socket;
    private final InputStream in;
    private Duration deadline = OnServer.DEADLINE;

    private RawSocket(URI base, Socket socket) throws IOException {
        this.base = base;
        this.socket = socket;
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** Connects, and says nothing. */
    public static RawSocket connect(URI base) {
        return connect(base, 0);
    }

    /** Connects with a receive buffer of so many bytes, 0 for the system's choice. */
    public static RawSocket connect(URI base, int receiveBuffer) {
        return connect(base, receiveBuffer, "0.0.0.0");
    }

    /** Connects from an address of this machine, such as any that starts with 127. */
    public static RawSocket connectFrom(String address, URI base) {
        return connect(base, 0, address);
    }

    private static RawSocket connect(URI base, int receiveBuffer, String from) {
        try {
            var socket = new Socket();
            if (receiveBuffer > 0) {
                socket.setReceiveBufferSize(receiveBuffer);
            }
            socket.bind(new InetSocketAddress(from, 0));
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) OnServer.DEADLINE.toMillis());
            socket.connect(new InetSocketAddress(base.getHost(), base.getPort()), (int) OnServer.DEADLINE.toMillis());
            return new RawSocket(base, socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for so long from here on, instead of {@link OnServer#DEADLINE}. */
    public RawSocket within(Duration time) {
        try {
            socket.setSoTimeout((int) time.toMillis());
            deadline = time;
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends what it sends; it still reads. */
    public RawSocket halfClose() {
        try {
            socket.shutdownOutput();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Connects and upgrades, which must succeed. */
    public static RawSocket open(URI base, String target, String... headers) {
        var socket = connect(base);
        socket.upgrade(target, headers);
        return socket;
    }

    /** Upgrades, which must succeed. */
    public Response upgrade(String target, String... headers) {
        var response = handshake(target, headers);
        assertThat(response.status()).as("%s: %s", target, response).isEqualTo(101);
        assertThat(response.header("Upgrade")).isEqualToIgnoringCase("websocket");
        assertThat(response.header("Sec-WebSocket-Accept")).isEqualTo(accept(KEY));
        assertThat(response.header("Sec-WebSocket-Extensions")).isEmpty();
        return response;
    }

    /** Sends a right opening handshake, and further headers, names and values in turn. */
    public Response handshake(String target, String... headers) {
        var all = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
        all.put("Upgrade", "websocket");
        all.put("Connection", "Upgrade");
        all.put("Sec-WebSocket-Key", KEY);
        all.put("Sec-WebSocket-Version", "13");
        for (int i = 0; i < headers.length; i += 2) {
            if (headers[i + 1] == null) {
                all.remove(headers[i]);
            } else {
                all.put(headers[i], headers[i + 1]);
            }
        }
        return request("GET", target, all);
    }

    /** Sends a request as given, and reads the answer. */
    public Response request(String method, String target, Map<String, String> headers) {
        var head = new StringBuilder(method)
                .append(' ')
                .append(target)
                .append(" HTTP/1.1\r\nHost: ")
                .append(base.getAuthority())
                .append("\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        return response(method.equals("HEAD"));
    }

    /** Reads the answer to a request that was written. */
    public Response answer() {
        return response(false);
    }

    /**
     * Reads the answer to a request that was written, its body unless it may have none or has no end; null when the connection
     * ends instead. Steps over 100 Continue, and takes an answer in HTTP/1.0.
     */
    public Response answerOrEnd(boolean headOnly) {
        try {
            var head = head("HTTP/1.");
            while (head.status == 100) {
                head = head("HTTP/1.");
            }
            boolean hasBody = !headOnly && head.status != 101 && isDelimited(head.headers);
            return hasBody ? new Response(head.status, head.headers, body(head.headers)) : head;
        } catch (SocketTimeoutException e) {
            return fail("no answer within " + deadline, e);
        } catch (IOException e) {
            return null;
        }
    }

    /** Writes bytes as they are. */
    public RawSocket write(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Writes bytes, as many as the server takes: it may end the connection half-way. What it had sent by then can still be
     * read: Linux keeps the bytes that came before a reset.
     */
    public RawSocket offer(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            // What the server said about it is for the test to read.
        }
        return this;
    }

    /** Writes bytes one by one, each in a segment of its own. */
    public RawSocket trickle(byte[] bytes) {
        for (byte each : bytes) {
            write(new byte[] {each});
        }
        return this;
    }

    /** Writes a masked frame. */
    public RawSocket frame(int opcode, boolean fin, byte... payload) {
        return write(encode(opcode, fin, true, payload));
    }

    /** Writes a text message in one frame. */
    public RawSocket text(String message) {
        return frame(TEXT, true, message.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes a close frame, if the server takes one: some end the connection right behind their own. */
    public RawSocket close(int code, String reason) {
        var bytes = reason.getBytes(StandardCharsets.UTF_8);
        byte[] payload = ByteBuffer.allocate(2 + bytes.length)
                .putShort((short) code)
                .put(bytes)
                .array();
        return offer(encode(CLOSE, true, true, payload));
    }

    /** A frame as bytes, masked as a client's must be, or not. */
    public static byte[] encode(int opcode, boolean fin, boolean masked, byte... payload) {
        var frame = ByteBuffer.allocate(14 + payload.length);
        frame.put((byte) ((fin ? 0x80 : 0) | opcode));
        int mask = masked ? 0x80 : 0;
        if (payload.length < 126) {
            frame.put((byte) (mask | payload.length));
        } else if (payload.length < 0x10000) {
            frame.put((byte) (mask | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (mask | 127)).putLong(payload.length);
        }
        if (!masked) {
            return Arrays.copyOf(frame.array(), frame.put(payload).position());
        }
        frame.put(MASK);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ MASK[i & 3]));
        }
        return Arrays.copyOf(frame.array(), frame.position());
    }

    /** Reads the next frame. */
    public Frame next() {
        try {
            return read();
        } catch (SocketTimeoutException e) {
            return fail("the server sent nothing within " + deadline, e);
        } catch (EOFException e) {
            return fail("the server ended the connection without a close frame", e);
        } catch (IOException e) {
            return fail("the connection broke", e);
        }
    }

    /** Reads the next frame that is no ping; answers those before it. */
    public Frame nextButPings() {
        var frame = next();
        while (frame.opcode() == PING) {
            frame(PONG, true, frame.payload());
            frame = next();
        }
        return frame;
    }

    /** Reads the next frame; null when the connection ends instead, in order or by a reset. */
    public Frame nextOrEnd() {
        try {
            return read();
        } catch (SocketTimeoutException e) {
            return fail("the server sent nothing within " + deadline, e);
        } catch (IOException e) {
            return null;
        }
    }

    private Frame read() throws IOException {
        int first = one();
        assertThat(first & 0x70).as("reserved bits").isZero();
        int opcode = first & 0x0F;
        boolean fin = (first & 0x80) != 0;
        assertThat(opcode).as("opcode").isIn(CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG);
        int second = one();
        assertThat(second & 0x80).as("a server's frame is not masked").isZero();
        long length = second & 0x7F;
        if (length == 126) {
            length = ByteBuffer.wrap(some(2)).getShort() & 0xFFFF;
            assertThat(length).as("shortest form of the length").isGreaterThan(125);
        } else if (length == 127) {
            length = ByteBuffer.wrap(some(8)).getLong();
            assertThat(length).as("shortest form of the length").isGreaterThan(0xFFFF);
        }
        if (opcode >= CLOSE) {
            assertThat(fin).as("a control frame is whole").isTrue();
            assertThat(length).as("length of a control frame").isLessThan(126);
        }
        assertThat(length).as("length").isLessThan(1 << 26);
        var frame = new Frame(opcode, fin, some((int) length));
        assertThat(frame.opcode == CLOSE && length == 1).as("half a close code").isFalse();
        return frame;
    }

    /** Reads the next frame, which must be a whole text message. */
    public String nextText() {
        var frame = next();
        assertThat(frame.opcode()).as("%s", frame).isEqualTo(TEXT);
        assertThat(frame.fin()).as("%s", frame).isTrue();
        return frame.text();
    }

    /** Reads the next frame, which must be this text, whole. */
    public RawSocket expectText(String message) {
        assertThat(nextText()).isEqualTo(message);
        return this;
    }

    /** Reads the next frame, which must be a close with this code; gives its reason. */
    public String expectClose(int code) {
        var frame = next();
        assertThat(frame.opcode()).as("%s", frame).isEqualTo(CLOSE);
        assertThat(frame.code()).as("%s", frame).isEqualTo(code);
        return frame.reason();
    }

    /** The status of the answer, with the rest of it left unread; 0 when the connection ends instead. */
    public int statusOrEnd() {
        try {
            return Integer.parseInt(line().substring(9, 12));
        } catch (SocketTimeoutException e) {
            return fail("no answer within " + deadline, e);
        } catch (IOException e) {
            return 0;
        }
    }

    /** Whether the connection ends, whatever comes before, sooner than {@link #within} says. */
    public boolean hasEnded() {
        try {
            in.transferTo(OutputStream.nullOutputStream());
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true; // a reset
        }
    }

    /** Reads the end of the connection, with nothing before it. */
    public void expectEnd() {
        try {
            assertThat(in.read()).as("a byte after the close").isEqualTo(-1);
        } catch (SocketTimeoutException e) {
            fail("the server left the connection open for " + deadline, e);
        } catch (IOException e) {
            // A reset is an end as well: the server closed while bytes of ours were under way.
        }
    }

    /** Reads and forgets, until the connection ends. */
    public void drain() {
        try {
            in.transferTo(OutputStream.nullOutputStream());
        } catch (SocketTimeoutException e) {
            fail("the server left the connection open for " + deadline, e);
        } catch (IOException e) {
            // A reset is an end as well.
        }
    }

    /** The port of this end. */
    public int localPort() {
        return socket.getLocalPort();
    }

    /** Ends the connection with a reset instead of a FIN. */
    public void reset() {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Response response(boolean headOnly) {
        try {
            var head = head("HTTP/1.1 ");
            int code = head.status;
            boolean bodiless = headOnly || code == 101 || code == 204 || code == 304; // RFC 9112 §6.3
            return bodiless ? head : new Response(code, head.headers, body(head.headers));
        } catch (SocketTimeoutException e) {
            return fail("no answer within " + deadline, e);
        } catch (IOException e) {
            return fail("the server ended the connection instead of answering", e);
        }
    }

    private Response head(String version) throws IOException {
        var status = line();
        assertThat(status).startsWith(version);
        var headers = new TreeMap<String, String>();
        for (var line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.merge(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip(),
                    (one, two) -> one + ", " + two);
        }
        return new Response(Integer.parseInt(status.substring(9, 12)), headers, "");
    }

    private static boolean isDelimited(Map<String, String> headers) {
        return headers.containsKey("content-length") || "chunked".equalsIgnoreCase(headers.get("transfer-encoding"));
    }

    private String body(Map<String, String> headers) throws IOException {
        if (headers.containsKey("content-length")) {
            return new String(some(Integer.parseInt(headers.get("content-length"))), StandardCharsets.UTF_8);
        }
        if (!isDelimited(headers)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        var body = new ByteArrayOutputStream();
        for (int size = Integer.parseInt(line(), 16); size > 0; size = Integer.parseInt(line(), 16)) {
            body.write(some(size));
            line();
        }
        line();
        return body.toString(StandardCharsets.UTF_8);
    }

    private String line() throws IOException {
        var line = new ByteArrayOutputStream();
        for (int c = one(); c != '\n'; c = one()) {
            if (c != '\r') {
                line.write(c);
            }
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    private int one() throws IOException {
        int c = in.read();
        if (c < 0) {
            throw new EOFException();
        }
        return c;
    }

    private byte[] some(int count) throws IOException {
        var bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException();
        }
        return bytes;
    }

    private static String accept(String key) {
        try {
            var sha1 = MessageDigest.getInstance("SHA-1");
            var digest =
                    sha1.digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
