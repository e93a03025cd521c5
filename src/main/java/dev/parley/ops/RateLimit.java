package dev.parley.ops;

import java.util.function.LongSupplier;

/**
 * How much one client may send: a token bucket for its messages and one for their bytes. Both start full, hold what the rate
 * gives in the time of the burst, and are refilled by the time passed, but the clock is looked at only when one is empty. So
 * a message costs two subtractions, and who was silent for long may send two bursts at once. Not for several threads.
 */
public final class RateLimit {

    private final Settings.Rate rate;
    private final LongSupplier nanoTime;
    private double messages;
    private double bytes;
    private long refilled;

    /**
     * A client that has sent nothing.
     *
     * @param rate how much it may send
     * @param nanoTime as {@link System#nanoTime}
     */
    public RateLimit(Settings.Rate rate, LongSupplier nanoTime) {
        this.rate = rate;
        this.nanoTime = nanoTime;
        this.messages = full(rate.messages());
        this.bytes = full(rate.bytes());
        this.refilled = nanoTime.getAsLong();
    }

    /**
     * Takes a part of a message. One that is not taken costs nothing: else who goes on asking would never be heard again.
     *
     * @param first whether the message starts with it
     * @param size its payload, bytes
     * @return false if that is more than the client may send
     */
    public boolean admits(boolean first, int size) {
        return take(first ? 1 : 0, size);
    }

    /**
     * Takes some messages and bytes, or nothing.
     *
     * @param count how many messages
     * @param size how many bytes
     * @return false if that is more than the client may send
     */
    public boolean take(int count, int size) {
        if (messages < count || bytes < size) {
            refill();
            if (messages < count || bytes < size) {
                return false;
            }
        }
        messages -= count;
        bytes -= size;
        return true;
    }

    /**
     * Whether one message more is within the rate. Takes nothing.
     *
     * @return false if the next {@link #admits} would refuse it
     */
    public boolean hasLeft() {
        refill();
        return messages >= 1;
    }

    /**
     * Whether it is as if the client had sent nothing.
     *
     * @return true if both buckets are full
     */
    public boolean isFull() {
        refill();
        return messages >= full(rate.messages()) && bytes >= full(rate.bytes());
    }

    private void refill() {
        long now = nanoTime.getAsLong();
        double seconds = (now - refilled) / 1e9;
        refilled = now;
        messages = Math.min(full(rate.messages()), messages + seconds * rate.messages());
        bytes = Math.min(full(rate.bytes()), bytes + seconds * rate.bytes());
    }

    private double full(double perSecond) {
        return perSecond * rate.burst().toNanos() / 1e9;
    }
}
