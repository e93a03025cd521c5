package dev.parley.room;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.Sender;
import dev.parley.protocol.RoomNotice;
import java.util.List;
import org.junit.jupiter.api.Test;

class PresenceTest {

    private final Presence presence = new Presence();

    private static Sender user(String name, long peer) {
        return new Sender(name, peer);
    }

    @Test
    void aUserIsThereAsLongAsOneOfItsConnections() {
        assertThat(presence.joined(user("a", 1))).isEqualTo(new RoomEvent.Joined(user("a", 1), 1, 1, true));
        assertThat(presence.joined(user("a", 2))).isEqualTo(new RoomEvent.Joined(user("a", 2), 2, 2, true));
        assertThat(presence.users()).containsExactly("a");
        assertThat(presence.left(user("a", 1))).isEqualTo(new RoomEvent.Left(user("a", 1), 1, 1, true));
        assertThat(presence.left(user("a", 2))).isEqualTo(new RoomEvent.Left(user("a", 2), 0, 0, true));
        assertThat(presence.users()).isEmpty();
    }

    @Test
    void strangersAreCountedEachAndListedNever() {
        presence.joined(user(null, 1));
        assertThat(presence.joined(user(null, 2))).isEqualTo(new RoomEvent.Joined(user(null, 2), 2, 1, true));
        assertThat(presence.users()).isEmpty();
        assertThat(presence.members()).isEqualTo(2);
    }

    @Test
    void aSmallRoomGathersNothing() {
        for (int i = 0; i < Presence.SINGLE; i++) {
            presence.joined(user("u" + i, i));
        }
        assertThat(presence.changes()).isNull();
    }

    @Test
    void aLargeRoomGathersWhoCameAndWent() {
        fill(Presence.SINGLE);
        assertThat(presence.joined(user("late", 1000)))
                .isEqualTo(new RoomEvent.Joined(user("late", 1000), Presence.SINGLE + 1, 1, false));
        assertThat(presence.left(user("u3", 3)))
                .isEqualTo(new RoomEvent.Left(user("u3", 3), Presence.SINGLE, 0, false));
        presence.joined(user("brief", 1001));
        presence.left(user("brief", 1001));
        presence.joined(user("late", 1002));
        assertThat(presence.changes())
                .isEqualTo(new RoomEvent.Changed(Presence.SINGLE + 1, List.of("late"), List.of("u3")));
        assertThat(presence.changes()).isNull();
    }

    @Test
    void aStormIsOneEventWithABoundedListOfNames() {
        int storm = 2_000;
        fill(storm);
        RoomEvent.Changed changed = (RoomEvent.Changed) presence.changes();
        assertThat(changed.members()).isEqualTo(storm);
        assertThat(changed.joined()).hasSize(RoomNotice.MAX_NAMES);
        assertThat(presence.users()).hasSize(RoomNotice.MAX_NAMES);
    }

    private void fill(int members) {
        for (int i = 0; i < members; i++) {
            presence.joined(user("u" + i, i));
        }
    }
}
