package dev.parley.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.protocol.Content;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.Position;
import dev.parley.protocol.PublishException;
import dev.parley.protocol.RoomName;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every broker promises. Each implementation runs it, and a node's hub relies on nothing else. */
public abstract class BrokerContract {

    private static final Sender ALICE = new Sender("alice", 7);
    private static final Sender BOB = new Sender("bob", 8);
    private static final int FEW = 10; // numbers that a broker may have used for itself meanwhile

    protected final Log log = new Log();
    private Broker broker;

    /** A new broker, attached to nothing, with settings each as {@code key=value}. */
    protected abstract Broker create(String... settings);

    /** Lets time pass for the broker that was made last. */
    protected abstract void pass(Duration time);

    @BeforeEach
    void start() {
        start(new String[0]);
    }

    @AfterEach
    void everyPublicationCameOnceInOrderAndNoneWasLeftOut() {
        assertThat(log.broken).isEmpty();
        assertThat(log.lost).isEmpty();
    }

    protected final void start(String... settings) {
        broker = create(settings);
        broker.attach(log);
    }

    @Test
    void aPublicationComesBackToItsPublisherWithAllItSaid() throws Exception {
        open("r");
        Position position = publish("r", "hi");
        Publication publication = log.await("r", 1).get(0);
        assertThat(publication.room()).isEqualTo("r");
        assertThat(publication.epoch()).isEqualTo(position.epoch());
        assertThat(publication.offset()).isEqualTo(position.offset());
        assertThat(publication.sender()).isEqualTo(ALICE);
        assertThat(publication.id()).isNull();
        assertThat(publication.content()).isEqualTo(new Content.Text("hi"));
        assertThat(publication.at()).isNotNull();
        assertThat(position.epoch()).isNotBlank();
    }

    @Test
    void whateverIsSentIsDeliveredAndKeptAsItWas() throws Exception {
        Sender sender = new Sender("Zoë 名 😀", Long.MAX_VALUE);
        List<Content> contents = List.of(
                new Content.Text("two\r\nlines, 😀 and \u0000"),
                new Content.Text(""),
                new Content.Binary(ByteBuffer.wrap(new byte[] {0, (byte) 0xff, 13, 10})));
        for (String room : List.of("a.b..c-d_E", RoomName.LOBBY, "r")) {
            open(room);
            for (int i = 0; i < contents.size(); i++) {
                broker.publish(room, sender, i + " .*>\u00fc%", contents.get(i))
                        .toCompletableFuture()
                        .get(10, TimeUnit.SECONDS);
            }
            List<Publication> delivered = log.await(room, contents.size());
            assertThat(delivered).extracting(Publication::content).isEqualTo(contents);
            assertThat(delivered).extracting(Publication::sender).containsOnly(sender);
            assertThat(delivered).extracting(Publication::id).startsWith("0 .*>\u00fc%");
            History kept = history(room, 0, 100);
            assertThat(kept.publications())
                    .usingRecursiveFieldByFieldElementComparatorIgnoringFields("previous")
                    .isEqualTo(delivered);
        }
    }

    @Test
    void offsetsArePositiveGrowAndEachNamesTheOneBefore() throws Exception {
        open("r");
        open("other");
        for (int i = 0; i < 20; i++) {
            publish("r", "m" + i);
            publish("other", "o" + i);
        }
        List<Publication> all = log.await("r", 20);
        long previous = 0;
        for (Publication publication : all) {
            assertThat(publication.previous()).isEqualTo(previous);
            assertThat(publication.offset()).isGreaterThan(previous).isLessThan(1L << 53);
            previous = publication.offset();
        }
    }

    @Test
    void deliveriesAreAnnouncedAfterwards() throws Exception {
        open("r");
        publish("r", "hi");
        log.await("r", 1);
        Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> log.announced.get() > 0);
    }

    @Test
    void aRoomThatIsNotOpenDeliversNothingButTakesMessages() throws Exception {
        assertThat(publish("closed", "hi").offset()).isPositive();
        open("r");
        broker.release("r");
        assertThat(publish("r", "hi").offset()).isPositive();
        open("fence");
        publish("fence", "x");
        log.await("fence", 1);
        assertThat(log.of("closed")).isEmpty();
        assertThat(log.of("r")).isEmpty();
    }

    @Test
    void aReopenedRoomDoesNotReuseOffsets() throws Exception {
        open("r");
        long before = publish("r", "one").offset();
        broker.release("r");
        open("r");
        assertThat(publish("r", "two").offset()).isGreaterThan(before);
    }

    @Test
    void openingTwiceDeliversOnce() throws Exception {
        open("r");
        open("r");
        publish("r", "one");
        publish("r", "two");
        log.await("r", 2);
        assertThat(log.of("r")).hasSize(2);
    }

    @Test
    void publishersOnManyThreadsGetOneOrderWithoutOverlap() throws Exception {
        open("r");
        int threads = 4;
        int messages = 2_000;
        ConcurrentLinkedQueue<Long> offsets = new ConcurrentLinkedQueue<>();
        CountDownLatch done = new CountDownLatch(threads);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            for (int t = 0; t < threads; t++) {
                int thread = t;
                pool.execute(() -> {
                    for (int i = 0; i < messages; i++) {
                        broker.publish("r", new Sender("alice", thread), null, new Content.Text(Integer.toString(i)))
                                .thenAccept(position -> offsets.add(position.offset()));
                    }
                    done.countDown();
                });
            }
            assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            pool.shutdown();
        }
        List<Publication> all = log.await("r", threads * messages);
        Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> offsets.size() == threads * messages);
        List<Long> delivered = all.stream().map(Publication::offset).toList();
        assertThat(delivered).isSorted().doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(offsets);
        for (int t = 0; t < threads; t++) {
            int thread = t;
            assertThat(all.stream().filter(p -> p.sender().peer() == thread).map(p -> ((Content.Text) p.content())
                            .text()))
                    .as("one publisher's messages keep their order")
                    .isSortedAccordingTo(java.util.Comparator.comparingInt(Integer::parseInt));
        }
        assertThat(log.overlaps).hasValue(0);
    }

    @Test
    void theSameIdInTheWindowIsTheSameMessage() throws Exception {
        open("r");
        Position first = publish("r", ALICE, "k", "hi");
        assertThat(publish("r", ALICE, "k", "hi")).isEqualTo(first);
        assertThat(publish("r", new Sender("alice", 99), "k", "hi"))
                .as("from another connection of the user")
                .isEqualTo(first);
        long fence = publish("r", "fence").offset();
        List<Publication> all = log.await("r", 2);
        assertThat(all).extracting(Publication::offset).containsExactly(first.offset(), fence);
        assertThat(all.get(0).id()).isEqualTo("k");
    }

    @Test
    void theSameIdIsAnotherMessageForAnotherUserOrRoomOrStranger() throws Exception {
        open("r");
        open("s");
        assertThat(List.of(
                        publish("r", ALICE, "k", "hi").offset(),
                        publish("r", BOB, "k", "hi").offset(),
                        publish("s", ALICE, "k", "hi").offset(),
                        publish("r", new Sender(null, 1), "k", "hi").offset(),
                        publish("r", new Sender(null, 2), "k", "hi").offset()))
                .doesNotHaveDuplicates();
        log.await("r", 4);
        log.await("s", 1);
    }

    @Test
    void theSameIdWithAnotherTextIsRefusedAndStoresNothing() throws Exception {
        open("r");
        Position first = publish("r", ALICE, "k", "hi");
        assertThatThrownBy(() -> publish("r", ALICE, "k", "ho"))
                .hasCauseInstanceOf(PublishException.class)
                .satisfies(e -> assertThat(PublishException.of(e).code()).isEqualTo(ErrorCode.DUPLICATE_ID));
        assertThat(publish("r", ALICE, "k", "hi")).isEqualTo(first);
        publish("r", "fence");
        assertThat(log.await("r", 2)).hasSize(2);
    }

    @Test
    void anIdIsForgottenAfterTheWindow() throws Exception {
        start("parley.ids.window=1m");
        open("r");
        Position first = publish("r", ALICE, "k", "hi");
        pass(Duration.ofSeconds(61));
        assertThat(publish("r", ALICE, "k", "ho").offset()).isGreaterThan(first.offset());
    }

    @Test
    void manyPublishersWithOneIdStoreItOnce() throws Exception {
        open("r");
        int threads = 4;
        ConcurrentLinkedQueue<Position> positions = new ConcurrentLinkedQueue<>();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            for (int i = 0; i < 50; i++) {
                String id = "k" + i;
                positions.clear();
                for (int t = 0; t < threads; t++) {
                    pool.execute(() -> broker.publish("r", ALICE, id, new Content.Text("hi"))
                            .thenAccept(positions::add));
                }
                Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> positions.size() == threads);
                assertThat(positions).containsOnly(positions.peek());
            }
        } finally {
            pool.shutdown();
        }
        publish("r", "fence");
        assertThat(log.await("r", 51)).hasSize(51);
    }

    @Test
    void openingGivesTheNewestAndDeliversWhatFollows() throws Exception {
        open("r");
        List<Long> offsets = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            offsets.add(publish("r", "m" + i).offset());
        }
        log.await("r", 5);
        broker.release("r");
        offsets.add(publish("r", "while nobody listens").offset());
        History kept = open("r", 3);
        assertThat(kept.publications()).extracting(Publication::offset).isEqualTo(offsets.subList(3, 6));
        assertThat(kept.after()).isGreaterThanOrEqualTo(offsets.get(2)).isLessThan(offsets.get(3));
        assertThat(kept.upTo()).isEqualTo(offsets.get(5));
        Position next = publish("r", "next");
        assertThat(kept.epoch()).isEqualTo(next.epoch());
        Publication delivered = log.await("r", 6).get(5);
        assertThat(delivered.offset()).isEqualTo(next.offset());
        assertThat(delivered.previous()).as("nothing between").isLessThanOrEqualTo(kept.upTo());
    }

    @Test
    void whatIsPublishedWhileARoomOpensFollowsItsHistory() throws Exception {
        open("r");
        for (int i = 0; i < 20; i++) {
            publish("r", "m" + i);
        }
        log.await("r", 20);
        broker.release("r");
        CompletableFuture<History> opening = log.open(broker, "r", 10);
        List<CompletableFuture<Position>> early = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            early.add(broker.publish("r", new Sender("early", 100 + i), null, new Content.Text("early"))
                    .toCompletableFuture());
        }
        History kept = opening.get(10, TimeUnit.SECONDS);
        for (CompletableFuture<Position> each : early) {
            assertThat(each.get(10, TimeUnit.SECONDS).offset()).isGreaterThan(kept.upTo());
        }
        log.await("r", 20 + early.size());
    }

    @Test
    void manyRoomsThatAreOpenedAtOnceHaveEachItsHistory() throws Exception {
        List<String> rooms = IntStream.range(0, 60).mapToObj(i -> "room" + i).toList();
        List<CompletableFuture<Position>> published = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            for (String room : rooms) {
                Content said = new Content.Text(room + ":" + i);
                published.add(broker.publish(room, ALICE, null, said).toCompletableFuture());
            }
        }
        for (CompletableFuture<Position> each : published) {
            each.get(10, TimeUnit.SECONDS);
        }
        List<CompletableFuture<History>> openings =
                rooms.stream().map(room -> log.open(broker, room, 10)).toList();
        for (int i = 0; i < rooms.size(); i++) {
            String room = rooms.get(i);
            assertThat(openings.get(i).get(10, TimeUnit.SECONDS).publications())
                    .extracting(Publication::content)
                    .isEqualTo(IntStream.range(10, 20)
                            .mapToObj(n -> new Content.Text(room + ":" + n))
                            .toList());
        }
    }

    @Test
    void openingANewRoomGivesAnEmptyHistoryOfItsOwn() throws Exception {
        History one = open("one");
        History two = open("two");
        assertThat(one.publications()).isEmpty();
        assertThat(one.upTo()).isEqualTo(one.after());
        assertThat(one.epoch()).as("an epoch is one room's").isNotEqualTo(two.epoch());
        assertThat(Position.parse(one.epoch() + ":1"))
                .as("an epoch fits the wire")
                .isNotNull();
    }

    @Test
    void theNewestMessageIsThatOfTheWholeRoom() throws Exception {
        assertThat(newest("r")).isZero();
        publish("r", "closed");
        open("r");
        for (int i = 0; i < 50; i++) {
            long offset = publish("r", "m" + i).offset();
            assertThat(newest("r")).isEqualTo(offset);
            assertThat(end("r").last()).isBetween(offset, offset + FEW);
        }
        assertThat(newest("another")).isZero();
    }

    private long newest(String room) throws Exception {
        return end(room).newest();
    }

    private RoomEnd end(String room) throws Exception {
        return broker.end(room).toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @Test
    void historyIsReadInPagesWithoutAHole() throws Exception {
        open("r");
        for (int i = 0; i < 7; i++) {
            publish("r", "m" + i);
            publish("other", "o" + i);
        }
        List<String> texts = new ArrayList<>();
        long after = 0;
        for (History page = history("r", after, 3); !page.publications().isEmpty(); page = history("r", after, 3)) {
            assertThat(page.publications()).hasSizeLessThanOrEqualTo(3);
            assertThat(page.after()).isEqualTo(after);
            page.publications().forEach(p -> texts.add(((Content.Text) p.content()).text()));
            after = page.upTo();
            assertThat(page.publications().get(page.publications().size() - 1).offset())
                    .isEqualTo(after);
        }
        assertThat(texts).containsExactly("m0", "m1", "m2", "m3", "m4", "m5", "m6");
    }

    @Test
    void historyIsBoundedByCountAndSaysWhereItStarts() throws Exception {
        start("parley.history.messages=3");
        open("r");
        List<Long> offsets = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            offsets.add(publish("r", "m" + i).offset());
        }
        assertStartsAfter(offsets, 1);
    }

    @Test
    void historyIsBoundedByBytes() throws Exception {
        start("parley.history.bytes=30");
        open("r");
        List<Long> offsets = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            offsets.add(publish("r", "ten bytes!").offset());
        }
        assertStartsAfter(offsets, 1);
    }

    @Test
    void historyIsBoundedByAge() throws Exception {
        start("parley.history.age=10m");
        open("r");
        List<Long> offsets = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            offsets.add(publish("r", "m" + i).offset());
            pass(Duration.ofMinutes(3));
        }
        assertStartsAfter(offsets, 1);
    }

    /** All up to this one are gone, and the rest is there. */
    private void assertStartsAfter(List<Long> offsets, int gone) throws Exception {
        History kept = history("r", 0, 100);
        assertThat(kept.publications())
                .extracting(Publication::offset)
                .isEqualTo(offsets.subList(gone + 1, offsets.size()));
        assertThat(kept.after()).isEqualTo(offsets.get(gone));
        assertThat(history("r", offsets.get(gone), 100).after())
                .as("who has read up to there misses nothing")
                .isEqualTo(offsets.get(gone));
        History opened = open("r", 100);
        assertThat(opened.after()).isEqualTo(offsets.get(gone));
        assertThat(opened.publications()).hasSize(offsets.size() - gone - 1);
    }

    @Test
    void typingReachesRoomsThatAreOpen() {
        open("r");
        broker.typing("r", ALICE);
        broker.typing("closed", ALICE);
        Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> log.typing.equals(List.of("r alice")));
    }

    @Test
    void whoComesAndGoesHereIsNotToldToThisNode() throws Exception {
        open("r");
        broker.joined("r", ALICE);
        broker.joined("r", BOB);
        broker.left("r", ALICE);
        publish("r", "fence");
        log.await("r", 1);
        assertThat(log.members("r")).isEmpty();
        assertThat(elsewhere(broker)).isZero();
    }

    private static int elsewhere(Broker broker) {
        return broker.elsewhere("r")
                .toCompletableFuture()
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
    }

    private History open(String room) {
        return open(room, 100);
    }

    private History open(String room, int limit) {
        return log.open(broker, room, limit).orTimeout(10, TimeUnit.SECONDS).join();
    }

    private History history(String room, long after, int limit) throws Exception {
        return broker.history(room, after, limit).toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private Position publish(String room, String text) throws Exception {
        return publish(room, ALICE, null, text);
    }

    private Position publish(String room, Sender sender, String id, String text) throws Exception {
        return broker.publish(room, sender, id, new Content.Text(text))
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    public static final class Log implements Broker.Listener {
        public final List<String> typing = new CopyOnWriteArrayList<>();
        public final List<String> epochs = new CopyOnWriteArrayList<>();
        private final Map<String, Set<Sender>> members = new ConcurrentHashMap<>();
        public volatile boolean there = true;
        public volatile boolean fails;
        public final AtomicInteger announced = new AtomicInteger();
        public final AtomicInteger overlaps = new AtomicInteger();
        private final AtomicInteger inside = new AtomicInteger();
        private final List<Publication> all = Collections.synchronizedList(new ArrayList<>());
        private final Map<String, Position> ends = new ConcurrentHashMap<>(); // how far each room was told
        public final List<String> lost = new CopyOnWriteArrayList<>();
        public final List<String> broken = new CopyOnWriteArrayList<>(); // promises

        /** Opens a room and gives what was kept. */
        public CompletableFuture<History> open(Broker broker, String room, int limit) {
            AtomicReference<History> opened = new AtomicReference<>();
            return broker.open(room, limit, kept -> {
                        ends.put(room, new Position(kept.epoch(), kept.upTo()));
                        opened.set(kept);
                    })
                    .thenApply(done -> opened.get())
                    .toCompletableFuture();
        }

        @Override
        public void deliver(Publication publication) {
            if (fails) {
                throw new IllegalStateException("of the test");
            }
            if (inside.incrementAndGet() > 1 && publication.room().equals("r")) {
                overlaps.incrementAndGet();
            }
            Position end = ends.put(publication.room(), new Position(publication.epoch(), publication.offset()));
            if (end == null
                    || !end.epoch().equals(publication.epoch())
                    || publication.offset() <= end.offset()
                    || publication.previous() > end.offset()) {
                broken.add(publication + " after " + end);
            }
            all.add(publication);
            inside.decrementAndGet();
        }

        @Override
        public void lost(String room, long from, long to) {
            lost.add(room + " " + from + "-" + to);
            Position end = ends.get(room);
            if (end == null || from != end.offset() + 1 || to < from) {
                broken.add(from + "-" + to + " after " + end);
            } else {
                ends.put(room, new Position(end.epoch(), to));
            }
        }

        @Override
        public void delivered(String room) {
            announced.incrementAndGet();
        }

        @Override
        public void typing(String room, Sender sender) {
            typing.add(room + " " + sender.name());
        }

        @Override
        public void present(String room, Collection<Sender> joined, Collection<Sender> left) {
            members.computeIfAbsent(room, key -> ConcurrentHashMap.newKeySet()).removeAll(left);
            members.get(room).addAll(joined);
        }

        /** Who is in a room on other nodes. */
        public Set<Sender> members(String room) {
            return members.getOrDefault(room, Set.of());
        }

        @Override
        public void renewed(String room, String epoch, long offset) {
            epochs.add(room + " " + epoch);
            ends.put(room, new Position(epoch, offset));
        }

        @Override
        public void away() {
            there = false;
        }

        @Override
        public void back() {
            there = true;
        }

        public List<Publication> of(String room) {
            synchronized (all) {
                return all.stream().filter(p -> p.room().equals(room)).toList();
            }
        }

        public List<Publication> await(String room, int count) {
            Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> of(room).size() >= count);
            return of(room);
        }
    }
}
