package dev.parley.wire.tyrus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TyrusTimerTest {

    /** What Tyrus's session has. */
    private static final class SomeSession {
        private ScheduledExecutorService service;

        SomeSession(ScheduledExecutorService service) {
            this.service = service;
        }
    }

    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
    private final SomeSession session = new SomeSession(timer);

    @AfterEach
    void stop() {
        timer.shutdownNow();
    }

    @Test
    void aTaskForAnIdleTimeoutThatIsOffIsNotScheduled() {
        TyrusTimer.spare(session);
        session.service.schedule(() -> {}, 0, TimeUnit.MILLISECONDS);
        assertThat(timer.getTaskCount()).isZero();
    }

    @Test
    void everyOtherTaskIs() throws Exception {
        TyrusTimer.spare(session);
        session.service.schedule(() -> {}, 1, TimeUnit.HOURS);
        assertThat(timer.getQueue()).hasSize(1);
        assertThat((Object) session.service.scheduleAtFixedRate(() -> {}, 0, 1, TimeUnit.HOURS))
                .isNotNull();
        assertThat(session.service.submit(() -> "done").get(20, TimeUnit.SECONDS))
                .isEqualTo("done");
    }

    @Test
    void aRefusalOfTheTimerComesThrough() {
        TyrusTimer.spare(session);
        timer.shutdown();
        assertThatThrownBy(() -> session.service.schedule(() -> {}, 1, TimeUnit.HOURS))
                .isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void aSessionThatIsNotAsItWasIsLeftAlone() {
        var none = new SomeSession(null);
        TyrusTimer.spare(none);
        assertThat(none.service).isNull();
        assertThatNoException().isThrownBy(() -> TyrusTimer.spare(new Object()));
    }
}
