package dev.parley.wire;

import static dev.parley.wire.ClientFrames.BINARY;
import static dev.parley.wire.ClientFrames.CLOSE;
import static dev.parley.wire.ClientFrames.CONTINUATION;
import static dev.parley.wire.ClientFrames.FIN;
import static dev.parley.wire.ClientFrames.PING;
import static dev.parley.wire.ClientFrames.PONG;
import static dev.parley.wire.ClientFrames.TEXT;
import static dev.parley.wire.ClientFrames.close;
import static dev.parley.wire.ClientFrames.frame;
import static dev.parley.wire.ClientFrames.header;
import static dev.parley.wire.ClientFrames.join;
import static dev.parley.wire.ClientFrames.text;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameReaderTest {

    private static final String INVALID_FRAME = "refused 1002 invalid WebSocket frame";
    private static final String INVALID_UTF8 = "refused 1007 invalid UTF-8";
    private static final String TOO_LONG = "refused 1009 the message is too long";
    private static final String TOO_MANY_FRAGMENTS = "refused 1009 the message has too many fragments";
    private static final String NO_MEMORY = "refused 1013 the server is short of memory, try again later";

    private final RecordingListener listener = new RecordingListener();
    private final FrameReader reader = new FrameReader(listener);

    private boolean read(byte[]... parts) {
        var bytes = join(parts);
        return reader.read(bytes, 0, bytes.length);
    }

    private boolean readByteByByte(byte[]... parts) {
        boolean goesOn = true;
        for (byte each : join(parts)) {
            goesOn = reader.read(new byte[] {each}, 0, 1);
        }
        return goesOn;
    }

    private static byte[] hex(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    @Test
    void readsTextInOneFrame() {
        assertThat(read(text("héllo"))).isTrue();
        assertThat(listener.events).containsExactly("text héllo 6");
    }

    /** RFC 6455 §5.7. */
    @Test
    void readsTheFrameThatTheSpecificationGives() {
        read(hex("818537fa213d7f9f4d5158"));
        assertThat(listener.events).containsExactly("text Hello 5");
    }

    @Test
    void readsManyFramesOfOneRead() {
        read(text("a"), text("b"), frame(FIN | BINARY, (byte) 1, (byte) 2), text(""));
        assertThat(listener.events).containsExactly("text a 1", "text b 1", "binary 0102", "text  0");
    }

    @Test
    void readsNothingButTheRangeGiven() {
        var bytes = join(new byte[] {1, 2, 3}, text("a"), new byte[] {9, 9});
        reader.read(bytes, 3, bytes.length - 2);
        assertThat(listener.events).containsExactly("text a 1");
        assertThat(reader.held()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 125, 126, 127, 300})
    void readsMessagesOfAnyLengthWholeOrCut(int length) {
        var message = "0123456789".repeat(30).substring(0, length);
        read(text(message));
        readByteByByte(text(message));
        var said = "text " + message + " " + length;
        assertThat(listener.events).containsExactly(said, said);
    }

    @ParameterizedTest
    @CsvSource({"126, 0", "126, 125", "127, 0", "127, 126", "127, 65535", "127, -1", "127, -9223372036854775808"})
    void refusesLengthsInMoreBytesThanTheyNeed(int form, long length) {
        readByteByByte(header(FIN | BINARY, form, length));
        assertThat(listener.events).containsExactly(INVALID_FRAME);
    }

    @Test
    void readsFramesThatComeByteByByte() {
        readByteByByte(text("héllo"), frame(FIN | PING, (byte) 7), frame(FIN | BINARY, (byte) 1), close(1000, "bye"));
        assertThat(listener.events).containsExactly("text héllo 6", "ping 07", "binary 01", "close 1000 bye");
    }

    @Test
    void joinsFragmentsWithControlFramesBetweenThem() {
        var stream = join(
                frame(TEXT, (byte) 'a'),
                frame(FIN | PING, (byte) 5),
                frame(CONTINUATION, (byte) 'b'),
                frame(FIN | PONG, (byte) 1),
                frame(FIN | CONTINUATION, (byte) 'c'));
        read(stream);
        readByteByByte(stream);
        assertThat(listener.events)
                .containsExactly("ping 05", "pong 1", "text abc 3", "ping 05", "pong 1", "text abc 3");
    }

    @Test
    void joinsEmptyFragments() {
        read(
                frame(TEXT),
                frame(CONTINUATION),
                frame(FIN | CONTINUATION),
                frame(BINARY),
                frame(FIN | CONTINUATION, (byte) 1));
        assertThat(listener.events).containsExactly("text  0", "binary 01");
    }

    @Test
    void readsCharactersCutBetweenFragments() {
        var bytes = "€🎉".getBytes(UTF_8);
        read(
                frame(TEXT, Arrays.copyOf(bytes, 1)),
                frame(CONTINUATION, Arrays.copyOfRange(bytes, 1, 5)),
                frame(FIN | CONTINUATION, Arrays.copyOfRange(bytes, 5, 7)));
        assertThat(listener.events).containsExactly("text €🎉 7");
    }

    @Test
    void readsTheReplacementCharacterThatTheClientSent() {
        read(text("a\ufffdb"), frame(TEXT, "\ufffd".getBytes(UTF_8)), frame(FIN | CONTINUATION));
        assertThat(listener.events).containsExactly("text a\ufffdb 5", "text \ufffd 3");
    }

    @Test
    void binaryMessageIsNotInTheBytesGiven() {
        var bytes = frame(FIN | BINARY, (byte) 1, (byte) 2);
        var kept = new ByteBuffer[1];
        var keeping = new FrameReader(new RecordingListener() {
            @Override
            public void binary(ByteBuffer message) {
                kept[0] = message;
            }
        });
        keeping.read(bytes, 0, bytes.length);
        Arrays.fill(bytes, (byte) 0);
        assertThat(kept[0]).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2}));
    }

    @ParameterizedTest
    @CsvSource({
        "not masked, 8101",
        "reserved bit 1, c180",
        "reserved bit 2, a180",
        "reserved bit 3, 9180",
        "opcode 3, 8380",
        "opcode 7, 8780",
        "opcode 11, 8b80",
        "opcode 15, 8f80",
        "ping without FIN, 0980",
        "close without FIN, 0880",
        "ping of 126 bytes, 89fe",
        "pong of 64 KiB, 8aff",
        "continuation of nothing, 808000000000",
        "length with the top bit set, 82ff800000000000000000000000",
        "length of all bits, 82ffffffffffffffffff00000000"
    })
    void refusesBrokenHeaders(String what, String bytes) {
        var header = hex(bytes);
        assertThat(read(header)).as(what).isFalse();
        assertThat(listener.events).containsExactly(INVALID_FRAME);

        var cut = new RecordingListener();
        var cutReader = new FrameReader(cut);
        for (byte each : header) {
            cutReader.read(new byte[] {each}, 0, 1);
        }
        assertThat(cut.events).containsExactly(INVALID_FRAME);
    }

    @ParameterizedTest
    @ValueSource(ints = {TEXT, BINARY, FIN | TEXT, FIN | BINARY})
    void refusesMessageInsideMessage(int first) {
        assertThat(read(frame(TEXT, (byte) 'a'), frame(first, (byte) 'b'))).isFalse();
        assertThat(listener.events).containsExactly(INVALID_FRAME);
    }

    @Test
    void refusesContinuationAfterTheLastFragment() {
        read(frame(TEXT), frame(FIN | CONTINUATION), frame(FIN | CONTINUATION));
        assertThat(listener.events).containsExactly("text  0", INVALID_FRAME);
    }

    @Test
    void takesMessagesAsLongAsTheLimit() {
        read(text("a".repeat(RecordingListener.MAX_TEXT)), frame(FIN | BINARY, new byte[RecordingListener.MAX_BINARY]));
        assertThat(listener.events).hasSize(2).noneMatch(each -> each.startsWith("refused"));
    }

    @Test
    void refusesTooLongMessagesAtTheirHeader() {
        assertThat(read(header(FIN | TEXT, 126, RecordingListener.MAX_TEXT + 1)))
                .isFalse();
        assertThat(listener.events).containsExactly(TOO_LONG);
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 16, 1L << 31, (1L << 32) + 1, Long.MAX_VALUE})
    void refusesTooLongBinaryMessagesAtTheirHeader(long length) {
        assertThat(read(header(FIN | BINARY, 127, length))).isFalse();
        assertThat(listener.events).containsExactly(TOO_LONG);
    }

    @Test
    void refusesFragmentsThatAreTooLongTogetherAtTheHeaderOfTheLast() {
        read(frame(BINARY, new byte[RecordingListener.MAX_BINARY - 1]), frame(CONTINUATION, (byte) 1));
        assertThat(listener.events).isEmpty();
        assertThat(read(header(CONTINUATION, 1, 1))).isFalse();
        assertThat(listener.events).containsExactly(TOO_LONG);
        assertThat(listener.held).isZero();
    }

    @Test
    void takesAsManyFragmentsAsTheLimitAndRefusesOneMore() {
        read(frame(TEXT));
        for (int i = 2; i < RecordingListener.MAX_FRAGMENTS; i++) {
            read(frame(CONTINUATION));
        }
        read(frame(FIN | CONTINUATION), frame(TEXT));
        for (int i = 2; i <= RecordingListener.MAX_FRAGMENTS; i++) {
            read(frame(CONTINUATION));
        }
        assertThat(listener.events).containsExactly("text  0");
        assertThat(read(frame(CONTINUATION))).isFalse();
        assertThat(listener.events).containsExactly("text  0", TOO_MANY_FRAGMENTS);
    }

    static String[] notUtf8() {
        return new String[] {
            "80",
            "bf",
            "c080",
            "c1bf",
            "c2",
            "c241",
            "e0",
            "e080",
            "e09fbf",
            "e282",
            "e28241",
            "ed",
            "eda080",
            "edbfbf",
            "f0",
            "f080",
            "f08fbfbf",
            "f09f8e",
            "f09f8e41",
            "f490",
            "f4908080",
            "f580",
            "ff",
            "61ff62",
            "efbfbdff"
        };
    }

    @ParameterizedTest
    @MethodSource("notUtf8")
    void refusesTextThatIsNotUtf8(String bytes) {
        assertThat(read(frame(FIN | TEXT, hex(bytes)))).isFalse();
        assertThat(listener.events).containsExactly(INVALID_UTF8);
    }

    @ParameterizedTest
    @MethodSource("notUtf8")
    void refusesFragmentedTextThatIsNotUtf8(String bytes) {
        assertThat(readByteByByte(frame(TEXT, hex(bytes)), frame(FIN | CONTINUATION)))
                .isFalse();
        assertThat(listener.events).containsExactly(INVALID_UTF8);
    }

    @ParameterizedTest
    @MethodSource("notUtf8")
    void refusesReasonsThatAreNotUtf8(String bytes) {
        assertThat(read(frame(FIN | CLOSE, join(hex("03e8"), hex(bytes))))).isFalse();
        assertThat(listener.events).containsExactly(INVALID_UTF8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"00", "7f", "c280", "dfbf", "e0a080", "ed9fbf", "ee8080", "efbfbf", "f0908080", "f48fbfbf"})
    void takesTheBordersOfUtf8(String bytes) {
        var text = new String(hex(bytes), UTF_8);
        read(frame(FIN | TEXT, hex(bytes)), frame(TEXT, hex(bytes)), frame(FIN | CONTINUATION));
        var said = "text " + text + " " + bytes.length() / 2;
        assertThat(listener.events).containsExactly(said, said);
    }

    @Test
    void refusesLongTextAtTheByteThatIsWrong() {
        var frame = frame(FIN | TEXT, join(new byte[100], hex("f490"), new byte[100]));
        assertThat(reader.read(frame, 0, 8 + 101)).isTrue();
        assertThat(reader.read(frame, 8 + 101, 8 + 102)).isFalse();
        assertThat(listener.events).containsExactly(INVALID_UTF8);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 6, 7, 8, 14, 15, 16, 17})
    void checksFragmentedTextBehindAnyNumberOfAsciiLetters(int letters) {
        var ascii = "a".repeat(letters);
        read(frame(TEXT, (ascii + "é").getBytes(UTF_8)), frame(FIN | CONTINUATION));
        assertThat(read(frame(TEXT, join(ascii.getBytes(UTF_8), hex("ff"))))).isFalse();
        assertThat(listener.events).containsExactly("text " + ascii + "é " + (letters + 2), INVALID_UTF8);
    }

    @Test
    void takesBytesThatAreNotUtf8InBinaryMessages() {
        read(frame(FIN | BINARY, hex("ff")), frame(BINARY, hex("ff")), frame(FIN | CONTINUATION, hex("c0")));
        assertThat(listener.events).containsExactly("binary ff", "binary ffc0");
    }

    @Test
    void readsCloseWithoutPayload() {
        assertThat(read(frame(FIN | CLOSE), text("a"))).isFalse();
        assertThat(listener.events).containsExactly("close 1005 ");
    }

    @Test
    void readsTheLongestReason() {
        read(close(1000, "é" + "a".repeat(121)));
        assertThat(listener.events).containsExactly("close 1000 é" + "a".repeat(121));
    }

    @Test
    void readsCloseBetweenFragments() {
        read(frame(TEXT, (byte) 'a'), close(1001, ""), frame(FIN | CONTINUATION));
        assertThat(listener.events).containsExactly("close 1001 ");
        assertThat(listener.held).isZero();
    }

    @Test
    void refusesCloseOfOneByte() {
        assertThat(read(frame(FIN | CLOSE, (byte) 3))).isFalse();
        assertThat(listener.events).containsExactly(INVALID_FRAME);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999})
    void takesCloseCodes(int code) {
        assertThat(read(close(code, "bye"))).isFalse();
        assertThat(listener.events).containsExactly("close " + code + " bye");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 0x8000, 0xffff})
    void refusesCloseCodes(int code) {
        assertThat(read(close(code, "bye"))).isFalse();
        assertThat(listener.events).containsExactly(INVALID_FRAME);
    }

    @Test
    void readsNothingAfterClose() {
        read(close(1000, ""));
        assertThat(read(text("a"))).isFalse();
        assertThat(listener.events).containsExactly("close 1000 ");
    }

    @Test
    void readsNothingAfterRefusal() {
        assertThat(read(text("a"), hex("8100"), text("b"))).isFalse();
        assertThat(read(text("c"), hex("8100"))).isFalse();
        assertThat(listener.events).containsExactly("text a 1", INVALID_FRAME);
    }

    @Test
    void readsNothingAfterRelease() {
        read(frame(TEXT, (byte) 'a'));
        reader.release();
        assertThat(reader.held()).isZero();
        assertThat(listener.held).isZero();
        assertThat(read(frame(FIN | CONTINUATION))).isFalse();
        assertThat(listener.events).isEmpty();
    }

    @Test
    void readsNoFurtherWhenTheListenerReleasesIt() {
        Runnable[] release = new Runnable[1];
        var releasing = new RecordingListener() {
            @Override
            public void text(String message, int bytes) {
                super.text(message, bytes);
                release[0].run();
            }
        };
        var reading = new FrameReader(releasing);
        release[0] = reading::release;
        var bytes = join(text("a"), text("b"));
        assertThat(reading.read(bytes, 0, bytes.length)).isFalse();
        assertThat(releasing.events).containsExactly("text a 1");
    }

    @Test
    void holdsNothingBetweenMessages() {
        readByteByByte(
                text("abc"), frame(FIN | PING, new byte[125]), frame(BINARY, new byte[100]), frame(FIN | CONTINUATION));
        assertThat(listener.events).hasSize(3);
        assertThat(reader.held()).isZero();
        assertThat(listener.held).isZero();
        assertThat(listener.mostHeld).isPositive();
    }

    @ParameterizedTest
    @ValueSource(ints = {TEXT, BINARY})
    void holdsAByteOfAMessageThatHasBegunWithNothing(int opcode) {
        read(frame(opcode));
        read(frame(FIN | PING, (byte) 5), frame(CONTINUATION));
        assertThat(reader.held()).isEqualTo(listener.held).isEqualTo(1);
        read(frame(FIN | CONTINUATION));
        assertThat(reader.held()).isEqualTo(listener.held).isZero();
    }

    @Test
    void holdsNothingOfMessagesThatAreWhole() {
        read(text("abc"), frame(FIN | BINARY, new byte[100]), frame(FIN | PING, new byte[125]));
        assertThat(listener.mostHeld).isZero();
    }

    @Test
    void holdsHalfHeaders() {
        readByteByByte(text("a".repeat(20)));
        read(Arrays.copyOf(header(FIN | BINARY, 127, 100), 13));
        assertThat(reader.held()).isEqualTo(13);
        assertThat(listener.held).isEqualTo(13);
    }

    @Test
    void holdsAtMostTwiceWhatHasComeOfWhatIsDeclared() {
        var frame = frame(FIN | BINARY, new byte[RecordingListener.MAX_BINARY]);
        for (int i = 0; i < frame.length - 1; i++) {
            reader.read(frame, i, i + 1);
            assertThat(reader.held()).isEqualTo(listener.held).isBetween(1, 2 * (i + 1));
        }
        assertThat(listener.mostHeld).isEqualTo(RecordingListener.MAX_BINARY);
    }

    @Test
    void refusesMessageThatThereIsNoMemoryFor() {
        listener.memory = 50;
        read(frame(BINARY, new byte[50]));
        assertThat(listener.events).isEmpty();
        assertThat(read(frame(CONTINUATION, (byte) 1))).isFalse();
        assertThat(listener.events).containsExactly(NO_MEMORY);
        assertThat(listener.held).isZero();
        assertThat(reader.held()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100})
    void holdsNothingWhenTheListenerReleasesItWhileItReserves(int memory) {
        Runnable[] release = new Runnable[1];
        var releasing = new RecordingListener() {
            @Override
            public boolean holds(int bytes) {
                if (bytes > 0) {
                    release[0].run();
                }
                return super.holds(bytes);
            }
        };
        releasing.memory = memory;
        var reading = new FrameReader(releasing);
        release[0] = reading::release;
        var bytes = frame(TEXT, (byte) 'a');
        assertThat(reading.read(bytes, 0, bytes.length)).isFalse();
        assertThat(releasing.held).isZero();
        assertThat(releasing.events).isEmpty();
    }

    @Test
    void endsWithTheExceptionOfTheListener() {
        var fault = new IllegalStateException();
        var throwing = new RecordingListener() {
            @Override
            public void ping(byte[] bytes, int from, int length) {
                throw fault;
            }
        };
        var reading = new FrameReader(throwing);
        var bytes = join(frame(TEXT, (byte) 'a'), frame(FIN | PING), frame(FIN | CONTINUATION));
        assertThatThrownBy(() -> reading.read(bytes, 0, bytes.length)).isSameAs(fault);
        assertThat(throwing.held).isZero();
        assertThat(reading.read(text("b"), 0, 7)).isFalse();
        assertThat(throwing.events).isEmpty();
    }

    @Test
    void asksForTheLimitsOfEachMessageWhenItBegins() {
        var narrowing = new RecordingListener() {
            int asked;

            @Override
            public int maxText() {
                return 3 - asked++;
            }
        };
        var reading = new FrameReader(narrowing);
        Consumer<byte[]> read = bytes -> reading.read(bytes, 0, bytes.length);
        read.accept(text("abc"));
        read.accept(join(frame(TEXT, (byte) 'a'), frame(FIN | CONTINUATION, (byte) 'b')));
        read.accept(text("ab"));
        assertThat(narrowing.events).containsExactly("text abc 3", "text ab 2", TOO_LONG);
    }

    /** As many copies as it takes to double a buffer up to that size, not one for each segment: 16 MiB, not a terabyte. */
    @Test
    void readsSixteenMebibytesInSmallSegments() {
        int length = 16 << 20;
        var bytesTold = new int[2];
        var large = new FrameReader(new RecordingListener() {
            @Override
            public int maxText() {
                return length;
            }

            @Override
            public void text(String message, int bytes) {
                bytesTold[0] = bytes;
            }

            @Override
            public boolean holds(int bytes) {
                bytesTold[1]++;
                return true;
            }
        });
        var frame = frame(FIN | TEXT, new byte[length]);
        for (int from = 0; from < frame.length; from += 160) {
            large.read(frame, from, Math.min(frame.length, from + 160));
        }
        assertThat(bytesTold[0]).isEqualTo(length);
        assertThat(bytesTold[1]).isLessThan(30);
    }

    @Test
    void growsSeldomInManySegmentsOfOneByte() {
        int frames = 100_000;
        var grown = new int[1];
        var many = new FrameReader(new RecordingListener() {
            @Override
            public int maxText() {
                return frames;
            }

            @Override
            public int maxFragments() {
                return frames + 1;
            }

            @Override
            public boolean holds(int bytes) {
                grown[0]++;
                return true;
            }
        });
        var stream = join(frame(TEXT), repeated(frame(CONTINUATION, (byte) 'a'), frames));
        for (int i = 0; i < stream.length; i++) {
            assertThat(many.read(stream, i, i + 1)).isTrue();
        }
        assertThat(grown[0]).isLessThan(30);
    }

    private static byte[] repeated(byte[] part, int times) {
        var parts = new byte[times][];
        Arrays.fill(parts, part);
        return join(parts);
    }
}
