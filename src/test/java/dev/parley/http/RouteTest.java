package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RouteTest {

    @ParameterizedTest
    @CsvSource({
        "/api/rooms,ROOMS,''",
        "/api/rooms/a,ROOM,a",
        "/api/rooms/messages,ROOM,messages",
        "/api/rooms/a%2Fb,ROOM,a%2Fb",
        "/api/rooms/a/messages,MESSAGES,a",
        "/api/rooms/messages/messages,MESSAGES,messages",
        "/api/rooms/a/events,EVENTS,a"
    })
    void aPathIsOneResource(String path, Route route, String room) {
        assertThat(Route.match(path)).isEqualTo(new Route.Match(route, room));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/api",
                "/api/rooms/",
                "/api/rooms//messages",
                "/api/rooms/a/",
                "/api/rooms/a/messages/",
                "/api/rooms/a/b/events",
                "/API/rooms"
            })
    void anyOtherPathIsNone(String path) {
        assertThat(Route.match(path)).isNull();
    }
}
