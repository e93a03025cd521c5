package dev.parley.ops;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a room keeps, and what becomes of those who do not follow, by its name. Immutable.
 *
 * @param empty how many rooms without members keep their history
 * @param history for rooms that no rule names
 * @param overflow for rooms that no rule names
 * @param rules the first that matches counts
 */
public record Rooms(int empty, History history, Overflow overflow, List<Rule> rules) {

    static Rooms of(Reader from) {
        return new Rooms(
                from.count("parley.history.empty-rooms", 0, 1 << 24),
                new History(
                        from.count("parley.history.messages", 0, 1 << 20),
                        from.bytes("parley.history.bytes", 0, 1L << 40),
                        from.duration("parley.history.age", Duration.ZERO, Duration.ofDays(365))),
                Overflow.of(from.word("parley.overflow", Overflow.WORDS)),
                from
                        .list(
                                "parley.room-rules",
                                Rule::isRule,
                                "rules <rooms> <overflow> <messages> <bytes> <age>,"
                                        + " such as price-* latest 1 64KiB 1h")
                        .stream()
                        .map(Rule::parse)
                        .toList());
    }

    /**
     * What history a room keeps.
     *
     * @param room its name
     * @return the bounds
     */
    public History history(String room) {
        return get(room, Rule::history, history);
    }

    /**
     * What becomes of a reader of a room that lags too far.
     *
     * @param room its name
     * @return the policy
     */
    public Overflow overflow(String room) {
        return get(room, Rule::overflow, overflow);
    }

    private <T> T get(String room, Function<Rule, T> part, T otherwise) {
        for (Rule rule : rules) {
            if (rule.matches(room)) {
                return part.apply(rule);
            }
        }
        return otherwise;
    }

    /**
     * What is kept of the messages that every member has read: within all three bounds.
     *
     * @param messages how many
     * @param bytes how many bytes of them
     * @param age for how long
     */
    public record History(int messages, long bytes, Duration age) {}

    /** What becomes of a reader that lags further than its room keeps events. */
    public enum Overflow {
        /** It is closed with 1013. */
        DISCONNECT,
        /** It goes on with the oldest that is kept and is told what it missed. One who speaks plain text is closed. */
        DROP_OLDEST,
        /** Of messages that wait for it, it gets the newest alone, and is told what it missed. With plain text: as above. */
        LATEST;

        private static final String[] WORDS = {"disconnect", "drop-oldest", "latest"};

        private static Overflow of(String word) {
            return valueOf(word.replace('-', '_').toUpperCase(Locale.ROOT));
        }
    }

    /**
     * A policy for some rooms.
     *
     * @param rooms matches their names; {@code *} stands for any characters
     * @param overflow what becomes of a reader that lags too far
     * @param history what is kept
     */
    public record Rule(Pattern rooms, Overflow overflow, History history) {

        boolean matches(String room) {
            return rooms.matcher(room).matches();
        }

        static boolean isRule(String text) {
            try {
                parse(text);
                return true;
            } catch (IllegalArgumentException | ConfigException e) {
                return false;
            }
        }

        static Rule parse(String text) {
            String[] words = text.split(" +", -1);
            if (words.length != 5) {
                throw new IllegalArgumentException("not five words");
            }
            String glob = Pattern.compile("*", Pattern.LITERAL)
                    .splitAsStream(words[0] + " ")
                    .map(String::strip)
                    .map(Pattern::quote)
                    .collect(Collectors.joining(".*"));
            Config bounds = ConfigFactory.parseMap(Map.of("messages", words[2], "bytes", words[3], "age", words[4]));
            History history =
                    new History(bounds.getInt("messages"), bounds.getBytes("bytes"), bounds.getDuration("age"));
            if (history.messages < 0 || history.messages > 1 << 20 || history.age.isNegative()) {
                throw new IllegalArgumentException("out of range");
            }
            return new Rule(Pattern.compile(glob), Overflow.of(words[1]), history);
        }
    }

    /**
     * For how long the id of a message is remembered, so that the same again is the same message.
     *
     * @param window how long
     * @param perRoom how many in a room; the oldest is forgotten first
     */
    public record Ids(Duration window, int perRoom) {
        static Ids of(Reader from) {
            return new Ids(
                    from.duration("parley.ids.window", Duration.ofSeconds(1), Duration.ofDays(1)),
                    from.count("parley.ids.per-room", 1, 1 << 20));
        }
    }
}
