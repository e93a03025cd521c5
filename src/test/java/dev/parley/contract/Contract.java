package dev.parley.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The files that say what the server speaks, as they are served, and the schemas in them. */
final class Contract {

    private static final String BASE = "https://parley.test/";
    private static final String ASYNCAPI = "asyncapi.yaml";
    private static final String OPENAPI = "openapi.yaml";

    private final JsonNode asyncapi = read(ASYNCAPI);
    private final JsonNode openapi = read(OPENAPI);
    private final SchemaRegistry registry = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12,
            builder -> builder.schemas(Map.of(BASE + ASYNCAPI, ascii(asyncapi), BASE + OPENAPI, ascii(openapi))));
    private final Set<String> seen = new ConcurrentSkipListSet<>();

    private static JsonNode read(String file) {
        return YAMLMapper.builder()
                .build()
                .readTree(Path.of("src/main/webapp", file).toFile());
    }

    /** In ASCII: the validator's reader, which is YAML's, fails at a surrogate pair that begins at the end of its buffer. */
    private static String ascii(JsonNode file) {
        return JsonMapper.builder()
                .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                .build()
                .writeValueAsString(file);
    }

    /** {@code asyncapi.yaml}. */
    JsonNode asyncapi() {
        return asyncapi;
    }

    /** {@code openapi.yaml}. */
    JsonNode openapi() {
        return openapi;
    }

    /** The schemas that were {@link #check checked} against so far. */
    Set<String> seen() {
        return new TreeSet<>(seen);
    }

    /** Holds a text against a schema: its own name in {@code asyncapi.yaml}, or one that starts with a capital in the other. */
    void check(String schema, String json) {
        String file = Character.isUpperCase(schema.charAt(0)) ? OPENAPI : ASYNCAPI;
        var errors = registry.getSchema(SchemaLocation.of(BASE + file + "#/components/schemas/" + schema))
                .validate(
                        json,
                        InputFormat.JSON,
                        run -> run.executionConfig(config -> config.formatAssertionsEnabled(true)));
        assertThat(errors).as("%s is no %s", json, schema).isEmpty();
        var unknown = new TreeSet<>(JsonMapper.shared().readTree(json).propertyNames());
        unknown.removeAll(schema(schema).get("properties").propertyNames());
        assertThat(unknown)
                .as("members of %s that %s does not have", json, schema)
                .isEmpty();
        seen.add(schema);
    }

    /** A schema by the name of {@link #check}. */
    JsonNode schema(String name) {
        JsonNode file = Character.isUpperCase(name.charAt(0)) ? openapi : asyncapi;
        JsonNode schema = file.get("components").get("schemas").get(name);
        assertThat(schema).as("schema %s", name).isNotNull();
        return schema;
    }

    /** Follows references to the schema of a member. */
    JsonNode resolve(JsonNode member, JsonNode file) {
        if (!member.has("$ref")) {
            return member;
        }
        var ref = member.get("$ref").asString().split("#", 2);
        JsonNode next = ref[0].equals(ASYNCAPI) ? asyncapi : file;
        return resolve(next.at(ref[1]), next);
    }
}
