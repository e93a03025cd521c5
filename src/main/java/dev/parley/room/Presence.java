package dev.parley.room;

import dev.parley.broker.Sender;
import dev.parley.protocol.RoomNotice;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who is in a room on all nodes, by connection and by user. Up to {@link #SINGLE} members each coming and going is an event by
 * itself; in a larger room changes are gathered, so that a storm of joins costs each member one event a second, not one a join.
 * Not for several threads.
 */
public final class Presence {

    /** Up to how many members each change is told by itself. */
    public static final int SINGLE = 64;

    private final Map<String, Integer> connections = new LinkedHashMap<>(4); // by the scope of the member
    private final Set<String> joined = new LinkedHashSet<>(0);
    private final Set<String> left = new LinkedHashSet<>(0);
    private final Set<Sender> elsewhere = new HashSet<>(0); // those of them who are on other nodes
    private int members;
    private boolean changed;

    /** Somebody came. */
    RoomEvent joined(Sender member) {
        members++;
        int now = connections.merge(member.scope(), 1, Integer::sum);
        boolean single = isSingle();
        if (!single && now == 1) {
            note(member, joined, left);
        }
        return new RoomEvent.Joined(member, members, now, single);
    }

    /** Somebody went, who had come. */
    RoomEvent left(Sender member) {
        boolean single = isSingle();
        members--;
        int now = Objects.requireNonNullElse(
                connections.computeIfPresent(member.scope(), (scope, count) -> count == 1 ? null : count - 1), 0);
        if (!single && now == 0) {
            note(member, left, joined);
        }
        return new RoomEvent.Left(member, members, now, single);
    }

    /**
     * Members came and went on other nodes, at once.
     *
     * @return what is told of each; nothing if they are many, whose changes are gathered in a room of any size
     */
    List<RoomEvent> elsewhere(Collection<Sender> came, Collection<Sender> went) {
        List<Sender> leaving = went.stream().filter(elsewhere::remove).toList();
        List<Sender> coming = came.stream().filter(elsewhere::add).toList();
        boolean many = leaving.size() + coming.size() > SINGLE;
        changed |= many;
        List<RoomEvent> events = new ArrayList<>();
        leaving.forEach(member -> events.add(left(member)));
        coming.forEach(member -> events.add(joined(member)));
        return many ? List.of() : events;
    }

    private boolean isSingle() {
        if (members > SINGLE) {
            changed = true;
        }
        return !changed; // what was gathered is told before anything is told by itself again
    }

    private static void note(Sender member, Set<String> where, Set<String> elsewhere) {
        String user = member.user();
        if (user != null && !elsewhere.remove(user) && where.size() < RoomNotice.MAX_NAMES) {
            where.add(user);
        }
    }

    /** What has been gathered since the last time, null if nothing. */
    @Nullable
    RoomEvent changes() {
        if (!changed) {
            return null;
        }
        RoomEvent event = new RoomEvent.Changed(members, List.copyOf(joined), List.copyOf(left));
        changed = false;
        joined.clear();
        left.clear();
        return event;
    }

    /** How many connections there are. */
    int members() {
        return members;
    }

    /** The names of some of the users, those first who came first. */
    List<String> users() {
        List<String> users = new ArrayList<>();
        for (String scope : connections.keySet()) {
            if (users.size() == RoomNotice.MAX_NAMES) {
                break;
            }
            if (!Sender.isNameless(scope)) {
                users.add(scope);
            }
        }
        return users;
    }
}
