package dev.parley.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;

/** The bill of materials that the build writes beside the WAR. Needs no server. */
class BillOfMaterialsIT {

    /** Libraries of the WAR are annotated with it; the plugin lists it although the POM only provides it. */
    private static final String COMPILED_AGAINST = "jspecify-";

    @Test
    void itListsWhatTheWarCarriesAndNothingElse() throws Exception {
        Path war = Path.of(System.getProperty("it.war"));
        List<String> libraries;
        try (var zip = new ZipFile(war.toFile())) {
            libraries = zip.stream()
                    .map(ZipEntry::getName)
                    .filter(name -> name.endsWith(".jar"))
                    .map(name -> name.substring(name.lastIndexOf('/') + 1))
                    .toList();
        }
        try (var reader = Json.createReader(Files.newBufferedReader(war.resolveSibling("bom.json")))) {
            List<String> components = reader.readObject().getJsonArray("components").stream()
                    .map(component -> component.asJsonObject().getString("name") + "-"
                            + component.asJsonObject().getString("version") + ".jar")
                    .filter(name -> !name.startsWith(COMPILED_AGAINST))
                    .toList();
            assertThat(components)
                    .containsExactlyInAnyOrderElementsOf(libraries)
                    .isNotEmpty();
        }
    }
}
