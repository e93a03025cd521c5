package dev.parley.broker;

import dev.parley.ops.Rooms;
import dev.parley.ops.Settings;
import io.nats.client.Message;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the stream keeps of a room. The servers look through all that lies between a room's messages, so many rooms that
 * are opened at once, as after the start of a node, are read in one pass over the whole stream. For the thread of
 * {@link NatsLoop} alone.
 */
final class NatsHistory {

    private static final Duration STALE = Duration.ofMillis(50); // between two looks for a message that must be there
    private static final int PAGE = 1000; // messages
    private static final Duration GATHER = Duration.ofMillis(5); // who is opened meanwhile is read together
    private static final int TOGETHER = 32; // rooms from which on one pass costs the servers less than a read of each
    private static final int MAX_FAILURES = 3; // of one page

    private final Settings settings;
    private final InstantSource clock;
    private final NatsStream stream;
    private final NatsLoop loop;
    private final List<Reading> openings = new ArrayList<>(); // that wait to be read
    private int alone; // openings that are being read each by itself
    private boolean passes;

    /**
     * A room that is being read.
     *
     * @param messages all after what was asked for, so far
     */
    private record Reading(
            String room,
            long after,
            long wanted,
            long deadline,
            List<Publication> messages,
            CompletableFuture<@Nullable Read> result) {
        Reading(String room, long after, long wanted, long deadline) {
            this(room, after, wanted, deadline, new ArrayList<>(), new CompletableFuture<>());
        }

        /** Null if it cannot be read. */
        CompletionStage<@Nullable Read> whole() {
            return result;
        }

        void take(Message message) {
            Publication publication = NatsForm.publication(message);
            if (publication != null) {
                messages.add(publication);
            }
        }

        long end() {
            return messages.isEmpty()
                    ? after
                    : messages.get(messages.size() - 1).offset();
        }
    }

    NatsHistory(Settings settings, InstantSource clock, NatsStream stream, NatsLoop loop) {
        this.settings = settings;
        this.clock = clock;
        this.stream = stream;
        this.loop = loop;
    }

    /**
     * The newest messages that are kept.
     *
     * @param wanted the offset up to which to read at least
     * @param deadline until when to wait for it, {@link System#nanoTime}
     * @return null if they cannot be read
     */
    CompletionStage<@Nullable History> newest(String room, int limit, long wanted, long deadline) {
        Reading opening = new Reading(room, 0, wanted, deadline);
        if (wanted == 0) {
            read(opening); // there is nothing to look through
        } else {
            openings.add(opening);
            if (openings.size() == 1 && !passes) {
                loop.later(GATHER, this::readOpenings);
            }
        }
        return opening.whole().thenApply(read -> read == null ? null : newest(kept(room, 0, read), limit));
    }

    private void readOpenings() {
        List<Reading> group = List.copyOf(openings);
        openings.clear();
        if (alone + group.size() >= TOGETHER) {
            passes = true;
            pass(group, group.stream().collect(Collectors.groupingBy(each -> stream.in(each.room))), 0, 0);
            return;
        }
        for (Reading each : group) {
            alone++;
            read(each);
            each.whole().whenComplete((read, failure) -> alone--);
        }
    }

    /** Reads the whole stream from after a number, for these rooms. */
    private void pass(List<Reading> group, Map<String, List<Reading>> bySubject, long last, int failures) {
        stream.next(last, PAGE).thenAccept(batch -> {
            if (batch == null && failures < MAX_FAILURES) {
                pass(group, bySubject, last, failures + 1);
                return;
            }
            if (batch != null) {
                for (Message message : batch.messages()) {
                    bySubject.getOrDefault(NatsForm.stored(message), List.of()).forEach(each -> each.take(message));
                }
                if (batch.isCut()) {
                    pass(group, bySubject, batch.last(), 0);
                    return;
                }
            }
            passes = false;
            for (Reading each : group) {
                if (batch == null) {
                    each.result.complete(null);
                } else {
                    settle(each);
                }
            }
            if (!openings.isEmpty()) {
                readOpenings();
            }
        });
    }

    /** The oldest messages that are kept after an offset; as {@link #newest}. */
    CompletionStage<@Nullable History> after(String room, long after, int limit, long wanted, long deadline) {
        Reading reading = new Reading(room, after, wanted, deadline);
        read(reading);
        return reading.whole().thenApply(read -> read == null ? null : oldest(kept(room, after, read), limit));
    }

    /**
     * What was read of a room.
     *
     * @param messages all after what was asked for
     * @param first the number of the stream's oldest message: what is gone of a room is older, or older than all that was read
     */
    private record Read(List<Publication> messages, long first) {}

    /** Reads a room to its end, and so far at least. */
    private void read(Reading reading) {
        stream.next(reading.room, reading.end(), PAGE).thenAccept(batch -> {
            if (batch == null) {
                reading.result.complete(null);
                return;
            }
            batch.messages().forEach(reading::take);
            if (batch.isCut()) {
                read(reading);
            } else {
                settle(reading);
            }
        });
    }

    /** The end of what one of the servers has: of what there is, unless that one is behind. */
    private void settle(Reading reading) {
        if (reading.end() < reading.wanted && System.nanoTime() - reading.deadline < 0) {
            loop.later(STALE, () -> read(reading));
            return;
        }
        stream.info()
                .thenAccept(info -> reading.result.complete(
                        info == null || info.hasError()
                                ? null
                                : new Read(
                                        reading.messages, info.getStreamState().getFirstSequence())));
    }

    /** What a room keeps of what was read: within its bounds, each message with the one before it. */
    private History kept(String room, long asked, Read read) {
        List<Publication> messages = read.messages;
        Rooms.History bounds = settings.rooms().history(room);
        Instant oldest = clock.instant().minus(bounds.age());
        int from = messages.size();
        long bytes = 0;
        while (from > 0) {
            Publication next = messages.get(from - 1);
            bytes += next.content().size();
            if (messages.size() - from == bounds.messages()
                    || bytes > bounds.bytes()
                    || next.at().isBefore(oldest)) {
                break;
            }
            from--;
        }
        long first = messages.isEmpty()
                ? read.first
                : Math.min(read.first, messages.get(0).offset());
        long after = from > 0 ? messages.get(from - 1).offset() : Math.max(asked, first - 1);
        List<Publication> kept = new ArrayList<>();
        long previous = after;
        for (Publication each : messages.subList(from, messages.size())) {
            kept.add(each.follows(previous));
            previous = each.offset();
        }
        return new History(stream.epoch(room), after, previous, kept);
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
