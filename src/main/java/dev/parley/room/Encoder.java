package dev.parley.room;

import dev.parley.api.WireFormat;
import dev.parley.broker.Publication;
import dev.parley.broker.Sender;
import dev.parley.protocol.Content;
import dev.parley.protocol.JsonCodec;
import dev.parley.protocol.MessageText;
import dev.parley.protocol.Position;
import dev.parley.protocol.RoomNotice;
import dev.parley.protocol.UserName;
import dev.parley.wire.Batch;
import dev.parley.wire.Frame;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Encodes a room's events, for each {@link WireFormat}. Each event is encoded at most once per format, and once more for a reader
 * to whom it is its own.
 */
public enum Encoder {
    /** As {@link WireFormat#LOBBY}. */
    LOBBY {
        @Override
        @Nullable
        Frame frame(RoomEvent event, String epoch) {
            return event instanceof RoomEvent.Message message
                    ? asItIs(message.publication().content())
                    : null;
        }

        @Override
        @Nullable
        Sender owner(RoomEvent event) {
            return event instanceof RoomEvent.Message message
                    ? message.publication().sender()
                    : null;
        }

        @Override
        boolean isOwn(Sender owner, Sender reader) {
            return owner.peer() == reader.peer(); // the connection: another of the same user's is another client
        }

        @Override
        @Nullable
        Frame ownFrame(RoomEvent event, String epoch) {
            return event instanceof RoomEvent.Message message
                            && message.publication().content() instanceof Content.Text text
                    ? Frame.text("echo: " + text.text())
                    : frame(event, epoch);
        }
    },

    /** As {@link WireFormat#PLAIN}. */
    PLAIN {
        @Override
        @Nullable
        Frame frame(RoomEvent event, String epoch) {
            if (event instanceof RoomEvent.Message message) {
                Publication publication = message.publication();
                return publication.content() instanceof Content.Text text
                        ? Frame.text(publication.sender().name() + ": " + MessageText.indentLines(text.text()))
                        : asItIs(publication.content());
            } else if (event instanceof RoomEvent.Joined joined) {
                return Frame.text("* " + somebody(joined.member()) + " joined");
            } else if (event instanceof RoomEvent.Left left) {
                return Frame.text("* " + somebody(left.member()) + " left");
            }
            return null;
        }

        @Override
        public boolean announces() {
            return true;
        }

        private static String somebody(Sender member) {
            String user = member.user();
            return user == null ? UserName.SOMEBODY : user;
        }
    },

    /** As {@link WireFormat#PARLEY_V1}; the messages are those of {@link RoomNotice}. */
    PARLEY_V1(true) {
        @Override
        public Frame frame(RoomNotice notice, @Nullable Position at) {
            return Frame.text(JsonCodec.shared().encode(notice));
        }

        @Override
        Batch batch(List<Frame> frames) {
            return frames.size() == 1
                    ? super.batch(frames)
                    : super.batch(List.of(
                            Frame.text(frames.stream().map(Frame::text).collect(Collectors.joining(",", "[", "]")))));
        }
    },

    /**
     * Server-Sent Events (WHATWG HTML §9.2): the messages of {@link RoomNotice}, one event each under its type. A position is its
     * {@code id}, which a browser gives back in {@code Last-Event-ID}; when to come back from a drain is its {@code retry}. A
     * frame's payload is the event as it goes over the wire.
     */
    EVENTS(true) {
        @Override
        public Frame frame(RoomNotice notice, @Nullable Position at) {
            String json = JsonCodec.shared().encode(notice);
            String type = json.substring(TYPE_FIRST.length(), json.indexOf('"', TYPE_FIRST.length()));
            String id = at == null ? "" : "id: " + at + "\n";
            String retry = notice instanceof RoomNotice.Drain drain ? "retry: " + drain.reconnectAfterMs() + "\n" : "";
            return Frame.text("event: " + type + "\n" + id + retry + "data: " + json + "\n\n");
        }
    };

    /** How a notice begins. */
    private static final String TYPE_FIRST = "{\"type\":\"";

    /**
     * The encoder of a format.
     *
     * @param format the format
     * @return the same each time
     */
    public static Encoder of(WireFormat format) {
        return valueOf(format.name());
    }

    /** How many encoders there are. */
    static final int COUNT = values().length;

    private final boolean speaksNotices;

    Encoder() {
        this(false);
    }

    Encoder(boolean speaksNotices) {
        this.speaksNotices = speaksNotices;
    }

    /** Its place in an array of {@link #COUNT}, within this process. */
    @SuppressWarnings("EnumOrdinal")
    int slot() {
        return ordinal();
    }

    /** An event as a reader gets it, null if readers of this format are not told of it. */
    @Nullable
    Frame frame(RoomEvent event, String epoch) {
        return frame(Notices.of(event, false), event, epoch);
    }

    /** Whose own an event is, null if it looks the same to everybody. */
    @Nullable
    Sender owner(RoomEvent event) {
        if (event instanceof RoomEvent.Message message) {
            Publication publication = message.publication();
            return speaksNotices && publication.id() != null ? publication.sender() : null;
        }
        return null;
    }

    /** Whether what is an owner's own is this reader's. */
    boolean isOwn(Sender owner, Sender reader) {
        return owner.is(reader);
    }

    /** An event as a reader gets it whose own it is, null if that one is not told of it. */
    @Nullable
    Frame ownFrame(RoomEvent event, String epoch) {
        return frame(Notices.of(event, true), event, epoch);
    }

    private @Nullable Frame frame(@Nullable RoomNotice notice, RoomEvent event, String epoch) {
        if (notice == null) {
            return null;
        }
        return frame(
                notice,
                event instanceof RoomEvent.Message message
                        ? new Position(epoch, message.publication().offset())
                        : null);
    }

    /** Frames that a reader gets together: at least one. */
    Batch batch(List<Frame> frames) {
        return new Batch(frames);
    }

    /** {@return whether members that read in this format are announced when they come and go} */
    public boolean announces() {
        return speaksNotices;
    }

    /** {@return whether a reader is greeted, and told when it missed something; one who cannot be told is closed instead} */
    public boolean tellsGaps() {
        return speaksNotices;
    }

    /** Whether a reader is told who is typing. */
    boolean tellsTyping() {
        return speaksNotices;
    }

    /** What a reader is told of members who are typing, in a format that {@link #tellsTyping}. */
    Batch typing(List<Sender> members) {
        return batch(members.stream()
                .map(member -> frame(new RoomNotice.Typing(member.name()), null))
                .toList());
    }

    /**
     * A notice in a format that {@link #tellsGaps}.
     *
     * @param notice the notice
     * @param at where a reader stands who has read it, null if that is where it stood
     * @return the frame
     */
    public Frame frame(RoomNotice notice, @Nullable Position at) {
        throw new UnsupportedOperationException(this + " has no words for " + notice);
    }

    private static Frame asItIs(Content content) {
        return content instanceof Content.Text text
                ? Frame.text(text.text())
                : Frame.binary(((Content.Binary) content).bytes());
    }
}
