package dev.parley.ops;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.stream.Stream;

/** Settings for tests, from {@code reference.conf} and what a test says: {@code with("parley.room.messages=64")}. */
public final class TestSettings {

    private static final Config REFERENCE = ConfigFactory.parseResources("reference.conf");

    private TestSettings() {}

    /** Small bounds, so that they are reached. */
    public static Settings small() {
        return with();
    }

    /** Small bounds but for these, each as {@code key=value}. */
    public static Settings with(String... overrides) {
        return defaultsWith(Stream.concat(
                        Stream.of(
                                "parley.limits.text=64",
                                "parley.limits.binary=64",
                                "parley.limits.fragments=4",
                                "parley.outbox.messages=8",
                                "parley.outbox.bytes=1024",
                                "parley.room.messages=64",
                                "parley.room.bytes=1MiB",
                                "parley.history.messages=16",
                                "parley.writer=portable"),
                        Stream.of(overrides))
                .toArray(String[]::new));
    }

    /** The defaults but for these, each as {@code key=value}. */
    public static Settings defaultsWith(String... overrides) {
        return Settings.of(config(overrides));
    }

    static Config config(String... overrides) {
        Config config = ConfigFactory.empty();
        for (String override : overrides) {
            String[] pair = override.split("=", 2);
            config = ConfigFactory.parseString(pair[0] + "=\"" + pair[1] + "\"").withFallback(config);
        }
        return config.withFallback(REFERENCE).resolve();
    }
}
