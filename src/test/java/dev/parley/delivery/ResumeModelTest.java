package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.api.Start;
import dev.parley.api.WireFormat;
import dev.parley.broker.Broker;
import dev.parley.broker.History;
import dev.parley.broker.Publication;
import dev.parley.broker.RoomEnd;
import dev.parley.broker.Sender;
import dev.parley.broker.memory.MemoryBroker;
import dev.parley.ops.Drain;
import dev.parley.ops.Health;
import dev.parley.ops.Metrics;
import dev.parley.ops.TestBudgets;
import dev.parley.ops.TestClock;
import dev.parley.ops.TestSettings;
import dev.parley.protocol.Content;
import dev.parley.protocol.Position;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonStructure;
import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;
import java.io.StringReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random schedules of publish, stall, drop, resume, expire, restart, and of a broker that loses deliveries or repeats them,
 * against a model: the log of what was published. Whatever happens, each reader reads the log in order, each message once,
 * and is told of every one that it does not get. {@code -Dseed=} repeats a run, {@code -Dschedules=} sets its length.
 */
class ResumeModelTest {

    private static final int STEPS = 60;
    private static final String[] OVERFLOWS = {"disconnect", "drop-oldest", "latest"};

    @Test
    @Timeout(300)
    void noReaderEverMissesAMessageWithoutBeingTold() {
        long seed = Long.getLong("seed", ThreadLocalRandom.current().nextLong());
        int schedules = Integer.getInteger("schedules", 2_000);
        int[] seen = new int[4];
        for (int i = 0; i < schedules; i++) {
            long each = seed + i;
            try {
                new Schedule(each, seen).run();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("-Dseed=" + each + " -Dschedules=1: " + e.getMessage(), e);
            }
        }
        if (schedules > 100) {
            assertThat(seen)
                    .as("messages, gaps, recovered and not recovered in %s schedules", schedules)
                    .doesNotContain(0);
        }
        System.out.printf(
                "%d schedules from seed %d: %d messages, %d gaps, %d resumes recovered, %d not%n",
                schedules, seed, seen[0], seen[1], seen[2], seen[3]);
    }

    private static final class Schedule {
        private final Random random;
        private final int[] seen;
        private final String[] settings;
        private final List<Reader> readers = new ArrayList<>();
        private final TreeMap<Long, String> log = new TreeMap<>(); // of this epoch, by offset
        private final TestClock clock = new TestClock();
        private FlakyBroker broker;
        private LocalHub hub;
        private String epoch = "";
        private int published;

        Schedule(long seed, int[] seen) {
            this.random = new Random(seed);
            this.seen = seen;
            this.settings = new String[] {
                "parley.room.messages=" + (2 + random.nextInt(8)),
                "parley.history.messages=" + random.nextInt(12),
                "parley.history.bytes=" + (20 + random.nextInt(200)),
                "parley.history.age=10s",
                "parley.overflow=" + OVERFLOWS[random.nextInt(OVERFLOWS.length)]
            };
            start();
        }

        private void start() {
            log.clear();
            epoch = "";
            hub = new LocalHub();
            broker = new FlakyBroker(new MemoryBroker(TestSettings.with(settings), clock, TestBudgets.large()));
            hub.use(
                    TestSettings.with(settings),
                    broker,
                    new Metrics(new SimpleMeterRegistry()),
                    new Health(),
                    new Drain(),
                    TestBudgets.large());
            hub.start(Runnable::run, clock);
        }

        void run() {
            for (int i = 0; i < 3; i++) {
                readers.add(new Reader("r" + i));
            }
            for (int i = 0; i < STEPS; i++) {
                step();
                readers.forEach(Reader::check);
            }
            readers.forEach(Reader::comeBack);
            broker.lose = false;
            publish();
            readers.forEach(Reader::open);
            for (Reader reader : readers) {
                reader.check();
                if (reader.isConnected()) {
                    assertThat(reader.at)
                            .as("%s is where the log ends", reader.name)
                            .isEqualTo(lastOffset());
                }
            }
        }

        private long lastOffset() {
            return log.lastKey();
        }

        private void step() {
            Reader reader = readers.get(random.nextInt(readers.size()));
            switch (random.nextInt(16)) {
                case 0, 1, 2, 3, 4, 5 -> publish();
                case 6, 7 -> reader.stall();
                case 8, 9 -> reader.open();
                case 10 -> reader.drop();
                case 11, 12 -> reader.comeBack();
                case 13 -> {
                    clock.pass(Duration.ofSeconds(random.nextInt(8)));
                    hub.sweep();
                }
                case 14 -> {
                    if (random.nextBoolean()) {
                        broker.lose = true;
                    } else {
                        broker.repeat = true;
                    }
                }
                default -> {
                    if (random.nextInt(6) == 0) {
                        readers.forEach(Reader::drop);
                        start();
                    }
                }
            }
        }

        private void publish() {
            String text = "m" + published++;
            Position position =
                    hub.publish("r", "writer", null, text).toCompletableFuture().join();
            if (!position.epoch().equals(epoch)) { // nobody was there and nothing was kept: the room began anew
                epoch = position.epoch();
                log.clear();
            }
            log.put(position.offset(), text);
        }

        private final class Reader {
            private final String name;
            private @Nullable LocalPeer peer;
            private @Nullable GatedWriter writer;
            private int frames;
            private @Nullable Position since;
            private String epochSeen = "";
            private long at; // the model: up to here it has read the log, or was told that it will not
            private boolean owed; // a gap, because it was told that it has not recovered

            Reader(String name) {
                this.name = name;
            }

            boolean isConnected() {
                return writer != null;
            }

            void comeBack() {
                if (writer == null) {
                    GatedWriter connection = new GatedWriter().open();
                    writer = connection;
                    frames = 0;
                    since = epochSeen.isEmpty() ? null : new Position(epochSeen, at);
                    peer = hub.open(connection, TestAdmission.toEverything(), opened -> (p, message) -> {});
                    peer.join("r", name, WireFormat.PARLEY_V1, new Start(since, 0));
                }
            }

            void drop() {
                LocalPeer connected = peer;
                check();
                if (connected != null) {
                    connected.closed(new CloseReason(CloseCodes.CLOSED_ABNORMALLY, ""));
                }
                peer = null;
                writer = null;
                owed = false;
            }

            void stall() {
                if (writer != null) {
                    writer.shut();
                }
            }

            void open() {
                if (writer != null) {
                    writer.open();
                    while (writer != null && writer.inFlight() > 0) {
                        writer.land().done(null);
                    }
                }
            }

            /** Reads what it was sent since the last time, as a client would. */
            void check() {
                if (writer == null) {
                    return;
                }
                GatedWriter connection = writer;
                List<String> texts = connection.texts();
                for (String text : texts.subList(frames, texts.size())) {
                    try (var reader = Json.createReader(new StringReader(text))) {
                        JsonStructure value = reader.read();
                        List<JsonObject> messages = value instanceof JsonObject one
                                ? List.of(one)
                                : value.asJsonArray().getValuesAs(JsonObject.class);
                        messages.forEach(this::read);
                    }
                }
                frames = texts.size();
                if (connection.closeReason() != null) {
                    writer = null;
                    peer = null;
                    owed = false;
                }
            }

            private void read(JsonObject message) {
                String what = name + " " + String.join(" ", settings) + " at " + at + ": " + message;
                switch (message.getString("type")) {
                    case "welcome" -> welcome(message, what);
                    case "message" -> {
                        assertThat(owed).as("%s: a gap was due", what).isFalse();
                        long offset = message.getJsonNumber("offset").longValue();
                        assertThat(next(at)).as(what).isEqualTo(offset);
                        assertThat(log.get(offset)).as(what).isEqualTo(message.getString("text"));
                        at = offset;
                        seen[0]++;
                    }
                    case "gap" -> {
                        assertThat(message.getJsonNumber("from").longValue())
                                .as(what)
                                .isEqualTo(at + 1);
                        long to = message.getJsonNumber("to").longValue();
                        assertThat(to).as(what).isGreaterThan(at).isLessThanOrEqualTo(lastOffset());
                        assertThat(next(at))
                                .as("%s: something was missed", what)
                                .isLessThanOrEqualTo(to);
                        at = to;
                        owed = false;
                        seen[1]++;
                    }
                    case "joined", "left", "presence" -> {}
                    default -> throw new AssertionError(what);
                }
            }

            private void welcome(JsonObject message, String what) {
                String now = message.getString("epoch");
                boolean recovered = message.getBoolean("recovered");
                long offset = message.getJsonNumber("offset").longValue();
                if (since != null && since.epoch().equals(now)) {
                    assertThat(recovered || next(at) <= offset)
                            .as("%s: nothing was missed", what)
                            .isTrue();
                    owed = !recovered;
                } else {
                    assertThat(recovered).as(what).isFalse();
                    at = offset;
                }
                if (since != null) {
                    seen[recovered ? 2 : 3]++;
                }
                epochSeen = now;
            }

            private long next(long offset) {
                Long higher = log.higherKey(offset);
                return higher == null ? Long.MAX_VALUE : higher;
            }
        }
    }

    /** Breaks the word of another broker: one publication now and then is not delivered, or comes twice. */
    private static final class FlakyBroker implements Broker {
        private final Broker broker;
        boolean lose;
        boolean repeat;

        FlakyBroker(Broker broker) {
            this.broker = broker;
        }

        @Override
        public void attach(Listener listener) {
            broker.attach(new Listener() {
                @Override
                public void deliver(Publication publication) {
                    if (!lose) {
                        listener.deliver(publication);
                    }
                    if (repeat) {
                        listener.deliver(publication);
                    }
                    lose = false;
                    repeat = false;
                }

                @Override
                public void lost(String room, long from, long to) {
                    listener.lost(room, from, to);
                }

                @Override
                public void delivered(String room) {
                    listener.delivered(room);
                }

                @Override
                public void typing(String room, Sender sender) {
                    listener.typing(room, sender);
                }

                @Override
                public void present(String room, Collection<Sender> joined, Collection<Sender> left) {
                    listener.present(room, joined, left);
                }

                @Override
                public void renewed(String room, String epoch, long offset) {
                    listener.renewed(room, epoch, offset);
                }

                @Override
                public void away() {
                    listener.away();
                }

                @Override
                public void back() {
                    listener.back();
                }
            });
        }

        @Override
        public CompletionStage<@Nullable Void> open(String room, int limit, Consumer<History> opened) {
            return broker.open(room, limit, opened);
        }

        @Override
        public CompletionStage<RoomEnd> end(String room) {
            return broker.end(room);
        }

        @Override
        public void release(String room) {
            broker.release(room);
        }

        @Override
        public CompletionStage<Position> publish(String room, Sender sender, @Nullable String id, Content content) {
            return broker.publish(room, sender, id, content);
        }

        @Override
        public CompletionStage<History> history(String room, long after, int limit) {
            return broker.history(room, after, limit);
        }

        @Override
        public void typing(String room, Sender sender) {
            broker.typing(room, sender);
        }

        @Override
        public void joined(String room, Sender member) {
            broker.joined(room, member);
        }

        @Override
        public void left(String room, Sender member) {
            broker.left(room, member);
        }

        @Override
        public CompletionStage<Integer> elsewhere(String room) {
            return broker.elsewhere(room);
        }

        @Override
        public void close() {}

        @Override
        public void sweep() {
            broker.sweep();
        }
    }
}
