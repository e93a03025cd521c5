package dev.parley.broker.nats;

import dev.parley.broker.nats.Generation.Known;
import dev.parley.broker.nats.Generation.Next;
import dev.parley.broker.nats.Generation.Probe;
import dev.parley.ops.RepeatedEvent;
import dev.parley.ops.Settings;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Sees to it that the stream which all nodes share is there, has the bounds of the settings, and goes on where this node saw it
 * last: it asks, and does what {@link Generation} says. For the thread of {@link Loop} alone.
 */
final class StreamGuard {

    private static final Logger LOG = System.getLogger(StreamGuard.class.getName());

    private static final int NO_STREAM = 404;
    private static final int NAME_TAKEN = 10_058;
    private static final Duration DRIFT = Duration.ofSeconds(10); // of a clock; more is worth a word

    private final String name;
    private final StreamSetup setup;
    private final Subjects subjects;
    private final StreamApi api;
    private final Generation generation;
    private final Confirmation confirmation;
    private final InstantSource clock;
    private final Watcher watcher;
    private final SecureRandom random = new SecureRandom();
    private final RepeatedEvent refused = new RepeatedEvent(StreamGuard.class, Level.ERROR);
    private final RepeatedEvent drifted = new RepeatedEvent(StreamGuard.class, Level.WARNING);
    private final RepeatedEvent foreign = new RepeatedEvent(StreamGuard.class, Level.ERROR);
    private final RepeatedEvent unconfirmed = new RepeatedEvent(StreamGuard.class, Level.WARNING);
    private boolean asking;

    /** Who wants to know. */
    interface Watcher {
        /** The stream is there, and its end where it was. Called again with each {@link #probe} that finds it so. */
        void ready();

        /** From now on positions count in another epoch. */
        void renewed();
    }

    StreamGuard(
            Settings settings,
            Subjects subjects,
            StreamApi api,
            Generation generation,
            Confirmation confirmation,
            InstantSource clock,
            Watcher watcher) {
        this.name = settings.nats().stream();
        this.setup = new StreamSetup(settings, subjects);
        this.subjects = subjects;
        this.api = api;
        this.generation = generation;
        this.confirmation = confirmation;
        this.clock = clock;
        this.watcher = watcher;
    }

    /** Looks whether the stream is there and as it was. Called about once a second, and when the connection has changed. */
    void probe() {
        Probe probe = generation.probe();
        if (probe == null || asking) {
            return;
        }
        asking = true;
        Loop.then(
                api.info(),
                info -> {
                    asking = false;
                    answered(info, probe);
                },
                failure -> {
                    asking = false;
                    generation.doubt();
                });
    }

    private void answered(@Nullable StreamInfo info, Probe probe) {
        if (info == null) {
            generation.doubt();
        } else if (info.getErrorCode() == NO_STREAM) {
            generation.doubt();
            change(api.create(setup.wanted(StreamConfiguration.builder(), newName())));
        } else if (!info.hasError()) {
            look(info, probe);
        }
    }

    private void look(StreamInfo info, Probe probe) {
        Duration drift = Duration.between(info.getTimestamp().toInstant(), clock.instant());
        if (drift.abs().compareTo(DRIFT) > 0) {
            drifted.log("This node's clock and that of the NATS servers are "
                    + drift.abs().toSeconds() + " s apart: messages grow too old too early, or too late");
        }
        String current = subjects.generation(info.getConfiguration());
        if (current == null) {
            foreign.log("parley.nats.stream is " + name + ", but this stream belongs to something else");
            return;
        }
        boolean first = generation.name().isEmpty();
        Next next = generation.found(current, info.getStreamState().getLastSequence(), probe);
        if (next == Next.RENEWED) {
            if (!first) {
                LOG.log(Level.WARNING, "The history of all rooms was lost: another epoch begins");
            }
            watcher.renewed();
            if (!setup.suits(info.getConfiguration(), current)) {
                change(api.update(setup.wanted(StreamConfiguration.builder(info.getConfiguration()), current)));
            }
            next = generation.isVerified() ? Next.CONFIRM : Next.WAIT;
        }
        go(next, info, probe);
    }

    private void go(Next next, StreamInfo info, Probe probe) {
        switch (next) {
            case CONFIRM -> Loop.then(confirmation.confirm(), this::confirmed, failure -> generation.unconfirmed());
            case COMPARE -> compare(info, probe);
            case RAISE -> makeSureOfLoss(info, probe);
            case WAIT, RENEWED -> {} // the next probe asks again
        }
    }

    private void confirmed(boolean is) {
        if (!is) {
            unconfirmed.log("The NATS servers have the stream, but do not store a message:"
                    + " its leader's disk may be full, or it is cut off from the other servers");
        } else if (generation.isReady()) {
            watcher.ready();
        }
    }

    private void compare(StreamInfo info, Probe probe) {
        Known known = generation.known();
        Loop.then(
                api.get(known.number()),
                message -> {
                    if (message == null) {
                        return; // the next probe asks again
                    }
                    Instant at = message.hasError() ? null : message.getTime().toInstant();
                    Next next = generation.compared(known, at, probe);
                    if (next == Next.RAISE) {
                        raise(info, "The stream has other messages under the same numbers");
                    } else {
                        go(next, info, probe);
                    }
                },
                failure -> generation.doubt());
    }

    /**
     * The one who says that numbers went back may be a former leader, whose disk is full or who is cut off. The number of the next
     * message that is stored tells.
     */
    private void makeSureOfLoss(StreamInfo info, Probe probe) {
        Loop.then(
                api.publishConfirmation(),
                ack -> {
                    if (ack != null && ack.getSeqno() <= probe.least()) {
                        raise(info, "The stream has lost its end");
                    } else {
                        generation.doubt(); // the next probe asks again
                    }
                },
                failure -> generation.doubt());
    }

    /** All nodes see a loss, and raise: the first that names the next generation, in the stream itself, names it for all. */
    private void raise(StreamInfo info, String why) {
        generation.doubt();
        LOG.log(Level.WARNING, why + ": what is published from now on counts anew");
        Loop.then(
                api.nameSuccessor(newName()),
                named -> {
                    if (named != null
                            && !named.hasError()
                            && named.getData() != null) { // else the next probe raises again
                        String next = new String(named.getData(), StandardCharsets.UTF_8);
                        change(api.update(setup.wanted(StreamConfiguration.builder(info.getConfiguration()), next)));
                    }
                },
                failure -> generation.doubt());
    }

    private void change(CompletionStage<@Nullable StreamInfo> changed) {
        Loop.then(
                changed,
                result -> {
                    if (result == null) {
                        return; // the next probe shows what is missing
                    }
                    if (result.hasError() && result.getApiErrorCode() != NAME_TAKEN) { // another node was first
                        refused.log("The NATS servers refuse the stream: " + result.getDescription());
                    } else {
                        probe();
                    }
                },
                failure -> generation.doubt());
    }

    private String newName() {
        return HexFormat.of().toHexDigits(random.nextLong());
    }
}
