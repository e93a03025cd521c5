package dev.parley.broker;

import dev.parley.ops.RepeatedEvent;
import dev.parley.ops.Rooms;
import dev.parley.ops.Settings;
import io.nats.client.Message;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.Republish;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.impl.Headers;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The stream that all nodes share: sees to it that it is there, and that its sequence numbers go on where this node saw them
 * last. A stream that was emptied, or has lost its end with the power, gives numbers a second time; its {@code created} does
 * not tell, and may change when nothing is lost. So the subjects have a generation in them, and a node that sees numbers go
 * back, or another message under a number that it knows, raises it: what is published for the old generation is taken by
 * nobody, and every room has a new epoch.
 * Until the end of the stream is verified, after each reconnect and each answer that did not come, nothing is published.
 *
 * <p>For the thread of {@link NatsLoop} alone.
 */
final class NatsStream {

    private static final Logger LOG = System.getLogger(NatsStream.class.getName());

    private static final String SUCCESSOR = "~next"; // no room: "~" is always encoded in those
    private static final int NO_STREAM = 404;
    private static final int NAME_TAKEN = 10_058;
    private static final int NO_MESSAGE = 10_037;
    private static final int MAX_LOW = 3; // probes in a row; fewer may be a new leader that has not caught up
    private static final int PAGE = 1 << 20; // bytes that the servers give at once
    private static final Duration DRIFT = Duration.ofSeconds(10); // of a clock; more is worth a word
    private static final Duration SLACK = Duration.ofMinutes(1); // between the clocks of nodes and servers

    private final Settings settings;
    private final String name;
    private final String prefix;
    private final String api;
    private final NatsLink link;
    private final InstantSource clock;
    private final Watcher watcher;
    private final SecureRandom random = new SecureRandom();
    private final RepeatedEvent refused = new RepeatedEvent(NatsStream.class, Level.ERROR);
    private final RepeatedEvent drifted = new RepeatedEvent(NatsStream.class, Level.WARNING);
    private final RepeatedEvent unanswered = new RepeatedEvent(NatsStream.class, Level.ERROR);
    private final RepeatedEvent foreign = new RepeatedEvent(NatsStream.class, Level.ERROR);
    private String generation = "";
    private @Nullable String verified; // by which connection
    private boolean doubtful;
    private boolean probing;
    private int low;
    private long seen; // the highest number that this node knows of
    private long known; // the newest message that this node knows
    private Instant knownAt = Instant.EPOCH;

    /** Who wants to know. */
    interface Watcher {
        /** The stream is there, and its end where it was. */
        void ready();

        /** From now on positions count in another epoch. */
        void renewed();
    }

    NatsStream(Settings settings, NatsLink link, InstantSource clock, Watcher watcher) {
        this.settings = settings;
        this.clock = clock;
        this.name = settings.nats().stream();
        this.prefix = name.toLowerCase(Locale.ROOT);
        this.api = settings.nats()
                .domain()
                .map(domain -> "$JS." + domain + ".API.")
                .orElse("$JS.API.");
        this.link = link;
        this.watcher = watcher;
    }

    /** Whether messages may be published. */
    boolean isReady() {
        return !doubtful && isVerified();
    }

    /** Whether what comes belongs to the history that this node knows. */
    boolean isVerified() {
        return low == 0 && verified != null && verified.equals(link.connected());
    }

    /** In which generation things are. */
    String generation() {
        return generation;
    }

    /** Names the history of a room. */
    String epoch(String room) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest((generation + "/" + room).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Where nodes tell of their members. */
    String presence(String name) {
        return prefix + ".presence." + name;
    }

    /** Where messages of a room are published. */
    String in(String room) {
        return subjects(generation) + NatsForm.token(room);
    }

    private String subjects(String of) {
        return prefix + ".in." + of + ".";
    }

    /** Where the servers republish what they have stored. */
    String out(String room) {
        return prefix + ".out." + NatsForm.token(room);
    }

    /** Where nodes tell who is typing. */
    String typing(String room) {
        return prefix + ".typing." + NatsForm.token(room);
    }

    /** Whether a message was stored in this generation. */
    boolean isCurrent(Message message) {
        String subject = message.getHeaders().getLast(NatsForm.SUBJECT);
        return subject != null && subject.startsWith(subjects(generation));
    }

    /** This node knows of a message. */
    void saw(long sequence) {
        seen = Math.max(seen, sequence);
    }

    /** This node has a message. */
    void saw(long sequence, Instant at) {
        saw(sequence);
        if (sequence > known) {
            known = sequence;
            knownAt = at;
        }
    }

    /** Something may have happened that this node does not know of. */
    void doubt() {
        doubtful = true;
    }

    /** What is said of the stream, null if nobody answered. */
    CompletionStage<@Nullable StreamInfo> info() {
        return api("STREAM.INFO.", "{}").thenApply(answer -> answer == null ? null : new StreamInfo(answer));
    }

    /**
     * Reads a message from the stream's leader: null if the leader does not answer, an error if there is no such message. A server that is cut off from the
     * others answers with another error.
     */
    private CompletionStage<@Nullable MessageInfo> get(String which) {
        return api("STREAM.MSG.GET.", which).thenApply(answer -> {
            MessageInfo message = answer == null ? null : new MessageInfo(answer, name, false);
            return message != null && message.hasError() && message.getApiErrorCode() != NO_MESSAGE ? null : message;
        });
    }

    CompletionStage<@Nullable MessageInfo> get(long sequence) {
        return get("{\"seq\":" + sequence + "}");
    }

    CompletionStage<@Nullable MessageInfo> newest(String room) {
        return get("{\"last_by_subj\":\"" + in(room) + "\"}");
    }

    /** The next messages of a room after a number, as one of the servers has them, which may be a moment behind. */
    CompletionStage<NatsLink.@Nullable Batch> next(String room, long after, int limit) {
        return nextOf(in(room), after, limit);
    }

    /** The next messages of all rooms, likewise. */
    CompletionStage<NatsLink.@Nullable Batch> next(long after, int limit) {
        return nextOf(subjects(generation) + "*", after, limit);
    }

    private CompletionStage<NatsLink.@Nullable Batch> nextOf(String subject, long after, int limit) {
        return link.batch(
                api + "DIRECT.GET." + name,
                "{\"seq\":" + (after + 1) + ",\"next_by_subj\":\"" + subject + "\",\"batch\":" + limit
                        + ",\"max_bytes\":" + PAGE + "}");
    }

    /** The newest message of each of these rooms, likewise. */
    CompletionStage<NatsLink.@Nullable Batch> newest(List<String> rooms) {
        String subjects = String.join(
                ",", rooms.stream().map(room -> "\"" + in(room) + "\"").toList());
        return link.batch(
                api + "DIRECT.GET." + name, "{\"multi_last\":[" + subjects + "],\"batch\":" + rooms.size() + "}");
    }

    private CompletionStage<@Nullable Message> api(String what, String body) {
        return link.request(api + what + name, null, body.getBytes(StandardCharsets.UTF_8))
                .thenApply(answer -> {
                    if (answer != null && answer.isStatusMessage()) {
                        unanswered.log("Nobody answers to " + api
                                + ">: the NATS servers have no JetStream, or it has another domain");
                        return null;
                    }
                    return answer;
                });
    }

    /** Looks whether the stream is there and as it was. Called about once a second, and when the connection has changed. */
    void probe() {
        String connection = link.connected();
        if (connection == null || probing) {
            return;
        }
        probing = true;
        long least = seen;
        NatsLoop.then(
                info(),
                info -> {
                    probing = false;
                    if (info == null) {
                        doubtful = true;
                    } else if (info.getErrorCode() == NO_STREAM) {
                        doubtful = true;
                        create();
                    } else if (!info.hasError()) {
                        look(info, least, connection);
                    }
                },
                failure -> {
                    probing = false;
                    doubtful = true;
                });
    }

    private void look(StreamInfo info, long least, String connection) {
        Duration drift = Duration.between(info.getTimestamp().toInstant(), clock.instant());
        if (drift.abs().compareTo(DRIFT) > 0) {
            drifted.log("This node's clock and that of the NATS servers are "
                    + drift.abs().toSeconds() + " s apart: messages grow too old too early, or too late");
        }
        String current = generationOf(info.getConfiguration());
        if (current.isEmpty()) {
            foreign.log("parley.nats.stream is " + name + ", but this stream belongs to something else");
        } else if (!current.equals(generation)) {
            adopt(current, info.getStreamState().getLastSequence());
            suit(info.getConfiguration());
            verify(connection);
        } else if (info.getStreamState().getLastSequence() < least) {
            low++;
            if (low >= MAX_LOW) {
                raise(info, "The stream has lost its end");
            }
        } else {
            low = 0;
            saw(info.getStreamState().getLastSequence());
            if (isReady()) {
                watcher.ready();
            } else {
                compare(info, connection);
            }
        }
    }

    /** Looks whether the newest message that this node knows is still itself. */
    private void compare(StreamInfo info, String connection) {
        if (known == 0) {
            verify(connection);
            return;
        }
        Instant at = knownAt;
        NatsLoop.then(
                get(known),
                message -> {
                    if (message == null) {
                        return; // the next probe asks again
                    }
                    if (!message.hasError() && !message.getTime().toInstant().equals(at)) {
                        raise(info, "The stream has other messages under the same numbers");
                    } else {
                        verify(connection);
                    }
                },
                failure -> doubtful = true);
    }

    private void verify(String connection) {
        low = 0;
        doubtful = false;
        verified = connection;
        watcher.ready();
    }

    private void adopt(String next, long last) {
        boolean first = generation.isEmpty();
        generation = next;
        seen = last;
        known = 0;
        if (!first) {
            LOG.log(Level.WARNING, "The history of all rooms was lost: another epoch begins");
            watcher.renewed();
        }
    }

    /** The generation that the subject of a stream has, empty if the stream is none of ours. */
    private String generationOf(StreamConfiguration configuration) {
        return configuration.getSubjects().stream()
                .filter(subject -> subject.startsWith(prefix + ".in.") && subject.endsWith(".*"))
                .map(subject -> subject.substring(prefix.length() + 4, subject.length() - 2))
                .findFirst()
                .orElse("");
    }

    private void create() {
        ask("CREATE", wanted(StreamConfiguration.builder(), newGeneration()));
    }

    /** All nodes see a loss, and raise: the first that names the next generation, in the stream itself, names it for all. */
    private void raise(StreamInfo info, String why) {
        doubtful = true;
        LOG.log(Level.WARNING, why + ": what is published from now on counts anew");
        String subject = subjects(generation) + SUCCESSOR;
        Headers first = new Headers().put("Nats-Expected-Last-Subject-Sequence", "0");
        NatsLoop.then(
                link.request(subject, first, newGeneration().getBytes(StandardCharsets.UTF_8))
                        .thenCompose(any -> get("{\"last_by_subj\":\"" + subject + "\"}")),
                named -> {
                    if (named != null
                            && !named.hasError()
                            && named.getData() != null) { // else the next probe raises again
                        String next = new String(named.getData(), StandardCharsets.UTF_8);
                        ask("UPDATE", wanted(StreamConfiguration.builder(info.getConfiguration()), next));
                    }
                },
                failure -> doubtful = true);
    }

    /** Brings the bounds of the stream to those of this node's settings. */
    private void suit(StreamConfiguration is) {
        StreamConfiguration wanted = wanted(StreamConfiguration.builder(is), generation);
        if (is.getMaxMsgsPerSubject() != wanted.getMaxMsgsPerSubject()
                || is.getMaxBytes() != wanted.getMaxBytes()
                || is.getReplicas() != wanted.getReplicas()
                || !Objects.equals(is.getMaxAge(), wanted.getMaxAge())
                || !Objects.equals(is.getDuplicateWindow(), wanted.getDuplicateWindow())) {
            ask("UPDATE", wanted);
        }
    }

    private void ask(String what, StreamConfiguration configuration) {
        NatsLoop.then(
                api("STREAM." + what + ".", configuration.toJson()),
                answer -> {
                    if (answer == null) {
                        return; // the next probe shows what is missing
                    }
                    StreamInfo result = new StreamInfo(answer);
                    if (result.hasError() && result.getApiErrorCode() != NAME_TAKEN) { // another node was first
                        refused.log("The NATS servers refuse the stream: " + result.getDescription());
                    } else {
                        probe();
                    }
                },
                failure -> doubtful = true);
    }

    private StreamConfiguration wanted(StreamConfiguration.Builder from, String next) {
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
        return from.name(name)
                .subjects(subjects(next) + "*")
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
                        .source(prefix + ".in.*.*")
                        .destination(prefix + ".out.{{wildcard(2)}}")
                        .build())
                .build();
    }

    private String newGeneration() {
        return HexFormat.of().toHexDigits(random.nextLong());
    }
}
