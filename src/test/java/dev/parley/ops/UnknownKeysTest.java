package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class UnknownKeysTest {

    private static final Set<String> KNOWN = Set.of("parley.limits.text", "parley.heartbeat.send-deadline");

    @Test
    void anUnknownPropertyIsToldWithTheNearestSetting() {
        assertThat(UnknownKeys.among(
                        Set.of("parley.limit.text", "parley.limits.text", "java.home"), Set.of(), Set.of(), KNOWN))
                .containsExactly(
                        "The system property parley.limit.text is no setting; did you mean parley.limits.text?");
    }

    @Test
    void anUnknownVariableIsToldWithTheNearestVariable() {
        Set<String> variables = Set.of("PARLEY_HEARTBEAT_SENDDEADLINE", "PARLEY_LIMITS_TEXT", "PATH");
        assertThat(UnknownKeys.among(Set.of(), variables, Set.of(), KNOWN))
                .containsExactly("The environment variable PARLEY_HEARTBEAT_SENDDEADLINE is no setting;"
                        + " did you mean PARLEY_HEARTBEAT_SEND_DEADLINE?");
    }

    @Test
    void anUnknownKeyInTheFileIsToldWithTheNearestSetting() {
        assertThat(UnknownKeys.among(Set.of(), Set.of(), Set.of("limits.text", "parley.limits.text"), KNOWN))
                .containsExactly(
                        "The META-INF/parley.conf key limits.text is no setting; did you mean parley.limits.text?");
    }

    @Test
    void theDistanceCountsEdits() {
        assertThat(UnknownKeys.distance("", "abc")).isEqualTo(3);
        assertThat(UnknownKeys.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(UnknownKeys.distance("same", "same")).isZero();
    }
}
