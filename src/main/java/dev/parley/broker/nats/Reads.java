package dev.parley.broker.nats;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.ops.Budget;
import dev.parley.ops.Incidents;
import dev.parley.ops.Settings;
import io.nats.client.Message;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the stream keeps of a room. The servers look through all that lies between a room's messages, so many rooms that
 * are opened at once, as after the start of a node, are read in one pass over the whole stream. For the thread of
 * {@link Loop} alone.
 */
final class Reads {

    private static final Duration STALE = Duration.ofMillis(50); // between two looks for a message that must be there
    private static final int PAGE = 1000; // messages
    private static final Duration GATHER = Duration.ofMillis(5); // who is opened meanwhile is read together
    private static final int TOGETHER = 32; // rooms from which on one pass costs the servers less than a read of each
    private static final int MAX_FAILURES = 3; // of one page

    private final Settings settings;
    private final InstantSource clock;
    private final StreamApi api;
    private final Generation generation;
    private final Loop loop;
    private final Budget budget;
    private final List<Reading> openings = new ArrayList<>(); // that wait to be read
    private int alone; // openings that are being read each by itself
    private boolean passes;

    Reads(Settings settings, InstantSource clock, StreamApi api, Generation generation, Loop loop, Budget budget) {
        this.settings = settings;
        this.clock = clock;
        this.api = api;
        this.generation = generation;
        this.loop = loop;
        this.budget = budget;
    }

    /**
     * The newest messages that are kept.
     *
     * @param wanted the offset up to which to read at least
     * @param deadline until when to wait for it, {@link System#nanoTime}
     * @return null if they cannot be read
     */
    CompletionStage<@Nullable History> newest(String room, int limit, long wanted, long deadline) {
        Reading opening = reading(room, 0, wanted, true, deadline);
        if (wanted == 0) {
            read(opening); // there is nothing to look through
        } else {
            openings.add(opening);
            if (openings.size() == 1 && !passes) {
                loop.later(GATHER, this::readOpenings);
            }
        }
        return opening.result().thenApply(kept -> kept == null ? null : newest(kept, limit));
    }

    private Reading reading(String room, long after, long wanted, boolean whole, long deadline) {
        return new Reading(room, settings.rooms().history(room), generation, after, wanted, whole, deadline, budget);
    }

    private void readOpenings() {
        List<Reading> group = List.copyOf(openings);
        openings.clear();
        if (alone + group.size() >= TOGETHER) {
            passes = true;
            pass(group, group.stream().collect(Collectors.groupingBy(each -> api.in(each.room()))), 0, 0);
            return;
        }
        for (Reading each : group) {
            alone++;
            CompletionStage<?> over = each.result();
            over.whenComplete((kept, failure) -> alone--);
            read(each);
        }
    }

    /** Reads the whole stream from after a number, for these rooms. */
    private void pass(List<Reading> group, Map<String, List<Reading>> bySubject, long last, int failures) {
        Loop.then(
                api.next(last, PAGE),
                batch -> {
                    if (batch == null && failures < MAX_FAILURES) {
                        pass(group, bySubject, last, failures + 1);
                        return;
                    }
                    if (batch != null) {
                        for (Message message : batch.messages()) {
                            bySubject
                                    .getOrDefault(Codec.stored(message), List.of())
                                    .forEach(each -> each.take(message));
                        }
                        if (batch.isCut()) {
                            pass(group, bySubject, batch.last(), 0);
                            return;
                        }
                    }
                    passed(group, each -> {
                        if (batch == null) {
                            each.giveUp();
                        } else {
                            settle(each);
                        }
                    });
                },
                failure -> passed(group, each -> each.fail(failure)));
    }

    private void passed(List<Reading> group, Consumer<Reading> outcome) {
        passes = false;
        Incidents.each(group, outcome, Reading::fail);
        if (!openings.isEmpty()) {
            readOpenings();
        }
    }

    /** The oldest messages that are kept after an offset; as {@link #newest}. */
    CompletionStage<@Nullable History> after(String room, long after, int limit, long wanted, long deadline) {
        Reading reading = reading(room, after, wanted, true, deadline);
        read(reading);
        return reading.result().thenApply(kept -> kept == null ? null : oldest(kept, limit));
    }

    /** All messages that are kept after an offset; fewer at the deadline, if no server has more. */
    CompletionStage<@Nullable History> rest(String room, long after, long wanted, long deadline) {
        Reading reading = reading(room, after, wanted, false, deadline);
        read(reading);
        return reading.result();
    }

    /** Reads a room to its end, and so far at least. */
    private void read(Reading reading) {
        Loop.then(
                api.next(reading.room(), reading.end(), PAGE),
                batch -> {
                    if (batch == null) {
                        reading.giveUp();
                        return;
                    }
                    batch.messages().forEach(reading::take);
                    if (batch.isCut()) {
                        read(reading);
                    } else {
                        settle(reading);
                    }
                },
                reading::fail);
    }

    /** The server that was asked has no more messages. If it is behind the stream's leader, asks again a moment later. */
    private void settle(Reading reading) {
        if (reading.waits()) {
            loop.later(STALE, () -> read(reading));
            return;
        }
        Loop.then(
                api.info(),
                info -> {
                    if (info == null || info.hasError() || !reading.generation().equals(generation.name())) {
                        reading.giveUp();
                    } else {
                        reading.complete(info.getStreamState().getFirstSequence(), clock.instant());
                    }
                },
                reading::fail);
    }

    private static History newest(History all, int limit) {
        int from = all.publications().size() - limit;
        if (from <= 0) {
            return all;
        }
        List<Publication> newest =
                all.publications().subList(from, all.publications().size());
        return new History(all.epoch(), all.publications().get(from - 1).offset(), all.upTo(), newest);
    }

    private static History oldest(History all, int limit) {
        if (all.publications().size() <= limit) {
            return all;
        }
        List<Publication> oldest = all.publications().subList(0, limit);
        return new History(all.epoch(), all.after(), oldest.get(limit - 1).offset(), oldest);
    }
}
