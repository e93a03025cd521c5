package dev.parley.room;

import dev.parley.broker.Publication;
import dev.parley.protocol.Content;
import dev.parley.protocol.RoomNotice;
import org.jspecify.annotations.Nullable;

/** A room's events as the notices of the protocol. */
public final class Notices {

    private Notices() {}

    /** An event as a notice, null if no notice tells of it. */
    static @Nullable RoomNotice of(RoomEvent event, boolean own) {
        if (event instanceof RoomEvent.Message message) {
            return of(message.publication(), own);
        } else if (event instanceof RoomEvent.Joined joined && joined.single()) {
            return new RoomNotice.Joined(joined.member().name(), joined.members(), joined.connections());
        } else if (event instanceof RoomEvent.Left left && left.single()) {
            return new RoomNotice.Left(left.member().name(), left.members(), left.connections());
        } else if (event instanceof RoomEvent.Changed changed) {
            return new RoomNotice.Presence(changed.members(), changed.joined(), changed.left());
        }
        return null;
    }

    /**
     * A publication as a message.
     *
     * @param publication the publication
     * @param own whether it is for a reader to whom it is its own
     * @return the message, null if it holds bytes, which only the lobby takes
     */
    public static RoomNotice.@Nullable Message of(Publication publication, boolean own) {
        return publication.content() instanceof Content.Text text
                ? new RoomNotice.Message(
                        publication.offset(),
                        publication.sender().name(),
                        text.text(),
                        publication.at().toString(),
                        own ? publication.id() : null)
                : null;
    }
}
