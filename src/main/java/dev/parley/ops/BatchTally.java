package dev.parley.ops;

/** Counts the batches that leave in one walk over the readers of a room, for the {@link Metrics}. Confined to one thread. */
public final class BatchTally {

    private int batches;
    private long frames;
    private long bytes;
    private int untimed; // batches since the last one that the latency was recorded of

    /** Nothing is counted yet. */
    public BatchTally() {}

    /**
     * A batch has left at once.
     *
     * @param batchFrames its frames
     * @param batchBytes what it took on the wire
     */
    public void add(int batchFrames, int batchBytes) {
        batches++;
        frames += batchFrames;
        bytes += batchBytes;
    }

    /**
     * Moves what was counted on to the metrics.
     *
     * @param metrics where to
     */
    public void flush(Metrics metrics) {
        if (batches == 0) {
            return;
        }
        metrics.batchesOut(batches, frames, bytes);
        for (untimed += batches; untimed >= Metrics.TIMED; untimed -= Metrics.TIMED) {
            metrics.sendLatency(0);
        }
        batches = 0;
        frames = 0;
        bytes = 0;
    }
}
