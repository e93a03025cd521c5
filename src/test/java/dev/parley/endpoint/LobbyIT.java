package dev.parley.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Client;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import java.util.ArrayList;
import java.util.List;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** {@code /ws}, the lobby. */
class LobbyIT extends OnServer {

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    private Client enter() {
        return connect("/ws").expectText("welcome");
    }

    @Test
    void aNewcomerIsWelcomedAndNobodyElseHearsOfIt() {
        var first = enter();
        enter();
        first.text("me").expectText("echo: me");
    }

    @Test
    void theSenderGetsAnEchoAndEveryOtherTheTextItself() {
        var alice = enter();
        var bob = enter();
        var carol = enter();
        alice.text("hi").expectText("echo: hi");
        bob.expectText("hi").text("ho").expectText("echo: ho");
        carol.expectText("hi").expectText("ho").expectNothing();
        alice.expectText("ho").expectNothing();
    }

    @Test
    void anEmptyTextIsAMessage() {
        var alice = enter();
        var bob = enter();
        alice.text("").expectText("echo: ");
        bob.expectText("").expectNothing();
    }

    @Test
    void textOfSeveralLinesIsPassedOnUnchanged() {
        var alice = enter();
        var bob = enter();
        alice.text("a\r\nb\n\tc\rd").expectText("echo: a\r\nb\n\tc\rd");
        bob.expectText("a\r\nb\n\tc\rd");
    }

    @Test
    void aControlCharacterIsClosedWith1007AndReachesNobody() {
        var alice = enter();
        assertThat(enter().text("\u001B[31mred").expectClose(1007)).contains("control character");
        alice.text("z").expectText("echo: z").expectNothing();
    }

    @Test
    void bytesGoToEveryoneUnchanged() {
        var alice = enter();
        var bob = enter();
        alice.binary((byte) 0, (byte) -1)
                .expectBinary((byte) 0, (byte) -1)
                .binary()
                .expectBinary();
        bob.expectBinary((byte) 0, (byte) -1).expectBinary().expectNothing();
    }

    @Test
    void fragmentsReachTheOthersAsOneMessage() {
        var alice = enter();
        var bob = enter();
        alice.fragments("one ", "mess", "age").expectText("echo: one message");
        bob.expectText("one message").expectNothing();
    }

    @Test
    void whoLeavesIsNotMentioned() {
        var alice = enter();
        var bob = enter();
        bob.close(1000, "").expectClose(1000);
        alice.text("still here").expectText("echo: still here").expectNothing();
    }

    @Test
    void whoHasLeftGetsNothingMore() {
        var alice = enter();
        var socket = open("/ws");
        socket.expectText("welcome");
        socket.close(1000, "");
        socket.expectClose(1000);
        alice.text("gone?").expectText("echo: gone?");
        socket.expectEnd();
    }

    @Test
    void messagesOfTwoSendersComeInOneOrderForAll() {
        var readers = List.of(enter(), enter(), enter());
        var alice = enter();
        var bob = enter();
        for (int i = 0; i < 100; i++) {
            alice.text("a" + i);
            bob.text("b" + i);
        }
        var order = readers.get(0).texts(200);
        assertThat(order).doesNotHaveDuplicates();
        for (var reader : readers.subList(1, 3)) {
            assertThat(reader.texts(200)).isEqualTo(order);
        }
        assertThat(alice.texts(200)).isEqualTo(seenBy('a', order));
        assertThat(bob.texts(200)).isEqualTo(seenBy('b', order));
    }

    private static List<String> seenBy(char sender, List<String> order) {
        var seen = new ArrayList<String>();
        for (var text : order) {
            seen.add(text.charAt(0) == sender ? "echo: " + text : text);
        }
        return seen;
    }

    @Test
    void aLobbyClientHearsNothingOfTheChat() {
        var alice = enter();
        connect("/ws/chat").expectText("* a user joined").text("x").expectText("user: x");
        alice.text("y").expectText("echo: y");
    }

    @Test
    void aCloseIsAnsweredWithItsCode() {
        var socket = open("/ws");
        socket.expectText("welcome");
        socket.close(4999, "");
        socket.expectClose(4999);
        socket.expectEnd();
    }

    @Test
    void aMessageOverTheLimitIsClosedWith1009AndNobodyElseGetsIt() {
        var alice = enter();
        var socket = open("/ws");
        socket.expectText("welcome");
        socket.frame(RawSocket.TEXT, true, new byte[64 * 1024 + 1]);
        socket.expectClose(1009);
        alice.text("z").expectText("echo: z").expectNothing();
    }
}
