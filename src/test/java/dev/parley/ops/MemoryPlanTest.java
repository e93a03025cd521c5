package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryPlanTest {

    private static final long HEAP = 512L << 20;

    @Test
    void theLineSaysWhatTheLimitsMultiplyTo() {
        Settings settings = TestSettings.defaultsWith("parley.memory=128 MiB");
        assertThat(new MemoryPlan(settings, HEAP).toString())
                .isEqualTo(
                        "Memory: clients may hold 128.0 MiB of a heap of 512.0 MiB (parley.memory). Without that bound the"
                                + " other limits would allow 40,000.0 MiB of replies and 1,250.0 MiB of unfinished messages (20000"
                                + " peers), 5,000.0 MiB of history (10000 rooms without members), and 8.5 MiB for each room with"
                                + " members.");
    }

    @ParameterizedTest
    @CsvSource({"256 MiB, false", "257 MiB, true"})
    void moreThanHalfOfTheHeapIsTooMuch(String memory, boolean warns) {
        MemoryPlan plan = new MemoryPlan(TestSettings.defaultsWith("parley.memory=" + memory), HEAP);
        assertThat(plan.isTooLarge()).isEqualTo(warns);
        assertThat(plan.warning()).contains("parley.memory", "-Xmx");
    }

    @Test
    void theDefaultIsAQuarterOfTheHeap() {
        assertThat(TestSettings.defaultsWith().memory())
                .isEqualTo(Runtime.getRuntime().maxMemory() / 100 * 25);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0%", "91%", "-5%", "x%", "%", "1 KiB", "2 TiB", "", "a quarter"})
    void whatIsNeitherASizeNorAShareIsRefused(String memory) {
        assertThatThrownBy(() -> TestSettings.defaultsWith("parley.memory=" + memory))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("parley.memory")
                .hasMessageContaining("share of the heap from 1% to 90%");
    }
}
