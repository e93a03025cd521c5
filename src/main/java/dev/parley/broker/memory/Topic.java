package dev.parley.broker.memory;

import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.ops.Budget;
import dev.parley.ops.Clock;
import dev.parley.ops.Rooms;
import dev.parley.protocol.Content;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
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

    // What it takes of the heap, and an id that it remembers; measured as the growth of a heap of 200,000 (JDK 17).
    private static final int OVERHEAD = 448;
    private static final int ID_OVERHEAD = 280;

    final String epoch;
    boolean open;
    long delivered; // the newest message that the hub has, while it is open
    boolean discarded;
    private final Rooms.History history;
    private final Rooms.Ids ids;
    private final long age; // of the history, nanoseconds
    private final long window; // of the ids, nanoseconds
    private final Deque<Kept> kept = new ArrayDeque<>(0);
    private final Map<Key, First> firsts = new LinkedHashMap<>(0); // oldest first
    private final Budget.Account account;
    private long bytes; // of what is kept
    private long memory; // of what is kept and of the ids
    private long last; // the offset of the newest message there was
    private long gone; // the offset of the newest message that is not kept

    Topic(String epoch, Rooms.History history, Rooms.Ids ids, Budget.Account account) {
        this.epoch = epoch;
        this.history = history;
        this.ids = ids;
        this.account = account;
        this.age = Clock.nanos(history.age());
        this.window = Clock.nanos(ids.window());
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

    /** Adds a message that was taken at a time of {@link Clock#nanoTime}. */
    void add(Publication publication, long now) {
        last = publication.offset();
        kept.add(new Kept(publication, now));
        int size = publication.size();
        bytes += size;
        memory += publication.memory(size);
        if (publication.id() != null) {
            Key key = new Key(publication.sender().scope(), publication.id());
            firsts.put(key, new First(last, now, digest(publication.content())));
            memory += key.memory();
        }
        expire(now);
    }

    /** Lets go what is over the bounds at a time of {@link Clock#nanoTime}: the other clock may be set meanwhile. */
    void expire(long now) {
        for (Kept first = kept.peek(); first != null && isOver(first, now); first = kept.peek()) {
            drop(first.publication);
        }
        for (Map.Entry<Key, First> first = oldestId();
                first != null && (now - first.getValue().at > window || firsts.size() > ids.perRoom());
                first = oldestId()) {
            forget(first.getKey());
        }
        account.hold(held());
    }

    private void drop(Publication first) {
        int size = first.size();
        gone = first.offset();
        bytes -= size;
        memory -= first.memory(size);
        kept.remove();
    }

    private void forget(Key key) {
        firsts.remove(key);
        memory -= key.memory();
    }

    private Map.@Nullable Entry<Key, First> oldestId() {
        return firsts.isEmpty() ? null : firsts.entrySet().iterator().next();
    }

    private long held() {
        return isEmpty() ? 0 : OVERHEAD + memory;
    }

    /** The offset of the oldest message that it keeps or remembers the id of; {@link Long#MAX_VALUE} if there is none. */
    long oldest() {
        Kept first = kept.peek();
        Map.Entry<Key, First> id = oldestId();
        return Math.min(
                first == null ? Long.MAX_VALUE : first.publication.offset(),
                id == null ? Long.MAX_VALUE : id.getValue().offset);
    }

    /** Lets its oldest messages go with their ids, up to an offset, until so many bytes are free; how many went. */
    int letGo(long upTo, long enough) {
        long target = memory - enough;
        int messages = 0;
        for (long oldest = oldest(); oldest <= upTo && !isEmpty() && memory > target; oldest = oldest()) {
            Kept first = kept.peek();
            if (first != null && first.publication.offset() == oldest) {
                drop(first.publication);
            }
            Map.Entry<Key, First> id = oldestId();
            if (id != null && id.getValue().offset == oldest) {
                forget(id.getKey());
            }
            messages++;
        }
        account.settle(held());
        return messages;
    }

    /** Gives back what it took; nobody finds it any more. */
    void discard() {
        discarded = true;
        account.close();
    }

    private boolean isOver(Kept oldest, long now) {
        return kept.size() > history.messages() || bytes > history.bytes() || now - oldest.at > age;
    }

    History newest(int limit) {
        Deque<Publication> newest = new ArrayDeque<>();
        long after = last;
        for (Iterator<Kept> each = kept.descendingIterator(); each.hasNext() && newest.size() < limit; ) {
            Publication publication = each.next().publication;
            newest.addFirst(publication);
            after = publication.previous();
        }
        return new History(epoch, after, last, List.copyOf(newest));
    }

    long offset() {
        return last;
    }

    /** Finds the oldest stored message after one offset and up to another; null if there is none. */
    @Nullable
    Publication next(long after, long upTo) {
        return kept.stream()
                .map(Kept::publication)
                .filter(each -> each.offset() > after && each.offset() <= upTo)
                .findFirst()
                .orElse(null);
    }

    History after(long offset, int limit) {
        List<Publication> next = new ArrayList<>();
        long upTo = Math.max(offset, gone);
        for (Iterator<Kept> each = kept.iterator(); each.hasNext() && next.size() < limit; ) {
            Publication publication = each.next().publication;
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

    private record Key(String scope, String id) {
        int memory() {
            return ID_OVERHEAD + scope.length() + id.length();
        }
    }

    private record Kept(Publication publication, long at) {}

    private record First(long offset, long at, ByteBuffer digest) {}
}
