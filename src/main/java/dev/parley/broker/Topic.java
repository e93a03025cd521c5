package dev.parley.broker;

import dev.parley.ops.Rooms;
import dev.parley.protocol.Content;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A room of the {@link MemoryBroker}: its newest messages and the ids it remembers. Guarded by itself. */
final class Topic {

    final String epoch;
    boolean open;
    boolean discarded;
    private final Rooms.History history;
    private final Rooms.Ids ids;
    private final Deque<Publication> kept = new ArrayDeque<>(0);
    private final Map<Key, First> firsts = new LinkedHashMap<>(0); // oldest first
    private long bytes; // of what is kept
    private long last; // the offset of the newest message there was
    private long gone; // the offset of the newest message that is not kept

    Topic(String epoch, Rooms.History history, Rooms.Ids ids) {
        this.epoch = epoch;
        this.history = history;
        this.ids = ids;
    }

    long last() {
        return last;
    }

    /** Whether nothing would be lost with it but its epoch. */
    boolean isEmpty() {
        return kept.isEmpty() && firsts.isEmpty();
    }

    /** Where a message with this id stands, null if there is none. */
    @Nullable
    Position published(Sender sender, @Nullable String id, Content content) {
        First first = id == null ? null : firsts.get(new Key(sender.scope(), id));
        if (first == null) {
            return null;
        }
        if (!first.digest.equals(digest(content))) {
            throw new PublishException(ErrorCode.DUPLICATE_ID, "this id stands for another text");
        }
        return new Position(epoch, first.offset);
    }

    void add(Publication publication, Instant now) {
        last = publication.offset();
        kept.add(publication);
        bytes += publication.content().size();
        if (publication.id() != null) {
            firsts.put(
                    new Key(publication.sender().scope(), publication.id()),
                    new First(last, now, digest(publication.content())));
        }
        expire(now);
    }

    /** Lets go what is over the bounds. */
    void expire(Instant now) {
        Instant oldest = now.minus(history.age());
        for (Publication first = kept.peek(); first != null && isOver(first, oldest); first = kept.peek()) {
            gone = first.offset();
            bytes -= first.content().size();
            kept.remove();
        }
        Instant forgotten = now.minus(ids.window());
        Iterator<First> each = firsts.values().iterator();
        while (each.hasNext() && (each.next().at.isBefore(forgotten) || firsts.size() > ids.perRoom())) {
            each.remove();
        }
    }

    private boolean isOver(Publication publication, Instant oldest) {
        return kept.size() > history.messages()
                || bytes > history.bytes()
                || publication.at().isBefore(oldest);
    }

    History newest(int limit) {
        Deque<Publication> newest = new ArrayDeque<>();
        long after = last;
        for (Iterator<Publication> each = kept.descendingIterator(); each.hasNext() && newest.size() < limit; ) {
            Publication publication = each.next();
            newest.addFirst(publication);
            after = publication.previous();
        }
        return new History(epoch, after, last, List.copyOf(newest));
    }

    long offset() {
        return last;
    }

    History after(long offset, int limit) {
        List<Publication> next = new ArrayList<>();
        long upTo = Math.max(offset, gone);
        for (Iterator<Publication> each = kept.iterator(); each.hasNext() && next.size() < limit; ) {
            Publication publication = each.next();
            if (publication.offset() > offset) {
                next.add(publication);
            }
        }
        long after = upTo;
        return new History(
                epoch, after, next.isEmpty() ? after : next.get(next.size() - 1).offset(), next);
    }

    private static ByteBuffer digest(Content content) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            if (content instanceof Content.Text text) {
                sha.update(text.text().getBytes(StandardCharsets.UTF_8));
            } else if (content instanceof Content.Binary binary) {
                sha.update(binary.bytes().duplicate());
            }
            return ByteBuffer.wrap(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private record Key(String scope, String id) {}

    private record First(long offset, Instant at, ByteBuffer digest) {}
}
