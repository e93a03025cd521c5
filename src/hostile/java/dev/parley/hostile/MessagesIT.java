package dev.parley.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.RawSocket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Text that is meant to break who reads it: the decoder, the log, the other clients. */
class MessagesIT extends Hostile {

    private static final int REPEATS = 20;

    private static final List<String> BOMBS = List.of(
            "[".repeat(60_000),
            "{\"a\":".repeat(12_000),
            "{\"type\":\"chat\",\"text\":" + "[".repeat(30_000) + "]".repeat(30_000) + "}",
            "{\"type\":\"chat\",\"text\":1e999999999}",
            "{\"type\":\"ping\",\"n\":" + "9".repeat(60_000) + "}",
            "{\"type\":\"chat\",\"text\":\"a\",\"text\":\"b\"}",
            "{" + "\"a\":1,".repeat(9000) + "\"a\":1}",
            "{\"type\":\"" + "\\u0061".repeat(10_000) + "\"}",
            "\"" + "\\\"".repeat(30_000),
            "9".repeat(65_536),
            "{\"type\":\"chat\",\"text\":\"\\ud800\"}",
            "null");

    private static final List<String> FORGERIES = List.of(
            "a\nmallory: hi",
            "a\r\n* bob left",
            "a\u2028b",
            "\u001b[31mred\u001b[0m",
            "\u202egnp.exe",
            "\u2066a\u2069",
            "a\u0085b",
            "a\u0000b",
            "${jndi:ldap://127.0.0.1:1/a}",
            "alice: hi",
            "* alice joined",
            "a\u200bb",
            "\ufeffa");

    private static final List<String> CONTROLS = List.of("\u001b[31mred\u001b[0m", "a\u0085b", "a\u0000b");

    /** Depth 100,000 is longer than a message may be, so it is sent as deep as fits, and once in full. */
    @Test
    void jsonBomb() throws Exception {
        row(Threat.JSON_BOMB, found -> {
            var micros = new ArrayList<Long>();
            try (var socket = RawSocket.open(server.base(), "/ws/json")) {
                for (int i = -1; i < REPEATS; i++) {
                    for (var bomb : BOMBS) {
                        long start = System.nanoTime();
                        var answer = socket.text(bomb).nextText();
                        if (i >= 0) { // the first round is for the compiler
                            micros.add(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - start));
                        }
                        assertThat(answer).startsWith("{\"type\":\"error\",\"message\":\"");
                        assertThat(answer.length()).isLessThan(200);
                    }
                }
                socket.text("{\"type\":\"ping\"}").expectText("{\"type\":\"pong\"}");
                socket.text("[".repeat(100_000)).expectClose(1009);
            }
            micros.sort(null);
            found.add("%d kinds × %d: each a typed error, the connection open", BOMBS.size(), REPEATS);
            long slowest = micros.get((int) (micros.size() * 0.99)) / 1000;
            found.add("99th percentile %d ms", slowest);
            found.add("depth 100,000 is 100 KB: 1009");
            judge("99th percentile of the answers, ms", slowest, 0, 50);
        });
    }

    @Test
    void forgedLines() throws Exception {
        row(Threat.FORGED_LINES, found -> {
            int before = server.log().split("\n").length;
            for (var name : FORGERIES) {
                try (var socket = RawSocket.connect(server.base())) {
                    int status = socket.handshake("/ws/chat/forged?user=" + encode(name))
                            .status();
                    assertThat(status)
                            .as("the name %s", Arrays.toString(name.toCharArray()))
                            .isEqualTo(400);
                }
            }
            found.add("%d names refused with 400", FORGERIES.size());
            try (var alice = RawSocket.open(server.base(), "/ws/chat/forged?user=alice");
                    var mallory = RawSocket.connect(server.base())) {
                alice.expectText("* alice joined"); // a handshake ends before its peer has joined
                mallory.upgrade("/ws/chat/forged?user=mallory");
                alice.expectText("* mallory joined");
                var passed = new ArrayList<>(FORGERIES);
                passed.removeAll(CONTROLS);
                for (var text : passed) {
                    mallory.text(text);
                    // Whatever the text holds, its first line starts with the sender's name and each other one with a
                    // tab.
                    alice.expectText("mallory: " + text.replaceAll("\\R", "\n\t"));
                }
                found.add(
                        "%d texts reach the others behind their sender's name, each further line behind a tab",
                        passed.size());
                for (var text : CONTROLS) {
                    try (var eve = RawSocket.open(server.base(), "/ws/chat/forged?user=eve")) {
                        alice.expectText("* eve joined");
                        eve.expectText("* eve joined");
                        eve.text(text).expectClose(1007);
                        alice.expectText("* eve left");
                    }
                }
                found.add("%d texts with control characters close their sender with 1007", CONTROLS.size());
            }
            var fresh = Arrays.asList(server.log().split("\n"));
            fresh = fresh.subList(Math.min(before, fresh.size()), fresh.size());
            for (var line : fresh) {
                assertThat(line).as("a line of the log").doesNotContain("mallory", "jndi", "\u001b[31mred", "\u202e");
            }
            found.add("%d lines in the log, none with any of it", fresh.size());
        });
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
