package dev.parley.wire;

import static dev.parley.wire.ClientFrames.BINARY;
import static dev.parley.wire.ClientFrames.CLOSE;
import static dev.parley.wire.ClientFrames.CONTINUATION;
import static dev.parley.wire.ClientFrames.FIN;
import static dev.parley.wire.ClientFrames.PING;
import static dev.parley.wire.ClientFrames.PONG;
import static dev.parley.wire.ClientFrames.TEXT;
import static dev.parley.wire.ClientFrames.join;
import static dev.parley.wire.ClientFrames.maskedFrame;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** {@link FrameReader} says what {@link ReferenceReader} says, of any frames cut anywhere. jqwik prints the seed of a failure. */
class FrameReaderPropertyTest {

    @Property(tries = 4000, edgeCases = EdgeCasesMode.NONE)
    void readsAnyFramesCutAnywhereAsTheReferenceDoes(@ForAll("cuts") byte cut, @ForAll("streams") List<byte[]> parts) {
        ReaderComparison.compare(join(new byte[] {cut}, join(parts.toArray(byte[][]::new))));
    }

    @Property(tries = 1000, edgeCases = EdgeCasesMode.NONE)
    void readsAnyBytesAsTheReferenceDoes(@ForAll("cuts") byte cut, @ForAll("noise") byte[] stream) {
        ReaderComparison.compare(join(new byte[] {cut}, stream));
    }

    /** As {@link ReaderComparison#compare(byte[])} reads them. */
    @Provide
    Arbitrary<Byte> cuts() {
        return Arbitraries.oneOf(
                        Arbitraries.of(0, 1),
                        Arbitraries.integers().between(2, 127),
                        Arbitraries.integers().between(128, 255))
                .map(Integer::byteValue);
    }

    @Provide
    Arbitrary<byte[]> noise() {
        return bytes(0, 60);
    }

    /** Right frames mostly, and what is wrong anywhere between them. */
    @Provide
    Arbitrary<List<byte[]>> streams() {
        return Arbitraries.frequencyOf(
                        Tuple.of(16, messages(TEXT, texts())),
                        Tuple.of(8, messages(BINARY, binaries())),
                        Tuple.of(8, controls()),
                        Tuple.of(1, messages(TEXT, notUtf8())),
                        Tuple.of(1, closes()),
                        Tuple.of(1, wrongFrames()))
                .list()
                .ofMaxSize(8);
    }

    /** Messages in some frames, cut inside letters too, each with control frames before it or none. */
    private static Arbitrary<byte[]> messages(int opcode, Arbitrary<byte[]> contents) {
        var cut = Arbitraries.doubles().between(0, 1).list();
        int allowed = RecordingListener.MAX_FRAGMENTS - 1;
        var cuts = Arbitraries.frequencyOf(
                Tuple.of(8, Arbitraries.just(List.<Double>of())),
                Tuple.of(8, cut.ofMaxSize(allowed)),
                Tuple.of(1, cut.ofMinSize(allowed).ofMaxSize(allowed + 1)));
        return Combinators.combine(
                        contents, cuts, masks(), Arbitraries.oneOf(Arbitraries.just(new byte[0]), controls()))
                .as((content, at, mask, between) -> {
                    var ends = at.stream()
                            .mapToInt(each -> (int) (each * content.length))
                            .sorted()
                            .toArray();
                    var out = new byte[0];
                    int from = 0;
                    int first = opcode;
                    for (int end : ends) {
                        out = join(out, maskedFrame(first, mask, Arrays.copyOfRange(content, from, end)), between);
                        from = end;
                        first = CONTINUATION;
                    }
                    return join(out, maskedFrame(FIN | first, mask, Arrays.copyOfRange(content, from, content.length)));
                });
    }

    private static Arbitrary<byte[]> texts() {
        var letters = Arbitraries.of(
                "a",
                "\u0000",
                "1234567",
                "é",
                "߿",
                "ࠀ",
                "€",
                "\ud7ff",
                "\ue000",
                "\ufffd",
                "\uffff",
                "🎉",
                "\udbff\udfff");
        return Arbitraries.frequencyOf(
                        Tuple.of(16, letters.list().ofMaxSize(12)),
                        Tuple.of(1, letters.list().ofMinSize(40).ofMaxSize(140)),
                        Tuple.of(1, Arbitraries.just(List.of("a".repeat(RecordingListener.MAX_TEXT)))))
                .map(each -> String.join("", each).getBytes(UTF_8));
    }

    private static Arbitrary<byte[]> binaries() {
        int most = RecordingListener.MAX_BINARY;
        return Arbitraries.frequencyOf(Tuple.of(16, bytes(0, 20)), Tuple.of(1, bytes(most - 3, most + 1)));
    }

    private static Arbitrary<byte[]> controls() {
        return Combinators.combine(
                        Arbitraries.of(PING, PONG), masks(), Arbitraries.oneOf(bytes(0, 10), bytes(120, 125)))
                .as((opcode, mask, payload) -> maskedFrame(FIN | opcode, mask, payload));
    }

    private static Arbitrary<byte[]> closes() {
        var codes = Arbitraries.oneOf(
                Arbitraries.of(1000, 1001, 3000, 4999),
                Arbitraries.integers().between(990, 1020),
                Arbitraries.integers().between(0, 0xffff));
        var reasons = Arbitraries.frequencyOf(Tuple.of(3, texts()), Tuple.of(1, notUtf8()))
                .map(each -> Arrays.copyOf(each, Math.min(each.length, 123)));
        var payloads = Combinators.combine(codes, reasons)
                .as((code, reason) -> join(new byte[] {(byte) (code >> 8), code.byteValue()}, reason));
        return Arbitraries.frequencyOf(Tuple.of(3, payloads), Tuple.of(1, bytes(0, 3)))
                .map(payload -> maskedFrame(FIN | CLOSE, 0, payload));
    }

    private static Arbitrary<byte[]> wrongFrames() {
        var anyFirst = Combinators.combine(Arbitraries.integers().between(0, 255), masks(), bytes(0, 130))
                .as(ClientFrames::maskedFrame);
        var lengths = Arbitraries.oneOf(
                Arbitraries.longs(),
                Arbitraries.longs().between(0, 310),
                Arbitraries.of(Long.MIN_VALUE, Long.MAX_VALUE, 0xffffL, 1L << 16, 1L << 31, 1L << 32));
        var declared = Combinators.combine(
                        Arbitraries.of(TEXT, FIN | TEXT, FIN | BINARY, FIN), Arbitraries.of(126, 127), lengths)
                .as(ClientFrames::header);
        var text = Combinators.combine(Arbitraries.of(TEXT, FIN | TEXT, FIN), masks(), notUtf8())
                .as(ClientFrames::maskedFrame);
        var cutShort = controls().map(whole -> Arrays.copyOf(whole, whole.length / 2));
        return Arbitraries.oneOf(anyFirst, declared, text, cutShort, bytes(0, 20));
    }

    /** Nearly UTF-8. */
    private static Arbitrary<byte[]> notUtf8() {
        var borders = Arbitraries.of("c1bf", "e09fbf", "eda080", "f08fbfbf", "f4908080", "f5808080")
                .map(each -> HexFormat.of().parseHex(each));
        return Combinators.combine(
                        texts(),
                        Arbitraries.oneOf(bytes(1, 4), borders),
                        Arbitraries.integers().between(0, 20))
                .as((text, wrong, at) -> join(Arrays.copyOf(text, Math.min(at, text.length)), wrong, text))
                .map(bytes -> Arrays.copyOf(bytes, Math.min(bytes.length, RecordingListener.MAX_TEXT)));
    }

    private static Arbitrary<byte[]> bytes(int least, int most) {
        return Arbitraries.randomValue(random -> {
            var bytes = new byte[least + random.nextInt(most - least + 1)];
            random.nextBytes(bytes);
            return bytes;
        });
    }

    private static Arbitrary<Integer> masks() {
        return Arbitraries.randomValue(Random::nextInt);
    }
}
