package dev.parley.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Client;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import dev.parley.testing.RoomClient;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /ws/chat} and {@code /ws/chat/{room}} for clients of plain text. */
class ChatIT extends OnServer {

    private static final AtomicInteger ROOMS = new AtomicInteger();

    /** A room of this test alone. */
    private final String room = "/ws/chat/room-" + ROOMS.incrementAndGet();

    @Deployment(testable = false)
    static WebArchive war() {
        return parley();
    }

    private Client join(String user) {
        return connect(room + "?user=" + encode(user)).expectText("* " + user + " joined");
    }

    @Test
    void withoutANameOneIsAUser() {
        connect(room).expectText("* a user joined").text("hi").expectText("user: hi");
    }

    @Test
    void everyoneHearsWhoJoinsWhatIsSaidAndWhoLeaves() {
        var alice = join("alice");
        var bob = join("bob");
        alice.expectText("* bob joined").text("hi").expectText("alice: hi");
        bob.expectText("alice: hi").text("ho").expectText("bob: ho");
        alice.expectText("bob: ho");
        bob.close(1000, "").expectClose(1000);
        alice.expectText("* bob left").expectNothing();
    }

    @Test
    void anUnnamedClientLeavesAsAUser() {
        var alice = join("alice");
        var other = connect(room).expectText("* a user joined");
        alice.expectText("* a user joined");
        other.close(1000, "");
        alice.expectText("* a user left");
    }

    @Test
    void thePathWithoutARoomIsTheRoomMain() {
        var alice = connect("/ws/chat?user=alice").expectText("* alice joined");
        var bob = connect("/ws/chat/main?user=bob").expectText("* bob joined");
        alice.expectText("* bob joined").text("same").expectText("alice: same");
        bob.expectText("alice: same");
    }

    @Test
    void otherRoomsHearNothing() {
        var alice = join("alice");
        var eve = connect(room + "-b?user=eve").expectText("* eve joined");
        alice.text("secret").expectText("alice: secret");
        eve.text("mine").expectText("eve: mine").expectNothing();
        alice.expectNothing();
    }

    @Test
    void roomsAreToldApartByCase() {
        var alice = join("alice");
        connect(room.replace("/room", "/Room") + "?user=eve")
                .expectText("* eve joined")
                .text("x")
                .expectText("eve: x");
        alice.expectNothing();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "J\u00FCrgen",
                "\u674E\u96F7",
                "x\u0301va",
                "\uD83D\uDE00",
                "Anna Maria",
                "o'neil",
                "a@b.example",
                "a+b-c_d",
                "\u0645\u062D\u0645\u062F",
                "\u0928\u092E\u0938\u094D\u0924\u0947",
                "\uD83D\uDC4D\uD83C\uDFFD",
                "\u2764\uFE0F",
                "\uD83C\uDFF3\uFE0F\u200D\uD83C\uDF08",
                "Ke$ha",
                "O\u2019Brien",
                "\u30B8\u30E7\u30F3\u30FB\u30B9\u30DF\u30B9",
                "Marcel\u00B7l\u00ED",
                "\u0646\u06CC\u06A9\u200C\u067E\u0648\u0631"
            })
    void aNameMayBeOfAnyScript(String user) {
        join(user).text("hi").expectText(user + ": hi");
    }

    @Test
    void aNameMayHave64Characters() {
        join("n".repeat(64)).text("hi").expectText("n".repeat(64) + ": hi");
    }

    @Test
    void aPlusInAQueryIsASpace() {
        connect(room + "?user=Anna+Maria").expectText("* Anna Maria joined");
    }

    @Test
    void aNameIsTheSameUserHoweverItsAccentsAreEncoded() {
        connect(room + "?user=" + encode("Jose\u0301"))
                .expectText("* Jos\u00E9 joined")
                .text("hi")
                .expectText("Jos\u00E9: hi");
    }

    @Test
    void twoClientsMayUseTheSameName() {
        var one = join("twin");
        var two = join("twin");
        one.expectText("* twin joined").text("x").expectText("twin: x");
        two.expectText("twin: x");
    }

    @Test
    void anEmptyTextIsAMessage() {
        join("alice").text("").expectText("alice: ");
    }

    @Test
    void textOfOneLineIsPassedOnUnchanged() {
        join("alice").text("\ttab  \u202E\u200B\uFEFF ").expectText("alice: \ttab  \u202E\u200B\uFEFF ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r", "\u2028", "\u2029"})
    void aLineBreakInATextCannotForgeALine(String lineBreak) {
        var alice = join("alice");
        var typed = new RoomClient(connect(room + "?user=typed", "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
        typed.next("welcome");
        alice.expectText("* typed joined");
        var text = "hi" + lineBreak + "* bob left" + lineBreak;
        alice.text(text).expectText("alice: hi\n\t* bob left\n\t");
        typed.message(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0000", "\u001B[31mred", "a\bb", "a\u000Bb", "a\fb", "\u007F", "a\u0085b"})
    void aControlCharacterIsClosedWith1007AndReachesNobody(String text) {
        var alice = join("alice");
        var bob = join("bob");
        alice.expectText("* bob joined");
        assertThat(bob.text(text).expectClose(1007)).contains("control character");
        alice.expectText("* bob left").expectNothing();
    }

    @Test
    void fragmentsReachEveryoneAsOneMessage() {
        var alice = join("alice");
        var bob = join("bob");
        alice.expectText("* bob joined").fragments("to", "geth", "er").expectText("alice: together");
        bob.expectText("alice: together").expectNothing();
    }

    @Test
    void bytesAreClosedWith1003() {
        var alice = join("alice");
        var bob = join("bob");
        alice.expectText("* bob joined");
        bob.binary((byte) 1);
        assertThat(bob.expectClose(1003)).isNotBlank();
        alice.expectText("* bob left").expectNothing();
    }

    @Test
    void emptyBytesAreClosedWith1003Too() {
        join("alice").binary().expectClose(1003);
    }

    @Test
    void fragmentedBytesAreClosedWith1003Too() {
        var socket = open(room + "?user=x");
        socket.expectText("* x joined");
        socket.frame(RawSocket.BINARY, false, (byte) 1);
        socket.frame(RawSocket.CONTINUATION, true, (byte) 2);
        socket.expectClose(1003);
    }

    @Test
    void aCloseIsAnsweredWithItsCode() {
        var socket = open(room + "?user=x");
        socket.expectText("* x joined");
        socket.close(3000, "");
        socket.expectClose(3000);
        socket.expectEnd();
    }

    @Test
    void invalidUtf8IsClosedWith1007AndReachesNobody() {
        var alice = join("alice");
        var bob = open(room + "?user=bob");
        bob.expectText("* bob joined");
        alice.expectText("* bob joined");
        bob.frame(RawSocket.TEXT, true, (byte) 'a', (byte) 0xFF);
        bob.expectClose(1007);
        alice.expectText("* bob left");
    }

    @Test
    void aMessageOverTheLimitIsClosedWith1009AndReachesNobody() {
        var alice = join("alice");
        var bob = open(room + "?user=bob");
        bob.expectText("* bob joined");
        alice.expectText("* bob joined");
        bob.frame(RawSocket.TEXT, true, new byte[64 * 1024 + 1]);
        bob.expectClose(1009);
        alice.expectText("* bob left");
    }

    @Test
    void messagesOfTwoSendersComeInOneOrderForAll() {
        var readers = List.of(join("r1"), join("r2"), join("r3"));
        readers.get(0).expectText("* r2 joined").expectText("* r3 joined");
        readers.get(1).expectText("* r3 joined");
        var alice = join("alice");
        var bob = join("bob");
        alice.expectText("* bob joined");
        for (var reader : readers) {
            reader.expectText("* alice joined").expectText("* bob joined");
        }
        for (int i = 0; i < 200; i++) {
            alice.text("a" + i);
            bob.text("b" + i);
        }
        var order = alice.texts(400);
        assertThat(order).doesNotHaveDuplicates();
        assertThat(order.stream().filter(line -> line.startsWith("bob: ")))
                .containsExactlyElementsOf(numbered("bob: b", 200));
        assertThat(order.stream().filter(line -> line.startsWith("alice: ")))
                .containsExactlyElementsOf(numbered("alice: a", 200));
        assertThat(bob.texts(400)).isEqualTo(order);
        for (var reader : readers) {
            assertThat(reader.texts(400)).isEqualTo(order);
        }
    }

    private static List<String> numbered(String prefix, int count) {
        return IntStream.range(0, count).mapToObj(i -> prefix + i).toList();
    }
}
