package dev.parley.wire;

/** What Jazzer calls with inputs that it makes from others, guided by the branches that they reach. */
public final class FrameReaderFuzzer {

    private FrameReaderFuzzer() {}

    /**
     * Fails if {@link FrameReader} reads an input in another way than {@link ReferenceReader}.
     *
     * @param input a way to cut the bytes, then the bytes
     */
    public static void fuzzerTestOneInput(byte[] input) {
        ReaderComparison.compare(input);
    }
}
