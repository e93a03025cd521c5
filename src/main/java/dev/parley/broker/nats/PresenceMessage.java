package dev.parley.broker.nats;

import dev.parley.broker.Sender;
import dev.parley.protocol.RoomName;
import dev.parley.protocol.UserName;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a node tells the others of its members. In bytes, all of {@link DataOutputStream}: the version, the kind, the node, the
 * number, the part; then for each coming or going a mark, the connection and the user, and before the first of each room its
 * name. Immutable.
 *
 * @param kind what it is
 * @param node who tells it: a number that each node draws when it starts
 * @param number how many changes the node has told, this one included
 * @param part its place among the parts of a list, 0 for the first and for all that is none
 * @param changes who came and went, in order; in a list all who are there
 */
record PresenceMessage(Kind kind, long node, long number, int part, List<Change> changes) {

    /** More than a change takes: a mark and a room's name, a mark, a connection and a user's name (6 bytes a code point), each with its length. */
    static final int MAX_CHANGE = 3 + 64 + 1 + 8 + 2 + 6 * 64;

    /** What comes before the changes. */
    static final int HEAD = 1 + 1 + 8 + 8 + 4;

    private static final byte VERSION = 1;
    private static final byte ROOM = 0;
    private static final byte JOINED = 1;
    private static final byte LEFT = 2;

    /** What is told. */
    enum Kind {
        /** The node is there. */
        BEAT('b'),
        /** The node is there and wants to hear who else is. */
        HELLO('h'),
        /** The node goes. */
        BYE('g'),
        /** The node wants the list of all members of the one who gets this. */
        ASK('a'),
        /** Some came and went. */
        CHANGES('c'),
        /** A part of the list of all members, of which more follow. */
        PART('p'),
        /** The last part. */
        LAST('l');

        private final char letter; // in a message

        Kind(char letter) {
            this.letter = letter;
        }

        private static @Nullable Kind of(int letter) {
            return Stream.of(values())
                    .filter(kind -> kind.letter == letter)
                    .findFirst()
                    .orElse(null);
        }
    }

    /** Somebody came or went. */
    record Change(String room, Sender member, boolean joined) {}

    /** Whether names keep the rules, so that other nodes take them. */
    static boolean isTold(String room, Sender member) {
        return RoomName.isValid(room) && (member.user() == null || UserName.isValid(member.user()));
    }

    byte[] bytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeByte(kind.letter);
            out.writeLong(node);
            out.writeLong(number);
            out.writeInt(part);
            String room = "";
            for (Change change : changes) {
                if (!change.room.equals(room)) {
                    room = change.room;
                    out.writeByte(ROOM);
                    out.writeUTF(room);
                }
                String user = change.member.user();
                out.writeByte(change.joined ? JOINED : LEFT);
                out.writeLong(change.member.peer());
                out.writeUTF(user == null ? "" : user);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory has none
        }
        return bytes.toByteArray();
    }

    /** What was told, null if it is nothing that a node of this version tells. */
    static @Nullable PresenceMessage of(byte[] bytes) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            byte version = in.readByte();
            Kind kind = Kind.of(in.readByte());
            if (version != VERSION || kind == null) {
                return null;
            }
            long node = in.readLong();
            long number = in.readLong();
            int part = in.readInt();
            List<Change> changes = new ArrayList<>();
            String room = "";
            while (in.available() > 0) {
                byte mark = in.readByte();
                if (mark == ROOM) {
                    room = in.readUTF();
                    continue;
                }
                long peer = in.readLong();
                String user = in.readUTF();
                Sender member = new Sender(user.isEmpty() ? null : user, peer);
                if ((mark != JOINED && mark != LEFT) || !isTold(room, member)) {
                    return null;
                }
                changes.add(new Change(room, member, mark == JOINED));
            }
            return new PresenceMessage(kind, node, number, part, changes);
        } catch (IOException e) {
            return null; // it ends too early, or a name is no UTF-8
        }
    }
}
