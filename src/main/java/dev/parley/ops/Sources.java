package dev.parley.ops;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The places that settings come from, the strongest first: system properties, environment variables, {@link #FILE} on the class
 * path of the application, and the defaults in {@code reference.conf}. Nothing else is read, in particular no {@code
 * application.conf}, {@code application.json} or {@code application.properties}, which belong to the application that has
 * Parley as a library. No state.
 */
final class Sources {

    /** The optional file of an application, in HOCON. */
    static final String FILE = "META-INF/parley.conf";

    private static final ConfigResolveOptions ALONE =
            ConfigResolveOptions.noSystem().setAllowUnresolved(true); // other libraries have a reference.conf too

    private Sources() {}

    /**
     * Reads the settings of an application.
     *
     * @param application its class loader
     * @param property gives the value of a system property, or null
     * @param variable gives the value of an environment variable, or null
     * @return each setting, from the strongest place that has it
     * @throws IllegalArgumentException if the file is not HOCON
     */
    static Config read(
            ClassLoader application,
            UnaryOperator<@Nullable String> property,
            UnaryOperator<@Nullable String> variable) {
        Config defaults = ConfigFactory.parseResources(application, "reference.conf")
                .resolve(ALONE)
                .withOnlyPath("parley");
        try {
            return given(defaults, property)
                    .withFallback(given(defaults, key -> variable.apply(Reader.variable(key))))
                    .withFallback(ConfigFactory.parseResources(application, FILE, ConfigParseOptions.defaults()))
                    .withFallback(defaults)
                    .resolve();
        } catch (ConfigException e) {
            throw new IllegalArgumentException(FILE + " cannot be read, but must be HOCON: " + e.getMessage());
        }
    }

    private static Config given(Config defaults, UnaryOperator<@Nullable String> source) {
        Map<String, String> values = new HashMap<>();
        for (String key : keys(defaults)) {
            String value = source.apply(key);
            if (value != null) {
                values.put(key, value);
            }
        }
        return ConfigFactory.parseMap(values);
    }

    /** All keys that have a value. */
    static Set<String> keys(Config config) {
        Set<String> keys = new TreeSet<>();
        config.entrySet().forEach(entry -> keys.add(entry.getKey()));
        return keys;
    }
}
