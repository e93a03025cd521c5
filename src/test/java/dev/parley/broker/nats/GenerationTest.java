package dev.parley.broker.nats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.broker.nats.Generation.Known;
import dev.parley.broker.nats.Generation.Next;
import dev.parley.broker.nats.Generation.Probe;
import java.time.Instant;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

class GenerationTest {

    private static final Instant EARLIER = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant LATER = EARLIER.plusSeconds(1);

    private String connection = "first";
    private final Generation generation = new Generation(() -> connection);

    private Probe probe() {
        return Objects.requireNonNull(generation.probe());
    }

    private Next found(String name, long last) {
        return generation.found(name, last, probe());
    }

    /** The stream is as it was, and a message was stored since. */
    private void assertReadyOnceConfirmed(Next next) {
        assertThat(next).isEqualTo(Next.CONFIRM);
        generation.confirmed(probe());
        assertThat(generation.isReady()).isTrue();
    }

    @Test
    void nothingIsPublishedBeforeTheFirstAnswer() {
        assertThat(generation.isReady()).isFalse();
        assertThat(generation.isVerified()).isFalse();
        assertThat(generation.name()).isEmpty();
        assertThat(found("a", 7)).isEqualTo(Next.RENEWED);
        assertThat(generation.isVerified()).isTrue();
        assertThat(generation.name()).isEqualTo("a");
        assertReadyOnceConfirmed(found("a", 7));
    }

    @Test
    void aLeaderThatStoresNothingIsNoneAndNothingIsPublished() {
        found("a", 7);
        assertThat(generation.isReady()).as("nothing was stored yet").isFalse();
        assertReadyOnceConfirmed(found("a", 7));
        generation.unconfirmed();
        assertThat(found("a", 7)).isEqualTo(Next.CONFIRM);
        assertThat(generation.isReady()).isFalse();
        assertReadyOnceConfirmed(found("a", 8));
    }

    @Test
    void whatWasStoredOverTheConnectionBeforeConfirmsNothing() {
        found("a", 7);
        Probe before = probe();
        connection = "second";
        assertThat(found("a", 7)).isEqualTo(Next.CONFIRM);
        generation.confirmed(before);
        assertThat(generation.isReady()).isFalse();
    }

    @Test
    void withoutAConnectionNothingIsAskedAndNothingIsPublished() {
        found("a", 7);
        generation.confirmed(probe());
        connection = null;
        assertThat(generation.probe()).isNull();
        assertThat(generation.isReady()).isFalse();
    }

    @Test
    void afterAnAnswerThatDidNotComeNothingIsPublishedUntilTheNext() {
        found("a", 7);
        generation.confirmed(probe());
        generation.doubt();
        assertThat(generation.isReady()).isFalse();
        assertThat(generation.isVerified()).as("what comes is of this history").isTrue();
        assertReadyOnceConfirmed(found("a", 7));
    }

    @Test
    void anAnswerOfTheConnectionBeforeVerifiesNothing() {
        found("a", 7);
        Probe before = probe();
        connection = "second";
        assertThat(generation.isVerified()).isFalse();
        assertThat(generation.found("a", 7, before)).isEqualTo(Next.WAIT);
        assertThat(generation.isReady()).isFalse();
        assertThat(found("a", 7)).isEqualTo(Next.CONFIRM);
    }

    @Test
    void afterAReconnectTheNewestKnownMessageIsLookedAt() {
        found("a", 7);
        generation.saw(8, EARLIER);
        generation.saw(6, LATER);
        connection = "second";
        assertThat(found("a", 9)).isEqualTo(Next.COMPARE);
        assertThat(generation.isReady()).isFalse();
        assertThat(generation.known()).isEqualTo(new Known(8, EARLIER));
        assertReadyOnceConfirmed(generation.compared(generation.known(), EARLIER, probe()));
    }

    @Test
    void aKnownMessageThatIsNoLongerKeptIsNoLoss() {
        found("a", 7);
        generation.saw(8, EARLIER);
        generation.doubt();
        assertThat(found("a", 9)).isEqualTo(Next.COMPARE);
        assertThat(generation.compared(generation.known(), null, probe())).isEqualTo(Next.CONFIRM);
    }

    @Test
    void anotherMessageUnderAKnownNumberRaisesTheGeneration() {
        found("a", 7);
        generation.saw(8, EARLIER);
        connection = "second";
        generation.confirmed(probe());
        assertThat(found("a", 8)).isEqualTo(Next.COMPARE);
        assertThat(generation.compared(generation.known(), LATER, probe())).isEqualTo(Next.RAISE);
        assertThat(generation.isReady()).isFalse();
    }

    @Test
    void anEndBehindWhatIsKnownRaisesTheGenerationIfItStaysSo() {
        found("a", 7);
        generation.confirmed(probe());
        assertThat(found("a", 6)).isEqualTo(Next.WAIT);
        assertThat(generation.isReady()).isFalse();
        assertThat(found("a", 6)).isEqualTo(Next.WAIT);
        assertThat(found("a", 7)).as("a leader that has caught up").isEqualTo(Next.CONFIRM);
        assertThat(found("a", 6)).isEqualTo(Next.WAIT);
        assertThat(found("a", 5)).isEqualTo(Next.WAIT);
        assertThat(found("a", 4)).isEqualTo(Next.RAISE);
        assertThat(generation.isReady()).isFalse();
    }

    @Test
    void whatIsSeenAfterTheQuestionIsNoLoss() {
        found("a", 7);
        Probe before = probe();
        generation.saw(8, EARLIER);
        assertThat(generation.found("a", 7, before)).isEqualTo(Next.CONFIRM);
        assertThat(found("a", 7)).isEqualTo(Next.WAIT);
    }

    @Test
    void theGenerationThatAnotherNodeNamedIsTakenWithAnotherEpochOfEachRoom() {
        found("a", 7);
        generation.saw(8, EARLIER);
        String epoch = generation.epoch("r");
        assertThat(generation.epoch("r")).isEqualTo(epoch).isNotEqualTo(generation.epoch("s"));
        assertThat(found("b", 3)).as("numbers may begin anew").isEqualTo(Next.RENEWED);
        assertThat(generation.isVerified()).isTrue();
        assertThat(generation.epoch("r")).isNotEqualTo(epoch);
        assertThat(generation.known().number()).isZero();
    }

    /**
     * A stream that loses its end while the connection is cut, and is published to by others: the node publishes to no history in
     * which a message that it has is another or gone.
     */
    @Test
    void noLossStaysUnseen() {
        long seed = ThreadLocalRandom.current().nextLong();
        Random random = new Random(seed);
        TreeMap<Long, Instant> stream = new TreeMap<>();
        TreeMap<Long, Instant> node = new TreeMap<>(); // what it has of this generation
        String name = "g0";
        long clock = 0;
        int raised = 0;
        for (int step = 0; step < 5_000; step++) {
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    long number = stream.isEmpty() ? 1 : stream.lastKey() + 1;
                    stream.put(number, EARLIER.plusSeconds(clock++));
                }
                case 2 -> {
                    if (generation.isVerified() && !stream.isEmpty()) {
                        stream.forEach(generation::saw);
                        node.putAll(stream);
                    }
                }
                case 3 -> {
                    connection = "c" + step;
                    int lost = random.nextInt(4);
                    for (int i = 0; i < lost && !stream.isEmpty(); i++) {
                        stream.pollLastEntry();
                    }
                }
                case 4 -> generation.doubt();
                default -> {
                    Probe probe = probe();
                    Next next = generation.found(name, stream.isEmpty() ? 0 : stream.lastKey(), probe);
                    if (next == Next.RENEWED) {
                        node.clear();
                    } else if (next == Next.COMPARE) {
                        Known known = generation.known();
                        next = generation.compared(known, stream.get(known.number()), probe);
                    }
                    if (next == Next.CONFIRM) {
                        generation.confirmed(probe);
                    }
                    if (next == Next.RAISE) {
                        name = "g" + ++raised;
                    }
                }
            }
            if (generation.isReady() && generation.name().equals(name)) {
                assertThat(stream.entrySet()).as("seed %s, step %s", seed, step).containsAll(node.entrySet());
            }
        }
        assertThat(raised).as("seed %s: losses", seed).isPositive();
    }
}
