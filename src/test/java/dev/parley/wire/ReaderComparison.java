package dev.parley.wire;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntUnaryOperator;

/** Gives the same bytes to {@link FrameReader}, in segments, and to {@link ReferenceReader}: after each both have said the same. */
final class ReaderComparison {

    private static final byte[] GUARDS = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

    private ReaderComparison() {}

    /** A case in one array, for a fuzzer: the first byte says how the others are cut. */
    static void compare(byte[] input) {
        if (input.length > 0) {
            int cut = input[0] & 0xff;
            var random = new Random(cut);
            compare(
                    Arrays.copyOfRange(input, 1, input.length),
                    left -> cut == 0 ? left : cut < 128 ? cut : 1 + random.nextInt(40));
        }
    }

    /**
     * Compares.
     *
     * @param stream what a client sends
     * @param nextLength the length of the next segment, from how many bytes are left
     */
    static void compare(byte[] stream, IntUnaryOperator nextLength) {
        var expected = new RecordingListener();
        var reference = new ReferenceReader(expected);
        var said = new RecordingListener();
        var reader = new FrameReader(said);
        int sinceBegun = 0;
        for (int from = 0; from < stream.length; ) {
            int to = from + Math.min(stream.length - from, nextLength.applyAsInt(stream.length - from));
            boolean goesOn = true;
            for (int i = from; i < to; i++) {
                goesOn = reference.read(stream[i]);
                sinceBegun = reference.isBetweenMessages() ? 0 : sinceBegun + 1;
            }
            boolean goesOnToo = readGuarded(reader, stream, from, to);
            if (!said.events.equals(expected.events) || goesOnToo != goesOn) {
                throw new AssertionError("After %d bytes: %s %s, expected %s %s"
                        .formatted(to, said.events, goesOnToo, expected.events, goesOn));
            }
            int held = reader.held();
            if (held != said.held || held < reference.incomplete() || held > 2 * sinceBegun) {
                throw new AssertionError(
                        "After %d bytes, %d since a message or frame began, %d to hold: holds %d, told %d"
                                .formatted(to, sinceBegun, reference.incomplete(), held, said.held));
            }
            from = to;
        }
        reader.release();
        if (reader.held() != 0 || said.held != 0) {
            throw new AssertionError("Released, but holds %d, told %d".formatted(reader.held(), said.held));
        }
    }

    private static boolean readGuarded(FrameReader reader, byte[] stream, int from, int to) {
        var bytes = new byte[to - from + 2 * GUARDS.length];
        System.arraycopy(GUARDS, 0, bytes, 0, GUARDS.length);
        System.arraycopy(stream, from, bytes, GUARDS.length, to - from);
        System.arraycopy(GUARDS, 0, bytes, bytes.length - GUARDS.length, GUARDS.length);
        boolean goesOn = reader.read(bytes, GUARDS.length, bytes.length - GUARDS.length);
        if (!Arrays.equals(bytes, 0, GUARDS.length, GUARDS, 0, GUARDS.length)
                || !Arrays.equals(bytes, bytes.length - GUARDS.length, bytes.length, GUARDS, 0, GUARDS.length)) {
            throw new AssertionError("Bytes outside the segment were changed");
        }
        return goesOn;
    }
}
