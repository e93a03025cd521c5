package dev.parley.ops;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads each setting once: holds the value against its range, says in one line what is wrong, and remembers what it read for
 * the log and the documentation. For one thread.
 */
final class Reader {

    /**
     * A setting that was read.
     *
     * @param value as the operator sees it: masked if it is a secret
     * @param allowed which values may stand there, in words
     */
    record Entry(String value, String allowed) {}

    private static final int MAX_SECRET = 1 << 16;

    private final Config config;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    Reader(Config config) {
        this.config = config;
    }

    /** The environment variable of a key. */
    static String variable(String key) {
        return key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    /** What was read, by key, in the order of the reading. */
    Map<String, Entry> entries() {
        return entries;
    }

    /** All that was read, in one line, secrets masked. */
    @Override
    public String toString() {
        return entries.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue().value())
                .collect(Collectors.joining(", "));
    }

    /** A whole number. */
    int count(String key, int min, int max) {
        String allowed = "a whole number, from " + min + " to " + max;
        return read(key, allowed, config::getLong, n -> n >= min && n <= max).intValue();
    }

    /** A size, in bytes. */
    long bytes(String key, long min, long max) {
        String allowed = "a size such as 64 KiB, from " + size(min) + " to " + size(max);
        return read(key, allowed, config::getBytes, n -> n >= min && n <= max);
    }

    /** A size, in bytes, given as such or as a share of the heap. */
    long memory(String key, long heap) {
        return read(
                key,
                "a size such as 256 MiB, from 1 MiB to 1 TiB, or a share of the heap from 1% to 90%",
                k -> config.getString(k).endsWith("%") ? heap / 100 * percent(config.getString(k)) : config.getBytes(k),
                n -> n >= 1L << 20 && n <= 1L << 40);
    }

    /** A duration. */
    Duration duration(String key, Duration min, Duration max) {
        return read(
                key,
                "a duration such as 30s, from " + time(min) + " to " + time(max),
                config::getDuration,
                d -> d.compareTo(min) >= 0 && d.compareTo(max) <= 0);
    }

    /** How much in a second: a count or a size, and a unit of time, as in {@code 20/s}, {@code 600/m}, {@code 64 KiB/s}. */
    double rate(String key, long min, long max) {
        String allowed = "an amount in a time such as 20/s, 600/m or 64 KiB/s, from " + min + "/s to " + max + "/s";
        return read(key, allowed, k -> perSecond(config.getString(k)), r -> r >= min && r <= max);
    }

    /** One of some words. */
    String word(String key, String... words) {
        return read(key, "one of " + String.join(", ", words), config::getString, List.of(words)::contains);
    }

    /** {@code true} or {@code false}. */
    boolean flag(String key) {
        return read(key, "true or false", config::getBoolean, flag -> true);
    }

    /** A text that keeps a rule, told in words. */
    String text(String key, Predicate<String> rule, String allowed) {
        return read(key, allowed, k -> config.getString(k).strip(), rule);
    }

    /** A text that keeps a rule, or nothing if it is empty. */
    Optional<String> optional(String key, Predicate<String> rule, String allowed) {
        String text = text(key, t -> t.isEmpty() || rule.test(t), "empty, or " + allowed);
        return Optional.of(text).filter(t -> !t.isEmpty());
    }

    /** Texts that keep a rule, separated by commas, or none: the environment has no lists. */
    List<String> list(String key, Predicate<String> rule, String each) {
        return read(key, "a list, separated by commas, of " + each, this::strings, list -> list.stream()
                .allMatch(rule));
    }

    /** The absolute path of a file, or nothing if it is empty. */
    Optional<Path> file(String key) {
        return optional(key, Reader::isAbsolute, "the absolute path of a file").map(Path::of);
    }

    /**
     * A secret of at least so many characters, itself or in a file that {@code <key>-file} names, or nothing if both are empty.
     * Its value is never told.
     */
    Optional<Secret> secret(String key, int minLength) {
        String length = "at least " + minLength + (minLength == 1 ? " character" : " characters");
        String secret;
        try {
            secret = config.getString(key);
        } catch (ConfigException e) {
            throw wrong(key, Secret.MASK, "empty, or " + length);
        }
        entries.put(key, new Entry(secret.isEmpty() ? "" : Secret.MASK, "empty, or " + length));
        require(key, secret.isEmpty() || secret.length() >= minLength, "empty, or " + length);
        String allowed = "the absolute path of a readable file with " + length;
        Optional<String> file = optional(key + "-file", Reader::isAbsolute, allowed);
        if (file.isEmpty()) {
            return Optional.of(secret).filter(text -> !text.isEmpty()).map(Secret::new);
        }
        require(key + "-file", secret.isEmpty(), "empty when " + key + " is set");
        String content = content(key + "-file", Path.of(file.get()), allowed);
        require(key + "-file", content.length() >= minLength, allowed);
        return Optional.of(new Secret(content));
    }

    /** UTF-8, without the line break that editors and {@code echo} leave at the end. */
    private String content(String key, Path file, String allowed) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_SECRET + 1);
            require(key, bytes.length <= MAX_SECRET, allowed + ", and at most " + MAX_SECRET + " bytes");
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString()
                    .replaceFirst("\\r?\\n\\z", "");
        } catch (IOException e) {
            throw wrong(key, told(key), allowed + " (" + e.getClass().getSimpleName() + ")");
        }
    }

    private static boolean isAbsolute(String text) {
        try {
            return Path.of(text).isAbsolute();
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** Insists on a rule that more than one setting has a part in, for a key that has been read. */
    void require(String key, boolean kept, String allowed) {
        if (!kept) {
            throw wrong(key, Objects.requireNonNull(entries.get(key)).value(), allowed);
        }
    }

    private <T> T read(String key, String allowed, Function<String, T> getter, Predicate<T> rule) {
        T value = get(key, allowed, getter);
        String told = told(key);
        if (!rule.test(value)) {
            throw wrong(key, told, allowed);
        }
        entries.put(key, new Entry(told, allowed));
        return value;
    }

    private <T> T get(String key, String allowed, Function<String, T> getter) {
        try {
            return getter.apply(key);
        } catch (ConfigException | IllegalArgumentException e) {
            throw wrong(key, told(key), allowed);
        }
    }

    private String told(String key) {
        String value = config.hasPath(key) ? String.valueOf(config.getValue(key).unwrapped()) : "nothing";
        return Secret.maskedIn(value.replaceAll("\\p{Cntrl}", "?")); // one log record is one line
    }

    private static IllegalArgumentException wrong(String key, String value, String allowed) {
        return new IllegalArgumentException(key + " is " + value + ", but must be " + allowed);
    }

    private List<String> strings(String key) {
        Stream<String> all = config.getValue(key).valueType() == ConfigValueType.LIST
                ? config.getStringList(key).stream()
                : Stream.of(config.getString(key).split(",", -1));
        return all.map(String::strip).filter(text -> !text.isEmpty()).toList();
    }

    private static int percent(String share) {
        int percent = Integer.parseInt(share.substring(0, share.length() - 1).strip());
        if (percent < 1 || percent > 90) {
            throw new IllegalArgumentException("out of range");
        }
        return percent;
    }

    private static double perSecond(String rate) {
        int slash = rate.lastIndexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("no time");
        }
        Config parts = ConfigFactory.parseMap(Map.of(
                "amount",
                rate.substring(0, slash),
                "time",
                "1" + rate.substring(slash + 1).strip()));
        return parts.getBytes("amount") * 1e9 / parts.getDuration("time").toNanos();
    }

    private static String size(long bytes) {
        String[] units = {"", " KiB", " MiB", " GiB", " TiB"};
        int unit = 0;
        long amount = bytes;
        while (amount >= 1024 && amount % 1024 == 0 && unit < units.length - 1) {
            amount /= 1024;
            unit++;
        }
        return amount + units[unit];
    }

    private static String time(Duration duration) {
        return duration.toString().substring(2).toLowerCase(Locale.ROOT); // PT1M30S
    }
}
