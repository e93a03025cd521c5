package dev.parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {

    @ParameterizedTest
    @ValueSource(strings = {"alice", "Ana María", "Ünal", "李雷", "o'brien", "a.b@c-d+e_f", "🎉", "नमस्ते", "1"})
    void aUserMayBeCalledThis(String name) {
        assertThat(UserName.isValid(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                " alice",
                "alice ",
                "a  b",
                "a\nb",
                "a\rb",
                "a\tb",
                "a\u0000b",
                "\u001b[31mred",
                "alice: hi",
                "* alice",
                "a\u202Eb",
                "a\u2066b",
                "${jndi:x}",
                "a\u200Bb",
                "a\u200Db",
                "a\u2028b",
                "a\uFFFDb",
                "a\ud800b",
                "<b>",
                "a,b",
                "a\u00a0b"
            })
    void aUserMayNotBeCalledThis(String name) {
        assertThat(UserName.isValid(name)).isFalse();
    }

    @Test
    void aUserNameIsAtMost64Characters() {
        assertThat(UserName.isValid("x".repeat(64))).isTrue();
        assertThat(UserName.isValid("x".repeat(65))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"main", "Room-1", "a.b_c", "0"})
    void aRoomMayBeCalledThis(String name) {
        assertThat(RoomName.isValid(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "-a", "_a", "a b", "a/b", "ä", "a\n", "a%20b", RoomName.LOBBY})
    void aRoomMayNotBeCalledThis(String name) {
        assertThat(RoomName.isValid(name)).isFalse();
    }

    @Test
    void aRoomNameIsAtMost64Characters() {
        assertThat(RoomName.isValid("x".repeat(64))).isTrue();
        assertThat(RoomName.isValid("x".repeat(65))).isFalse();
    }
}
