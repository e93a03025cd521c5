package dev.parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The rules for names, and that the server, the page and the contracts have the same. */
class NamesTest {

    private static final JsonNode ASYNCAPI = contract("asyncapi.yaml");
    private static final JsonNode OPENAPI = contract("openapi.yaml");

    /** Names that are also tried with the page's rule, in Node. */
    private static List<String> names(String kind) {
        var names = new ArrayList<String>();
        JsonMapper.shared()
                .readTree(Path.of("src/test/resources/names.json").toFile())
                .get(kind)
                .forEach(name -> names.add(name.asString()));
        return names;
    }

    private static List<String> valid() {
        return names("valid");
    }

    private static List<String> invalid() {
        return names("invalid");
    }

    private static JsonNode contract(String file) {
        return YAMLMapper.shared().readTree(Path.of("src/main/webapp", file).toFile());
    }

    @ParameterizedTest
    @MethodSource("valid")
    void acceptsUserName(String name) {
        var normal = UserName.normalize(name);
        assertThat(normal).isEqualTo(Normalizer.normalize(name, Normalizer.Form.NFC));
        assertThat(UserName.isValid(normal)).isTrue();
    }

    @ParameterizedTest
    @MethodSource("invalid")
    void refusesUserName(String name) {
        assertThat(UserName.normalize(name)).isNull();
        assertThat(UserName.isValid(name)).isFalse();
        assertThatThrownBy(() -> UserName.require(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(UserName.RULE);
    }

    @Test
    void givesAUserNameOneForm() {
        assertThat(UserName.normalize("Jose\u0301")).isEqualTo("Jos\u00e9");
        assertThat(UserName.require("Jose\u0301")).isEqualTo("Jos\u00e9");
        assertThat(UserName.isValid("Jose\u0301")).isFalse();
        assertThat(UserName.require(null)).isNull();
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

    @Test
    void thePageAndTheContractsHaveTheRulesOfTheServer() throws IOException {
        var page = Files.readString(Path.of("src/main/webapp/js/names.js"));
        var user = ASYNCAPI.at("/components/schemas/user");
        assertThat(literal(page, "USER")).isEqualTo(unescaped(UserName.PATTERN));
        assertThat(unescaped(user.get("pattern").asString())).isEqualTo(unescaped(UserName.PATTERN));
        assertThat(page).contains("LONGEST = " + UserName.MAX_LENGTH + ";");
        assertThat(user.get("maxLength").asInt()).isEqualTo(UserName.MAX_LENGTH);
        assertThat(literal(page, "ROOM")).isEqualTo(RoomName.PATTERN);
        assertThat(OPENAPI.at("/components/parameters/room/schema/pattern").asString())
                .isEqualTo(RoomName.PATTERN);
        assertThat(ASYNCAPI.at("/components/parameters/room/description").asString())
                .isEqualTo(RoomName.RULE);
        var words = page.replaceAll("['\"] \\+\n *['\"]", "");
        assertThat(words).contains(UserName.RULE, RoomName.RULE);
    }

    @Test
    void theContractsAcceptTheSamePositionsAsTheServer() {
        assertThat(ASYNCAPI.at("/components/schemas/position/pattern").asString())
                .isEqualTo(Position.PATTERN);
        assertThat(OPENAPI.at("/components/schemas/Position/pattern").asString())
                .isEqualTo(Position.PATTERN);
        assertThat(Position.parse("e:8999999999999999")).isEqualTo(new Position("e", 8_999_999_999_999_999L));
        assertThat(Position.parse("e:9000000000000000")).isNull();
        assertThat(Position.parse("e:0")).isEqualTo(new Position("e", 0));
    }

    private static String literal(String script, String name) {
        var matcher = Pattern.compile("^const " + name + " = /(.*)/u;$", Pattern.MULTILINE)
                .matcher(script);
        assertThat(matcher.find()).as("the pattern %s", name).isTrue();
        return unescaped(matcher.group(1));
    }

    /** Patterns name the same character as {@code \\u1234}, {@code \\u{1234}}, {@code \\x{1234}} or itself. */
    private static String unescaped(String pattern) {
        return Pattern.compile("\\\\[ux](?:\\{([0-9A-F]+)}|([0-9A-F]{4}))")
                .matcher(pattern)
                .replaceAll(escape -> Matcher.quoteReplacement(Character.toString(
                        Integer.parseInt(escape.group(1) == null ? escape.group(2) : escape.group(1), 16))));
    }

    /** Every code point of two planes and what else could be hidden, by itself and where the ones beside it decide. */
    private static Stream<String> everywhere() {
        return IntStream.concat(IntStream.range(0, 0x20000), IntStream.range(0xE0000, 0xE0200))
                .boxed()
                .flatMap(c -> {
                    var each = Character.toString(c);
                    var anywhere = Stream.of(each, "a" + each + "b");
                    return c < 0x3100 || c >= 0xFE00 && c <= 0xFEFF
                            ? Stream.concat(
                                    anywhere,
                                    Stream.of("a " + each, "\u06CC" + each + "\u067E", "\u2764" + each + "\u2764"))
                            : anywhere;
                });
    }

    /** Java 17 has Unicode 13; later ones accept letters that the contract does not promise. */
    @Test
    void theServerAcceptsTheNamesThatTheContractAllows() {
        var contract = userParameter();
        var allowed = 0;
        var refused = new ArrayList<String>();
        var more = new ArrayList<String>();
        for (var name : (Iterable<String>) everywhere()::iterator) {
            var normal = UserName.normalize(name);
            if (contract.test(name)) {
                allowed++;
                if (normal == null) {
                    refused.add(name);
                }
            } else if (name.equals(normal)) {
                more.add(name);
            }
        }
        assertThat(allowed).isGreaterThan(180_000);
        assertThat(refused).isEmpty();
        if (Runtime.version().feature() == 17) {
            assertThat(more).isEmpty();
        } else {
            assertThat(more).allMatch(name -> name.codePoints().anyMatch(c -> c > 0x7F));
        }
    }

    private static Predicate<String> userParameter() {
        var all = OPENAPI.at("/components/parameters/user/schema/allOf");
        assertThat(all.get(0).get("$ref").asString()).isEqualTo("#/components/schemas/User");
        return Pattern.compile(ASYNCAPI.at("/components/schemas/user/pattern").asString())
                .asMatchPredicate()
                .and(Pattern.compile(all.get(1).get("pattern").asString()).asMatchPredicate());
    }
}
