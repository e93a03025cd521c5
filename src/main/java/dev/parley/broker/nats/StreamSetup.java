package dev.parley.broker.nats;

import dev.parley.ops.Rooms;
import dev.parley.ops.Settings;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.Republish;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** What the stream has to be for these settings. Immutable. */
final class StreamSetup {

    private static final Duration SLACK = Duration.ofMinutes(1); // between the clocks of nodes and servers

    private final Settings settings;
    private final Subjects subjects;

    StreamSetup(Settings settings, Subjects subjects) {
        this.settings = settings;
        this.subjects = subjects;
    }

    /** Whether a stream has the bounds that it has to have. */
    boolean suits(StreamConfiguration is, String generation) {
        StreamConfiguration wanted = wanted(StreamConfiguration.builder(is), generation);
        return is.getMaxMsgsPerSubject() == wanted.getMaxMsgsPerSubject()
                && is.getMaxBytes() == wanted.getMaxBytes()
                && is.getReplicas() == wanted.getReplicas()
                && Objects.equals(is.getMaxAge(), wanted.getMaxAge())
                && Objects.equals(is.getDuplicateWindow(), wanted.getDuplicateWindow());
    }

    /**
     * A stream as it has to be.
     *
     * @param from what it has beside that
     */
    StreamConfiguration wanted(StreamConfiguration.Builder from, String generation) {
        Rooms rooms = settings.rooms();
        List<Rooms.History> histories = Stream.concat(
                        Stream.of(rooms.history()), rooms.rules().stream().map(Rooms.Rule::history))
                .toList();
        int messages =
                histories.stream().mapToInt(Rooms.History::messages).max().orElse(0);
        Duration age = Stream.concat(
                        histories.stream().map(Rooms.History::age),
                        Stream.of(settings.ids().window()))
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
        return from.name(settings.nats().stream())
                .subjects(subjects.all(generation))
                .storageType(StorageType.File)
                .replicas(settings.nats().replicas())
                .discardPolicy(DiscardPolicy.Old)
                .maxMessagesPerSubject(messages + 1L) // one more than is given out shows where the history starts
                .maxBytes(settings.nats().bytes())
                .maxAge(age.plus(SLACK))
                .duplicateWindow(settings.ids().window())
                .allowDirect(true)
                .denyPurge(true) // a hole in a room's messages would go unseen
                .republish(Republish.builder()
                        .source(subjects.allGenerations())
                        .destination(subjects.allOut())
                        .build())
                .build();
    }
}
