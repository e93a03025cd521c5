package dev.parley.broker.nats;

import dev.parley.broker.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The half of the {@link Roster} that tells the other nodes who is here: changes are gathered for a moment and numbered, and who
 * asks gets the list of all. For the thread of {@link Loop} alone.
 */
final class LocalMembers {

    /** How long changes are gathered into one message. */
    static final Duration GATHER = Duration.ofMillis(100);

    private final Roster.Wire wire;
    private final Teller others;
    private final Map<String, Map<Sender, Integer>> rooms =
            new LinkedHashMap<>(); // by room; how many times each is in it
    private final List<PresenceMessage.Change> untold = new ArrayList<>();
    private long number;

    /** Tells one or all of the nodes. */
    interface Teller {
        /**
         * Tells something, with the number of changes told up to now.
         *
         * @param part its place among the parts of a list, else 0
         */
        void tell(PresenceMessage.Kind kind, int part, List<PresenceMessage.Change> changes);
    }

    /**
     * Nobody.
     *
     * @param wire says how long a message may be, and runs what is to be done later
     * @param others tells all of them
     */
    LocalMembers(Roster.Wire wire, Teller others) {
        this.wire = wire;
        this.others = others;
    }

    /** How many messages about changes were told. */
    long number() {
        return number;
    }

    void joined(String room, Sender member) {
        if (PresenceMessage.isTold(room, member)
                && rooms.computeIfAbsent(room, key -> new LinkedHashMap<>()).merge(member, 1, Integer::sum) == 1) {
            tell(new PresenceMessage.Change(room, member, true));
        }
    }

    void left(String room, Sender member) {
        Map<Sender, Integer> members = rooms.get(room);
        if (members == null || !members.containsKey(member)) {
            return; // its coming was not told either
        }
        if (members.merge(member, -1, Integer::sum) == 0) {
            members.remove(member);
            if (members.isEmpty()) {
                rooms.remove(room);
            }
            tell(new PresenceMessage.Change(room, member, false));
        }
    }

    private void tell(PresenceMessage.Change change) {
        if (untold.isEmpty()) {
            wire.later(GATHER, this::flush);
        }
        untold.add(change);
    }

    private void flush() {
        for (List<PresenceMessage.Change> some : split(untold)) {
            number++;
            others.tell(PresenceMessage.Kind.CHANGES, 0, some);
        }
        untold.clear();
    }

    /** Tells one who asked the list of all; the others are told first what it is already in. */
    void list(Teller asker) {
        flush(); // what is told later comes on top of the list
        List<PresenceMessage.Change> all = new ArrayList<>();
        rooms.forEach((room, members) ->
                members.keySet().forEach(member -> all.add(new PresenceMessage.Change(room, member, true))));
        List<List<PresenceMessage.Change>> parts = all.isEmpty() ? List.of(all) : split(all);
        for (int i = 0; i < parts.size(); i++) {
            boolean last = i == parts.size() - 1;
            asker.tell(last ? PresenceMessage.Kind.LAST : PresenceMessage.Kind.PART, i, parts.get(i));
        }
    }

    private List<List<PresenceMessage.Change>> split(List<PresenceMessage.Change> changes) {
        int most = Math.max(1, (wire.maxBytes() - PresenceMessage.HEAD) / PresenceMessage.MAX_CHANGE);
        List<List<PresenceMessage.Change>> parts = new ArrayList<>();
        for (int from = 0; from < changes.size(); from += most) {
            parts.add(changes.subList(from, Math.min(from + most, changes.size())));
        }
        return parts;
    }
}
