package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Api;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import dev.parley.testing.ServerProcess;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are answered before their body has come, from more clients than a server has threads. */
class UnreadBodyIT extends OnServer {

    private static final int CLIENTS = 50;
    private static final String MESSAGES = "/api/rooms/unread/messages";
    private static final String BAD = MESSAGES + "?user=a&user=b";

    @Deployment(testable = false)
    static WebArchive war() {
        return parleyWith(
                List.of("parley.rate.refusals = 10000/s")); // one address is refused more often here than by default
    }

    private RawSocket post(String target, String more) {
        var socket = socket();
        socket.write(("POST " + target + " HTTP/1.1\r\nHost: " + base().getAuthority()
                        + "\r\nContent-Type: application/json\r\n" + more + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static void assertNoThreadWaits() {
        new Api(base()).get("/api/rooms/unread").expect(200);
        assertThat(ServerProcess.threads()).doesNotContain("ServletInputStream", "awaitReadable");
    }

    /** WildFly itself refuses the longest of them. */
    @ParameterizedTest
    @CsvSource({
        MESSAGES + ", 100000000",
        MESSAGES + ", 8000000",
        BAD + ", 8000000",
        "/api/nothing, 8000000",
        "/ws/echo, 8000000",
        "/ws/echo, 12"
    })
    void aBodyThatDoesNotComeIsNotWaitedForWhereItIsTooLongOrNotTaken(String target, int length) {
        var sockets = clients(() -> post(target, "Content-Length: " + length));
        for (var socket : sockets) {
            var answer = socket.answer();
            assertThat(answer.status()).isBetween(400, 413);
            assertThat(answer.header("Connection")).isEqualTo("close");
        }
        assertNoThreadWaits();
        expectEnd(sockets);
    }

    /** Grizzly sends its 100 before it asks the application, and with chunks asks it only when the first has come. */
    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 12", "Content-Length: 8000000", "Transfer-Encoding: chunked"})
    void aClientThatAsksBeforeItSendsItsBodyIsRefusedAtOnce(String length) {
        Assumptions.assumeTrue(on("wildfly") || length.startsWith("Content-Length"));
        var sockets = clients(() -> post(BAD, length + "\r\nExpect: 100-continue"));
        for (var socket : sockets) {
            var answer = on("wildfly") ? socket.answer() : socket.answerOrEnd(false);
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.header("Connection")).isEqualTo("close");
        }
        assertNoThreadWaits();
        expectEnd(sockets);
    }

    @Test
    void aBodyThatTricklesIsNotWaitedForLongerThanTheDeadline() {
        var sockets = clients(() -> post(BAD, "Content-Length: 1000").within(Duration.ofSeconds(60)));
        var clock = Executors.newScheduledThreadPool(1);
        try {
            clock.scheduleAtFixedRate(
                    () -> sockets.forEach(socket -> socket.offer(new byte[] {' '})), 1, 1, TimeUnit.SECONDS);
            for (var socket : sockets) {
                assertThat(socket.statusOrEnd()).isIn(408, 0); // a reset may overtake it
            }
            assertNoThreadWaits();
            sockets.forEach(socket -> assertThat(socket.hasEnded()).isTrue());
        } finally {
            clock.shutdownNow();
        }
    }

    /** Grizzly has no thread wait for the rest of a body, and ends the connection by itself after 30 s. */
    private static void expectEnd(List<RawSocket> sockets) {
        if (on("wildfly")) {
            sockets.forEach(RawSocket::expectEnd);
        }
    }

    private static List<RawSocket> clients(Supplier<RawSocket> client) {
        return Stream.generate(client).limit(CLIENTS).toList();
    }
}
