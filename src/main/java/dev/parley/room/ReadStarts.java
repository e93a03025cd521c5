package dev.parley.room;

import dev.parley.ops.Settings;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.Position;
import dev.parley.protocol.RoomNotice;
import dev.parley.protocol.RoomRequest;
import dev.parley.room.ReadStart.Greeting;
import java.util.ArrayList;
import java.util.List;

/** Finds where each member of a room starts to read, and what it is greeted with. Not for several threads. */
final class ReadStarts {

    private final String room;
    private final Ring ring;
    private final Presence presence;
    private final Settings settings;

    ReadStarts(String room, Ring ring, Presence presence, Settings settings) {
        this.room = room;
        this.ring = ring;
        this.presence = presence;
        this.settings = settings;
    }

    /** Whether a member has read further, of the same history, than this node has been told. */
    boolean isAhead(Member member) {
        Position since = member.start().since();
        return since != null && since.epoch().equals(ring.epoch()) && since.offset() > ring.offset();
    }

    /** For one that is not greeted: it reads what is appended from a position on. */
    ReadStart from(Member member, View view, Cursor.Greeter greeter, long position) {
        return new ReadStart(cursor(member, view, greeter, position, position, ring.offset()), List.of(), false);
    }

    /** For one that is greeted: it reads from where it left off, and is told what it cannot get any more. */
    ReadStart greeted(Member member, View view, Cursor.Greeter greeter) {
        long present = ring.tail();
        Position since = member.start().since();
        boolean foreign = since == null || !since.epoch().equals(ring.epoch());
        boolean ahead = isAhead(member);
        long position;
        long told;
        if (since == null || foreign || ahead) {
            position = Math.min(ring.positionOfNewest(member.start().history()), present);
            told = ring.offsetBefore(position);
        } else {
            position = Math.min(ring.positionAfter(since.offset()), present);
            told = since.offset();
        }
        long before = ring.offsetBefore(position);
        boolean recovered = !foreign && !ahead && before == told;
        List<Greeting> greeting = new ArrayList<>(1);
        greeting.add(new Greeting(
                welcome(member, ring.epoch(), ring.offset(), recovered), new Position(ring.epoch(), told)));
        if (ahead) {
            greeting.add(new Greeting(
                    new RoomNotice.Problem(
                            ErrorCode.BAD_SINCE.word(), "since is beyond the newest message of this room", null),
                    null));
        } else if (before != told) {
            greeting.add(new Greeting(new RoomNotice.Gap(told + 1, before), new Position(ring.epoch(), before)));
        }
        return new ReadStart(
                cursor(member, view, greeter, position, present, before), greeting, since != null && !recovered);
    }

    private Cursor cursor(Member member, View view, Cursor.Greeter greeter, long position, long present, long told) {
        return new Cursor(
                view,
                member.encoder(),
                member.sender(),
                settings.rooms().overflow(room),
                greeter,
                ring.epoch(),
                position,
                present,
                told);
    }

    /** The greeting of one that has missed nothing. */
    RoomNotice welcomeBack(Member member) {
        return welcome(member, ring.epoch(), ring.offset(), true);
    }

    /** A greeting. */
    RoomNotice welcome(Member member, String epoch, long offset, boolean recovered) {
        return new RoomNotice.Welcome(
                room,
                member.sender().name(),
                Long.toHexString(member.sender().peer()),
                epoch,
                offset,
                recovered,
                presence.members(),
                presence.users(),
                new RoomNotice.Limits(settings.limits().text(), RoomRequest.MAX_ID));
    }
}
