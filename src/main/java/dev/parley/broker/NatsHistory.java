package dev.parley.broker;

import dev.parley.ops.Budget;
import dev.parley.ops.Incidents;
import dev.parley.ops.Rooms;
import dev.parley.ops.Settings;
import io.nats.client.Message;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
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
    private static final int SHARE =
            4; // readings keep less than three of so many parts of the budget, and others the rest

    private final Settings settings;
    private final InstantSource clock;
    private final NatsStream stream;
    private final NatsLoop loop;
    private final Budget budget;
    private final List<Reading> openings = new ArrayList<>(); // that wait to be read
    private int alone; // openings that are being read each by itself
    private boolean passes;

    /**
     * A room that is being read. It holds the newest messages: as many as the room may keep, plus one, and fewer if memory is
     * short.
     */
    private final class Reading {

        private final String room;
        private final Rooms.History bounds;
        private final String generation;
        private final String epoch;
        private final long asked; // the offset after which to start
        private final long wanted; // the offset up to which to read at least
        private final long deadline;
        private final Deque<Publication> messages = new ArrayDeque<>();
        private final CompletableFuture<@Nullable History> result = new CompletableFuture<>();
        private final Budget.Account account = budget.account(Budget.Holder.HISTORY);
        private long bytes;
        private long memory;
        private long end; // the offset of the last message, readable or not

        Reading(
                String room,
                Rooms.History bounds,
                String generation,
                String epoch,
                long asked,
                long wanted,
                long deadline) {
            this.room = room;
            this.bounds = bounds;
            this.generation = generation;
            this.epoch = epoch;
            this.asked = asked;
            this.wanted = wanted;
            this.deadline = deadline;
            this.end = asked;
        }

        /** The next message. One that cannot be read is a hole, which the one after it shows. */
        void take(Message message) {
            long before = end;
            end = NatsForm.number(message.getHeaders(), NatsForm.SEQUENCE);
            Publication publication = NatsForm.publication(message, name -> epoch);
            if (publication == null) {
                return;
            }
            messages.add(publication.follows(before));
            count(publication, 1);
            while (messages.size() > bounds.messages() + 1
                    || bytes - messages.element().size() > bounds.bytes()) {
                count(messages.remove(), -1);
            }
            account.hold(memory);
            while (messages.size() > 1 && budget.used() > budget.limit() / SHARE * (SHARE - 1)) {
                count(messages.remove(), -1);
                account.settle(memory);
            }
        }

        private void count(Publication publication, int times) {
            int size = publication.size();
            bytes += (long) times * size;
            memory += (long) times * publication.memory(size);
        }

        boolean isLate() {
            return System.nanoTime() - deadline > 0;
        }

        void complete(@Nullable History history) {
            result.complete(history); // the room that opens with it has counted it now
            account.close();
        }

        void fail(Throwable failure) {
            result.completeExceptionally(failure);
            account.close();
        }
    }

    NatsHistory(Settings settings, InstantSource clock, NatsStream stream, NatsLoop loop, Budget budget) {
        this.settings = settings;
        this.clock = clock;
        this.stream = stream;
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
        Reading opening = reading(room, 0, wanted, deadline);
        if (wanted == 0) {
            read(opening); // there is nothing to look through
        } else {
            openings.add(opening);
            if (openings.size() == 1 && !passes) {
                loop.later(GATHER, this::readOpenings);
            }
        }
        return opening.result.thenApply(kept -> kept == null ? null : newest(kept, limit));
    }

    private Reading reading(String room, long after, long wanted, long deadline) {
        return new Reading(
                room, settings.rooms().history(room), stream.generation(), stream.epoch(room), after, wanted, deadline);
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
            CompletionStage<?> over = each.result;
            over.whenComplete((kept, failure) -> alone--);
            read(each);
        }
    }

    /** Reads the whole stream from after a number, for these rooms. */
    private void pass(List<Reading> group, Map<String, List<Reading>> bySubject, long last, int failures) {
        NatsLoop.then(
                stream.next(last, PAGE),
                batch -> {
                    if (batch == null && failures < MAX_FAILURES) {
                        pass(group, bySubject, last, failures + 1);
                        return;
                    }
                    if (batch != null) {
                        for (Message message : batch.messages()) {
                            bySubject
                                    .getOrDefault(NatsForm.stored(message), List.of())
                                    .forEach(each -> each.take(message));
                        }
                        if (batch.isCut()) {
                            pass(group, bySubject, batch.last(), 0);
                            return;
                        }
                    }
                    passed(group, each -> {
                        if (batch == null) {
                            each.complete(null);
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
        Reading reading = reading(room, after, wanted, deadline);
        read(reading);
        return reading.result.thenApply(kept -> kept == null ? null : oldest(kept, limit));
    }

    /** Reads a room to its end, and so far at least. */
    private void read(Reading reading) {
        NatsLoop.then(
                stream.next(reading.room, reading.end, PAGE),
                batch -> {
                    if (batch == null) {
                        reading.complete(null);
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

    /** The end of what one of the servers has: of what there is, unless that one is behind. */
    private void settle(Reading reading) {
        if (reading.end < reading.wanted && !reading.isLate()) {
            loop.later(STALE, () -> read(reading));
            return;
        }
        NatsLoop.then(
                stream.info(),
                info -> reading.complete(
                        info == null || info.hasError() || !reading.generation.equals(stream.generation())
                                ? null
                                : kept(reading, info.getStreamState().getFirstSequence())),
                reading::fail);
    }

    /**
     * What a room keeps of what was read: within its bounds, each message with the one before it.
     *
     * @param oldest the number of the stream's oldest message: what is gone of a room is older, or older than all that was read
     */
    private History kept(Reading reading, long oldest) {
        List<Publication> messages = List.copyOf(reading.messages);
        Instant since = clock.instant().minus(reading.bounds.age());
        int from = messages.size();
        long bytes = 0;
        while (from > 0) {
            Publication next = messages.get(from - 1);
            bytes += next.size();
            if (messages.size() - from == reading.bounds.messages()
                    || bytes > reading.bounds.bytes()
                    || next.at().isBefore(since)) {
                break;
            }
            from--;
        }
        long first =
                messages.isEmpty() ? oldest : Math.min(oldest, messages.get(0).offset());
        long after = from > 0 ? messages.get(from - 1).offset() : Math.max(reading.asked, first - 1);
        List<Publication> kept = new ArrayList<>(messages.subList(from, messages.size()));
        if (!kept.isEmpty()) {
            kept.set(0, kept.get(0).follows(Math.max(kept.get(0).previous(), after)));
        }
        long upTo = kept.isEmpty() ? after : kept.get(kept.size() - 1).offset();
        return new History(reading.epoch, after, upTo, kept);
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
