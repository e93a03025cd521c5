package dev.parley.room;

import dev.parley.broker.Sender;
import dev.parley.wire.Batch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who is typing in a room, for the next walk of each branch. However much the broker brings, it takes at most
 * {@link #MAX_MEMBERS} in a second, each once; the others are dropped. Guarded by the room's lock.
 */
public final class Typing {

    /** How many members are told of in a second. */
    public static final int MAX_MEMBERS = Batch.MAX_FRAMES;

    /** How often one member is told of at most, and at most sends. */
    public static final long PERIOD = Duration.ofSeconds(1).toNanos();

    private final Map<Sender, Long> members = new LinkedHashMap<>(0); // each with its number
    private long began; // nanoTime at which the first of them came
    private long newest; // the highest number given

    /** A member is typing. */
    void note(Sender member, long now) {
        if (now - began >= PERIOD) {
            members.clear();
        }
        if (members.isEmpty()) {
            began = now;
        }
        if (members.size() < MAX_MEMBERS && !members.containsKey(member)) {
            members.put(member, ++newest);
        }
    }

    /** A message of a member has come, which is what it typed. */
    void wrote(Sender member) {
        if (!members.isEmpty()) {
            members.remove(member);
        }
    }

    /** {@return the number of the newest of them} */
    public long newest() {
        return newest;
    }

    /**
     * Those that came after a number.
     *
     * @param number the number
     * @return what readers are told of them; null if there are none
     */
    @Nullable
    public Notice since(long number) {
        if (number == newest) {
            return null;
        }
        List<Sender> due = new ArrayList<>();
        members.forEach((member, its) -> {
            if (its > number) {
                due.add(member);
            }
        });
        return due.isEmpty() ? null : new Notice(due);
    }

    /** Members who are typing, as readers are told of them. Not for several threads. */
    public static final class Notice {

        private final List<Sender> members;
        private final @Nullable Batch[] shared = new Batch[Encoder.COUNT];

        private Notice(List<Sender> members) {
            this.members = members;
        }

        /**
         * What a reader is told. Nobody is told of its own user; all others of a format share a batch.
         *
         * @param encoder how the reader reads
         * @param reader who it is
         * @return null if that is nothing
         */
        @Nullable
        public Batch batch(Encoder encoder, Sender reader) {
            if (!encoder.tellsTyping()) {
                return null;
            }
            if (members.stream().anyMatch(reader::is)) {
                List<Sender> others =
                        members.stream().filter(member -> !reader.is(member)).toList();
                return others.isEmpty() ? null : encoder.typing(others);
            }
            Batch batch = shared[encoder.slot()];
            if (batch == null) {
                batch = encoder.typing(members);
                shared[encoder.slot()] = batch;
            }
            return batch;
        }
    }
}
