package dev.parley.ops;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.websocket.CloseReason;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What this node counts and measures. Methods are for any thread, never block, and never throw once a meter is made; those called
 * for each message touch an adder or a meter made beforehand. No label holds the name of a room, a user or an address.
 */
public final class Metrics {

    /** One batch in so many is timed: a histogram costs more than the batch it measures. */
    public static final int TIMED = 16;

    /** How many values a label may take; what comes beyond them is counted as {@code other}. */
    private static final int MAX_VALUES = 64;

    /** RFC 6455 §7.4.1; what an application made up is counted as one. */
    private static final int MAX_CODE = 1015;

    private static final String OTHER = "other";

    private final MeterRegistry registry;
    private final LongAdder peersOpened;
    private final LongAdder messagesIn;
    private final LongAdder bytesIn;
    private final LongAdder messagesOut;
    private final LongAdder bytesOut;
    private final LongAdder batchesOut;
    private final LongAdder publishFailures;
    private final LongAdder overtakes;
    private final LongAdder drops;
    private final LongAdder gaps;
    private final Timer sendLatency;
    private final Timer publishLatency;
    private final Map<String, Counter> closes = new ConcurrentHashMap<>();
    private final Map<String, Counter> refusals = new ConcurrentHashMap<>();
    private final Map<String, Counter> yields = new ConcurrentHashMap<>();
    private final RepeatedEvent failures = new RepeatedEvent(Metrics.class, Level.ERROR);

    /**
     * Meters in a registry.
     *
     * @param registry holds the meters, under names that start with {@code parley.}
     */
    public Metrics(MeterRegistry registry) {
        this.registry = registry;
        peersOpened = adder("parley.peers.opened", null, "Peers that connected");
        messagesIn = adder("parley.messages.in", null, "Whole messages that peers sent");
        bytesIn = adder("parley.received", "bytes", "Payload of the messages that peers sent");
        messagesOut = adder("parley.messages.out", null, "Frames that were written to peers");
        bytesOut = adder("parley.sent", "bytes", "Frames that were written to peers, with their headers");
        batchesOut = adder("parley.batches.out", null, "Batches of frames that were written to peers");
        publishFailures = adder("parley.publish.failures", null, "Publications that the broker did not take");
        overtakes = adder("parley.overtaken", null, "Members that a room's ring left behind");
        drops = adder("parley.dropped", null, "Events that members were not sent, because they lagged");
        gaps = adder("parley.gaps", null, "Times that a client was told that messages are missing");
        sendLatency = latency(
                "parley.send.latency",
                "From the write of a batch until the container has taken it, of one batch in sixteen");
        publishLatency = latency("parley.publish.latency", "From a publish until the broker has it for good");
    }

    /** A peer has connected. */
    public void peerOpened() {
        peersOpened.increment();
    }

    /**
     * This node has closed a peer.
     *
     * @param reason one of ours: what its phrase says before the first comma becomes a label
     */
    public void peerClosed(CloseReason reason) {
        String phrase = reason.getReasonPhrase();
        int comma = phrase.indexOf(',');
        closed(reason.getCloseCode().getCode(), comma < 0 ? phrase : phrase.substring(0, comma));
    }

    /**
     * A peer has gone, closed by its client or by the network.
     *
     * @param code the close code that the container gives
     */
    public void peerLeft(int code) {
        closed(code, "the peer left");
    }

    private void closed(int code, String reason) {
        String word = code <= MAX_CODE ? String.valueOf(code) : OTHER;
        count(closes, word + ' ' + reason, key -> Counter.builder("parley.closes")
                .description("Connections that ended, by close code and reason")
                .tag("code", key.equals(OTHER) ? OTHER : word)
                .tag("reason", key.equals(OTHER) ? OTHER : reason));
    }

    /**
     * A peer has sent a whole message.
     *
     * @param bytes its payload
     */
    public void messageIn(int bytes) {
        messagesIn.increment();
        bytesIn.add(bytes);
    }

    /**
     * A batch has been written to a peer.
     *
     * @param frames how many frames it held
     * @param bytes their size on the wire
     */
    public void batchOut(int frames, int bytes) {
        batchesOut(1, frames, bytes);
    }

    void batchesOut(int batches, long frames, long bytes) {
        batchesOut.add(batches);
        messagesOut.add(frames);
        bytesOut.add(bytes);
    }

    /**
     * The container has taken a batch.
     *
     * @param nanos how long it was on its way
     */
    public void sendLatency(long nanos) {
        record(sendLatency, nanos);
    }

    /**
     * The broker has a publication for good.
     *
     * @param nanos how long that took
     */
    public void published(long nanos) {
        record(publishLatency, nanos);
    }

    private void record(Timer timer, long nanos) {
        try {
            timer.record(nanos, TimeUnit.NANOSECONDS);
        } catch (Throwable e) {
            failed(e);
        }
    }

    /** A registry that fails is no reason to lose a message: its callers go on. */
    private void failed(Throwable failure) {
        failures.log("Something was not counted: " + failure);
    }

    /** The broker did not take a publication. */
    public void publishFailed() {
        publishFailures.increment();
    }

    /** A member lagged further than its room keeps. */
    public void overtaken() {
        overtakes.increment();
    }

    /**
     * A member that lagged was not sent some events.
     *
     * @param events how many, often none
     */
    public void dropped(long events) {
        if (events > 0) {
            drops.add(events);
        }
    }

    /**
     * A client was told that messages are missing, or may be: by a gap, or by a greeting that it has not recovered. Whether it
     * lagged, was away too long, or the broker has lost them.
     *
     * @param times how often, mostly never
     */
    public void gapsTold(int times) {
        if (times > 0) {
            gaps.add(times);
        }
    }

    /**
     * A handshake was refused.
     *
     * @param reason a word for the kind of refusal, of a fixed few
     */
    public void refused(String reason) {
        count(refusals, reason, key -> Counter.builder("parley.refusals")
                .description("Handshakes that were refused, by reason")
                .tag("reason", key));
    }

    /**
     * Where to look for the number of peers.
     *
     * @param count peers of this node
     */
    public void peerCount(Supplier<Number> count) {
        gauge("parley.peers", count, "Peers of this node");
    }

    /**
     * Where to look for the number of rooms.
     *
     * @param count rooms that this node has open
     */
    public void roomCount(Supplier<Number> count) {
        gauge("parley.rooms", count, "Rooms that this node has open");
    }

    /**
     * Where to look for the lag.
     *
     * @param events how many events the member that is furthest behind has not read
     */
    public void lag(Supplier<Number> events) {
        gauge("parley.lag", events, "Events that the member furthest behind in its room has not read");
    }

    /**
     * Where to look for the memory that one kind of holder uses.
     *
     * @param holder a word for the kind, of a fixed few
     * @param bytes how much it uses
     */
    public void memory(String holder, Supplier<Number> bytes) {
        Gauge.builder("parley.memory", bytes)
                .baseUnit("bytes")
                .description("Memory that is held for clients, by what it is held for")
                .tag("holder", holder)
                .register(registry);
    }

    /**
     * How much memory may be used.
     *
     * @param bytes the limit
     */
    public void memoryLimit(long bytes) {
        Gauge.builder("parley.memory.limit", () -> bytes)
                .baseUnit("bytes")
                .description("Memory that may be held for clients")
                .register(registry);
    }

    /**
     * Memory was short, and something had to go or was refused.
     *
     * @param reason a word for what it was, of a fixed few
     * @param times how many messages, readers or requests
     */
    public void memoryYielded(String reason, long times) {
        count(yields, reason, times, key -> Counter.builder("parley.memory.yields")
                .description("What was dropped, closed or refused because memory was short, by reason")
                .tag("reason", key));
    }

    /**
     * Where to look for the state of a broker that is another process.
     *
     * @param ready 1 while it takes and delivers messages, else 0
     * @param waiting bytes of messages that it has not acknowledged
     * @param silence seconds since it has acknowledged one, or since the start
     * @return called whenever the connection to it has come back
     */
    public Runnable broker(Supplier<Number> ready, Supplier<Number> waiting, Supplier<Number> silence) {
        gauge("parley.broker.ready", ready, "1 while the broker takes and delivers messages, else 0");
        Gauge.builder("parley.broker.waiting", waiting)
                .baseUnit("bytes")
                .description("Messages that the broker has not acknowledged")
                .register(registry);
        Gauge.builder("parley.broker.acknowledged.age", silence)
                .baseUnit("seconds")
                .description("Since the broker has acknowledged a message, or since the start")
                .register(registry);
        return adder("parley.broker.reconnects", null, "Times that the connection to the broker has come back")
                ::increment;
    }

    private void gauge(String name, Supplier<Number> value, String description) {
        Gauge.builder(name, value).description(description).register(registry);
    }

    private LongAdder adder(String name, @Nullable String unit, String description) {
        LongAdder adder = new LongAdder();
        FunctionCounter.builder(name, adder, LongAdder::sum)
                .baseUnit(unit)
                .description(description)
                .register(registry);
        return adder;
    }

    private Timer latency(String name, String description) {
        return Timer.builder(name)
                .description(description)
                .serviceLevelObjectives(
                        Duration.ofNanos(100_000),
                        Duration.ofMillis(1),
                        Duration.ofMillis(5),
                        Duration.ofMillis(25),
                        Duration.ofMillis(100),
                        Duration.ofMillis(250),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(30))
                .register(registry);
    }

    /** Counts one of a label's value. A race may pass the bound on values by a few, no more. */
    private void count(Map<String, Counter> counters, String value, Function<String, Counter.Builder> made) {
        count(counters, value, 1, made);
    }

    private void count(
            Map<String, Counter> counters, String value, long times, Function<String, Counter.Builder> made) {
        try {
            String key = counters.size() < MAX_VALUES || counters.containsKey(value) ? value : OTHER;
            counters.computeIfAbsent(key, k -> made.apply(k).register(registry)).increment((double) times);
        } catch (Throwable e) {
            failed(e);
        }
    }
}
