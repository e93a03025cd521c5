package dev.parley.broker.nats;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.ops.Budget;
import dev.parley.ops.Rooms;
import io.nats.client.Message;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A room that is being read. It holds the newest messages: as many as the room may keep, plus one, and fewer if memory is short.
 * For the thread of {@link Loop} alone.
 */
final class Reading {

    private static final int SHARE =
            4; // readings keep less than three of so many parts of the budget, and others the rest

    private final String room;
    private final Rooms.History bounds;
    private final String generation;
    private final String epoch;
    private final long asked;
    private final long wanted;
    private final boolean whole;
    private final long deadline;
    private final Budget budget;
    private final Budget.Account account;
    private final Deque<Publication> messages = new ArrayDeque<>();
    private final CompletableFuture<@Nullable History> result = new CompletableFuture<>();
    private long bytes;
    private long memory;
    private long end; // the offset of the last message, readable or not

    /**
     * A room of which nothing is read.
     *
     * @param bounds what it keeps
     * @param generation in which it is
     * @param asked the offset after which to start
     * @param wanted the offset up to which to read at least
     * @param whole whether it fails at the deadline if the servers that were asked have not come so far; else it gives what they have
     * @param deadline until when to wait for that, {@link System#nanoTime}
     * @param budget what it holds is taken from there
     */
    Reading(
            String room,
            Rooms.History bounds,
            Generation generation,
            long asked,
            long wanted,
            boolean whole,
            long deadline,
            Budget budget) {
        this.room = room;
        this.bounds = bounds;
        this.generation = generation.name();
        this.epoch = generation.epoch(room);
        this.asked = asked;
        this.wanted = wanted;
        this.whole = whole;
        this.deadline = deadline;
        this.budget = budget;
        this.account = budget.account(Budget.Holder.HISTORY);
        this.end = asked;
    }

    String room() {
        return room;
    }

    /** The generation in which the room was when it began. */
    String generation() {
        return generation;
    }

    /** Completes with what was read, with null if that cannot be now. */
    CompletionStage<@Nullable History> result() {
        return result;
    }

    /** The offset after which to go on. */
    long end() {
        return end;
    }

    /** Whether there must be more, and there is time to wait for it. */
    boolean waits() {
        return end < wanted && System.nanoTime() - deadline <= 0;
    }

    /** The next message. One that cannot be read is a hole, which the one after it shows. */
    void take(Message message) {
        long before = end;
        end = Codec.number(message.getHeaders(), Codec.SEQUENCE);
        Publication publication = Codec.publication(message, name -> epoch);
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

    /**
     * All has been read that one of the servers has.
     *
     * @param oldest the number of the stream's oldest message: what is gone of a room is older, or older than all that was read
     * @param now the room keeps nothing that is too old for it
     */
    void complete(long oldest, Instant now) {
        boolean behind = end < wanted && oldest <= wanted;
        complete(whole && behind ? null : kept(oldest, now.minus(bounds.age())));
    }

    /** It cannot be read now. */
    void giveUp() {
        complete(null);
    }

    private void complete(@Nullable History history) {
        result.complete(history); // the room that opens with it has counted it now
        account.close();
    }

    /** It cannot be read. */
    void fail(Throwable failure) {
        result.completeExceptionally(failure);
        account.close();
    }

    /** What the room keeps of what was read: within its bounds, each message with the one before it. */
    private History kept(long oldest, Instant since) {
        List<Publication> read = List.copyOf(messages);
        int from = read.size();
        long size = 0;
        while (from > 0) {
            Publication next = read.get(from - 1);
            size += next.size();
            if (read.size() - from == bounds.messages()
                    || size > bounds.bytes()
                    || next.at().isBefore(since)) {
                break;
            }
            from--;
        }
        long first = read.isEmpty() ? oldest : Math.min(oldest, read.get(0).offset());
        long after = from > 0 ? read.get(from - 1).offset() : Math.max(asked, first - 1);
        List<Publication> kept = new ArrayList<>(read.subList(from, read.size()));
        if (!kept.isEmpty()) {
            kept.set(0, kept.get(0).follows(Math.max(kept.get(0).previous(), after)));
        }
        long upTo = kept.isEmpty() ? after : kept.get(kept.size() - 1).offset();
        return new History(epoch, after, upTo, kept);
    }
}
