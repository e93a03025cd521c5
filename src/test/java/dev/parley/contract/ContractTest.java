package dev.parley.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.parley.http.Resources;
import dev.parley.protocol.ApiMessage;
import dev.parley.protocol.ClientMessage;
import dev.parley.protocol.ErrorCode;
import dev.parley.protocol.JsonCodec;
import dev.parley.protocol.RoomNotice;
import dev.parley.protocol.RoomRequest;
import dev.parley.protocol.ServerMessage;
import jakarta.json.bind.annotation.JsonbSubtype;
import jakarta.json.bind.annotation.JsonbTypeInfo;
import jakarta.websocket.server.ServerEndpoint;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** The contract and the code say the same, in either direction. */
class ContractTest {

    private final Contract contract = new Contract();

    /** The records of each union by the name of their schema. */
    private static Map<String, Class<?>> records() {
        var records = new TreeMap<String, Class<?>>();
        tagged(RoomNotice.class).forEach((type, record) -> records.put("v1.server." + type, record));
        named(ClientMessage.class).forEach((type, record) -> records.put("json.client." + type, record));
        tagged(ServerMessage.class).forEach((type, record) -> records.put("json.server." + type, record));
        named(RoomRequest.class).forEach((type, record) -> records.put("v1.client." + type, record));
        return records;
    }

    private static Map<String, Class<?>> named(Class<?> union) {
        var named = new TreeMap<String, Class<?>>();
        for (var record : union.getPermittedSubclasses()) {
            named.put(record.getSimpleName().toLowerCase(Locale.ROOT), record);
        }
        return named;
    }

    private static Map<String, Class<?>> tagged(Class<?> union) {
        var tagged = new TreeMap<String, Class<?>>();
        for (JsonbSubtype subtype : union.getAnnotation(JsonbTypeInfo.class).value()) {
            tagged.put(subtype.alias(), subtype.type());
        }
        assertThat(tagged.values()).containsExactlyInAnyOrder(union.getPermittedSubclasses());
        return tagged;
    }

    private static Set<String> names(JsonNode object) {
        return new TreeSet<>(object.propertyNames());
    }

    private static Set<String> ofMessages(Set<String> names) {
        return names.stream()
                .filter(name -> name.matches("(v1|json)\\.(client|server)\\..*"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everyMessageOfTheCodeIsInTheContractAndNoOther() {
        var components = contract.asyncapi().get("components");
        assertThat(ofMessages(names(components.get("schemas"))))
                .isEqualTo(records().keySet());
        assertThat(ofMessages(names(components.get("messages"))))
                .isEqualTo(records().keySet());
        var channels = contract.asyncapi().get("channels");
        for (var channel : Map.of("room", "v1", "json", "json").entrySet()) {
            assertThat(names(channels.get(channel.getKey()).get("messages")))
                    .isEqualTo(starting(channel.getValue() + "."));
        }
        var operations = contract.asyncapi().get("operations");
        assertThat(messages(operations.get("speakInRoom"))).isEqualTo(starting("v1.client."));
        assertThat(messages(operations.get("hearInRoom"))).isEqualTo(starting("v1.server."));
        assertThat(messages(operations.get("speakJson"))).isEqualTo(starting("json.client."));
        assertThat(messages(operations.get("hearJson"))).isEqualTo(starting("json.server."));
    }

    private static Set<String> starting(String prefix) {
        return records().keySet().stream()
                .filter(name -> name.startsWith(prefix))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> messages(JsonNode operation) {
        var names = new TreeSet<String>();
        operation
                .get("messages")
                .forEach(message -> names.add(message.get("$ref").asString().replaceAll(".*/", "")));
        return names;
    }

    @TestFactory
    Stream<DynamicTest> everyRecordHasTheMembersOfItsSchema() {
        var all = new TreeMap<String, Class<?>>(records());
        all.put("limits", RoomNotice.Limits.class);
        all.put("Gap", ApiMessage.Gap.class);
        for (var record : ApiMessage.class.getPermittedSubclasses()) {
            all.put(record.getSimpleName(), record);
        }
        return all.entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> compare(each.getKey(), each.getValue())));
    }

    private void compare(String name, Class<?> record) {
        var schema = contract.schema(name);
        var file = Character.isUpperCase(name.charAt(0)) ? contract.openapi() : contract.asyncapi();
        var properties = new TreeSet<>(names(schema.get("properties")));
        var required = new TreeSet<String>();
        schema.get("required").forEach(each -> required.add(each.asString()));
        if (name.matches("(v1|json)\\..*")) {
            assertThat(properties.remove("type")).isTrue();
            assertThat(required.remove("type")).isTrue();
            assertThat(schema.get("properties").get("type").get("const").asString())
                    .isEqualTo(name.replaceAll(".*\\.", ""));
        }
        var components = record.getRecordComponents();
        assertThat(properties)
                .isEqualTo(
                        Arrays.stream(components).map(RecordComponent::getName).collect(Collectors.toSet()));
        assertThat(required)
                .isEqualTo(Arrays.stream(components)
                        .filter(component -> !component.getAnnotatedType().isAnnotationPresent(Nullable.class))
                        .map(RecordComponent::getName)
                        .collect(Collectors.toSet()));
        for (var component : components) {
            var member = contract.resolve(schema.get("properties").get(component.getName()), file);
            assertThat(member.get("type").asString())
                    .as("%s of %s", component, name)
                    .isEqualTo(type(component.getType()));
        }
    }

    private static String type(Class<?> type) {
        if (type == int.class || type == long.class) {
            return "integer";
        } else if (type == boolean.class) {
            return "boolean";
        } else if (type == String.class) {
            return "string";
        }
        return type == List.class ? "array" : "object";
    }

    /** What only happens to a server in need, and the rest with it: encoded, and held against its schema. */
    @TestFactory
    Stream<DynamicTest> whatTheServerSaysIsValid() {
        var codec = new JsonCodec();
        var names = List.of("alice");
        return Stream.<RoomNotice>of(
                        new RoomNotice.Welcome(
                                "r", "alice", "1f", "e", 0, true, 1, names, new RoomNotice.Limits(65_536, 64)),
                        new RoomNotice.Message(1, "alice", "hi", "2026-01-01T00:00:00.123456Z", "k"),
                        new RoomNotice.Message(1, "alice", "hi", "2026-01-01T00:00:00Z", null),
                        new RoomNotice.Joined("alice", 1, 1),
                        new RoomNotice.Left("alice", 0, 0),
                        new RoomNotice.Presence(300, names, List.of()),
                        new RoomNotice.Typing("alice"),
                        new RoomNotice.Ack("k", 1),
                        new RoomNotice.Ack(null, 1),
                        new RoomNotice.Gap(1, 2),
                        new RoomNotice.Drain(1000),
                        new RoomNotice.Problem("forbidden", "not in this room", null),
                        new RoomNotice.Pong())
                .map(notice -> DynamicTest.dynamicTest(notice.toString(), () -> {
                    var type = tagged(RoomNotice.class).entrySet().stream()
                            .filter(each -> each.getValue() == notice.getClass())
                            .map(Map.Entry::getKey)
                            .findFirst()
                            .orElseThrow();
                    contract.check("v1.server." + type, codec.encode(notice));
                }));
    }

    @Test
    void errorCodesAreTheContracts() {
        assertThat(words(contract.schema("v1.server.error").get("properties").get("code")))
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(ErrorCode.values()).map(ErrorCode::word).toList());
        assertThat(words(contract.schema("Problem").get("properties").get("code")))
                .containsExactlyInAnyOrderElementsOf(Resources.problemCodes());
    }

    private static List<String> words(JsonNode member) {
        var words = new ArrayList<String>();
        member.get("enum").forEach(word -> words.add(word.asString()));
        return words;
    }

    @Test
    void resourcesAndTheirMethodsAreTheContracts() {
        var paths = new TreeMap<String, Set<String>>();
        var methods = Set.of("get", "put", "post", "delete", "options", "head", "patch", "trace");
        contract.openapi()
                .get("paths")
                .properties()
                .forEach(path -> paths.put(
                        path.getKey(),
                        path.getValue().propertyNames().stream()
                                .filter(methods::contains)
                                .map(method -> method.toUpperCase(Locale.ROOT))
                                .collect(Collectors.toCollection(TreeSet::new))));
        assertThat(paths).isEqualTo(Resources.methodsByPath());
    }

    /** Clients are generated with a type for each: a method that a resource does not have is in no contract. */
    @Test
    void eachOperationListsItsErrorsByStatus() {
        var all = new TreeSet<Integer>();
        contract.openapi().get("paths").forEach(path -> path.properties().forEach(operation -> {
            var responses = operation.getValue().get("responses");
            if (responses != null) {
                var statuses = names(responses);
                assertThat(statuses)
                        .contains("400", "401", "403", "406", "408", "421", "429", "500", "503")
                        .doesNotContain("default");
                statuses.stream()
                        .map(Integer::valueOf)
                        .filter(status -> status >= 400)
                        .forEach(all::add);
            }
        }));
        var expected = new TreeSet<>(Resources.problemStatuses());
        expected.remove(405);
        assertThat(all).isEqualTo(expected);
    }

    /** Generators of clients follow no reference into another kind of document, so OpenAPI has copies. */
    @Test
    void schemasThatBothContractsHaveAreTheSame() {
        var openapi = contract.openapi().get("components").get("schemas");
        var asyncapi = contract.asyncapi().get("components").get("schemas");
        var shared = new TreeSet<String>();
        for (var name : names(openapi)) {
            var there = name.equals("Message")
                    ? "v1.server.message"
                    : name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1);
            if (asyncapi.has(there)) {
                var copy = asyncapi.get(there).toString();
                for (var other : names(openapi)) {
                    copy = copy.replace(
                            "\"#/components/schemas/" + other.substring(0, 1).toLowerCase(Locale.ROOT)
                                    + other.substring(1) + '"',
                            "\"#/components/schemas/" + other + '"');
                }
                assertThat(openapi.get(name).toString()).as(name).isEqualTo(copy);
                shared.add(name);
            }
        }
        assertThat(shared)
                .containsExactly(
                        "Epoch", "Id", "Members", "Message", "Offset", "OffsetOrNone", "Position", "Text", "User");
        // The schemas of events stand in an extension, which generators skip.
        assertThat(contract.openapi().findValuesAsString("$ref"))
                .filteredOn(reference -> reference.startsWith("asyncapi.yaml"))
                .hasSameSizeAs(contract.openapi().findValue("x-event-data").get("oneOf"));
    }

    @Test
    void socketsAreTheContracts() {
        var addresses = new TreeSet<String>();
        contract.asyncapi()
                .get("channels")
                .forEach(channel -> addresses.add(channel.get("address").asString()));
        assertThat(addresses)
                .isEqualTo(new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("dev.parley").stream()
                                .filter(each -> each.isAnnotatedWith(ServerEndpoint.class))
                                .map(each -> each.getAnnotationOfType(ServerEndpoint.class)
                                        .value())
                                .collect(Collectors.toCollection(TreeSet::new)));
    }

    @Test
    void eventsOfAStreamAreNoticesButForAnswers() {
        var names = new TreeSet<String>();
        contract.openapi()
                .at(
                        "/paths/~1api~1rooms~1{room}~1events/get/responses/200/content/text~1event-stream/x-event-data/oneOf")
                .forEach(each -> names.add(each.get("$ref").asString().replaceAll(".*/", "")));
        var expected = starting("v1.server.");
        expected.removeAll(Set.of("v1.server.ack", "v1.server.pong"));
        assertThat(names).isEqualTo(expected);
    }
}
