package dev.parley.ops;

import com.typesafe.config.Config;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What an operator can set, with every unit, default and consequence beside its key in {@code reference.conf}. A system
 * property {@code parley.*} wins over the environment's {@code PARLEY_*}, which wins over {@code META-INF/parley.conf} of the
 * application, which wins over the default. Immutable. There is a record for each group of keys.
 *
 * @param memory what may be held for all clients together, bytes
 * @param limits what one message may be
 * @param outbox what may wait for a peer of its own replies
 * @param room what a room keeps for members that lag
 * @param heartbeat when a peer is pinged and given up
 * @param drain how this node goes when it is told to
 * @param rooms what a room keeps by its name
 * @param ids for how long the id of a message is remembered
 * @param ops who may ask for health and metrics
 * @param gate who may come in, and how many
 * @param token what a token must be
 * @param rates how much clients may send and ask
 * @param broker what puts the messages in order, {@code memory} or {@code nats}
 * @param nats where the servers of the broker {@code nats} are
 * @param writer how frames come from peers and reach them
 * @param served which of the protocols are served, and whether the page is
 */
public record Settings(
        long memory,
        Limits limits,
        Outbox outbox,
        Room room,
        Heartbeat heartbeat,
        Drain drain,
        Rooms rooms,
        Rooms.Ids ids,
        Ops ops,
        Gate gate,
        Token token,
        Rates rates,
        String broker,
        Nats nats,
        Writer writer,
        Served served) {

    private static final Logger LOG = System.getLogger(Settings.class.getName());

    /**
     * Reads the settings of this server and logs them, secrets masked, with a warning for each key that is none.
     *
     * @return the effective settings
     * @throws IllegalArgumentException if a value is none or out of its range; it names key, value and range
     */
    public static Settings load() {
        Config config = Sources.read(Settings.class.getClassLoader(), System::getProperty, System::getenv);
        Reader reader = new Reader(config);
        Settings settings = of(reader);
        UnknownKeys.among(
                        System.getProperties().stringPropertyNames(),
                        System.getenv().keySet(),
                        Sources.keys(config),
                        reader.entries().keySet())
                .forEach(warning -> LOG.log(Level.WARNING, warning));
        LOG.log(Level.INFO, "Settings: " + reader);
        return settings;
    }

    static Settings of(Config config) {
        return of(new Reader(config));
    }

    static Settings of(Reader from) {
        return new Settings(
                from.memory("parley.memory", Runtime.getRuntime().maxMemory()),
                Limits.of(from),
                Outbox.of(from),
                Room.of(from),
                Heartbeat.of(from),
                Drain.of(from),
                Rooms.of(from),
                Rooms.Ids.of(from),
                Ops.of(from),
                Gate.of(from),
                Token.of(from),
                Rates.of(from),
                from.word("parley.broker", "memory", "nats"),
                Nats.of(from),
                Writer.of(from),
                Served.of(from));
    }

    /**
     * What this server serves beside rooms over HTTP.
     *
     * @param protocols which of {@code lobby}, {@code echo}, {@code reverse}, {@code chat} and {@code json}
     * @param page whether the page is served
     */
    public record Served(Set<String> protocols, boolean page) {

        private static final List<String> PROTOCOLS = List.of("lobby", "echo", "reverse", "chat", "json");

        static Served of(Reader from) {
            return new Served(
                    Set.copyOf(from.list("parley.protocols", PROTOCOLS::contains, String.join(", ", PROTOCOLS))),
                    from.flag("parley.page"));
        }
    }

    /** How frames come from peers and reach them. */
    public enum Writer {
        /** Frames of our own where the server's connections can be taken, else the next. */
        AUTO,
        /** The container reads; batches go below its remote endpoint where there is a way that works, else the next. */
        CONTAINER,
        /** {@code RemoteEndpoint.Async}, whatever the server. */
        PORTABLE;

        static Writer of(Reader from) {
            return valueOf(
                    from.word("parley.writer", "auto", "container", "portable").toUpperCase(Locale.ROOT));
        }

        /**
         * Whether Parley reads the frames of the sockets itself, where the server lets it.
         *
         * @return false if the server is to read them
         */
        public boolean readsFrames() {
            return this == AUTO;
        }
    }

    /**
     * What one message may be.
     *
     * @param text the longest text message taken from a client, bytes of UTF-8
     * @param binary the longest binary message taken from a client, bytes
     * @param fragments in how many fragments a message may come
     */
    public record Limits(int text, int binary, int fragments) {
        static Limits of(Reader from) {
            return new Limits(
                    (int) from.bytes("parley.limits.text", 1, 1L << 30),
                    (int) from.bytes("parley.limits.binary", 1, 1L << 30),
                    from.count("parley.limits.fragments", 1, 1 << 30));
        }
    }

    /**
     * What may wait for a peer of its own replies.
     *
     * @param messages how many
     * @param bytes how many bytes of them
     */
    public record Outbox(int messages, long bytes) {
        static Outbox of(Reader from) {
            return new Outbox(
                    from.count("parley.outbox.messages", 1, 1 << 20),
                    from.bytes("parley.outbox.bytes", 1024, 1L << 40));
        }
    }

    /**
     * What a room keeps of the events that not every member has read; who lags further is too slow.
     *
     * @param messages how many
     * @param bytes how many bytes of them
     */
    public record Room(int messages, long bytes) {
        static Room of(Reader from) {
            return new Room(
                    from.count("parley.room.messages", 1, 1 << 20), from.bytes("parley.room.bytes", 1024, 1L << 40));
        }
    }

    /**
     * When a peer is pinged and given up.
     *
     * @param ping how often a peer is pinged
     * @param pongDeadline within what time after a ping something must come from a peer
     * @param sendDeadline how long a batch may be on its way to a peer
     * @param closeGrace how long the connection may outlive the close of a peer before it is cut
     * @param messageDeadline within what time a message that has begun must end
     */
    public record Heartbeat(
            Duration ping,
            Duration pongDeadline,
            Duration sendDeadline,
            Duration closeGrace,
            Duration messageDeadline) {
        static Heartbeat of(Reader from) {
            return new Heartbeat(
                    from.duration("parley.heartbeat.ping", Duration.ofSeconds(1), Duration.ofSeconds(85)),
                    from.duration("parley.heartbeat.pong-deadline", Duration.ofSeconds(1), Duration.ofHours(1)),
                    from.duration("parley.heartbeat.send-deadline", Duration.ofSeconds(1), Duration.ofHours(1)),
                    from.duration("parley.heartbeat.close-grace", Duration.ofSeconds(1), Duration.ofMinutes(10)),
                    from.duration("parley.heartbeat.message-deadline", Duration.ofSeconds(1), Duration.ofHours(1)));
        }
    }

    /**
     * How this node goes when it is told to.
     *
     * @param spread over what time the peers are closed
     */
    public record Drain(Duration spread) {
        static Drain of(Reader from) {
            return new Drain(from.duration("parley.drain.spread", Duration.ZERO, Duration.ofHours(1)));
        }
    }

    /**
     * Access to {@code /ops}.
     *
     * @param token allows everything from anywhere; without it, only this machine can read
     */
    public record Ops(Optional<Secret> token) {
        static Ops of(Reader from) {
            return new Ops(from.secret("parley.ops.token", 16));
        }
    }

    /**
     * Who may come in, and how many.
     *
     * @param hosts the names of this server; if there are none, any name that a client uses is one
     * @param origins whose pages may connect besides this server's own
     * @param trustedProxies whose word is taken for a client's address and for what this server is called
     * @param forwarded which headers those proxies write, {@code x-forwarded} or {@code forwarded}
     * @param peers how many peers there may be
     * @param peersPerAddress how many of them from one IPv4 address or IPv6 /64
     */
    public record Gate(
            List<Host> hosts,
            List<Origin> origins,
            List<Network> trustedProxies,
            String forwarded,
            int peers,
            int peersPerAddress) {
        static Gate of(Reader from) {
            return new Gate(
                    from
                            .list(
                                    "parley.gate.hosts",
                                    Host::isHost,
                                    "host names, perhaps with a port, such as chat.example.org or localhost:8080")
                            .stream()
                            .map(Host::of)
                            .toList(),
                    from.list("parley.gate.origins", Origin::isOrigin, "origins such as https://example.org").stream()
                            .map(Origin::of)
                            .toList(),
                    from
                            .list(
                                    "parley.gate.trusted-proxies",
                                    Network::isNetwork,
                                    "addresses and blocks such as 10.0.0.0/8")
                            .stream()
                            .map(Network::parse)
                            .toList(),
                    from.word("parley.gate.forwarded", "x-forwarded", "forwarded"),
                    from.count("parley.gate.peers", 1, 1 << 24),
                    from.count("parley.gate.peers-per-address", 1, 1 << 24));
        }
    }

    /**
     * A rate, and for how long it may be exceeded.
     *
     * @param messages how many in a second
     * @param bytes how many bytes in a second
     * @param burst for how long a client may send at once what the rate gives
     */
    public record Rate(double messages, double bytes, Duration burst) {

        /**
         * A multiple of this rate.
         *
         * @param factor how many times as much
         * @return a rate with the same burst
         */
        public Rate times(int factor) {
            return new Rate(factor * messages, factor * bytes, burst);
        }
    }

    /**
     * How much clients may send and ask.
     *
     * @param connection what one connection may send
     * @param client what all connections and requests of one user or address may send together
     * @param reads how often a user or address may read rooms and histories over HTTP
     * @param refusals how often handshakes, requests and tokens of an address may be refused until it has to wait
     */
    public record Rates(Rate connection, Rate client, Rate reads, Rate refusals) {

        private static final long MAX = 1L << 40;

        static Rates of(Reader from) {
            Duration burst = from.duration("parley.rate.burst", Duration.ofMillis(100), Duration.ofHours(1));
            Rate connection =
                    new Rate(from.rate("parley.rate.messages", 1, MAX), from.rate("parley.rate.bytes", 1, MAX), burst);
            int factor = from.count("parley.rate.client-factor", 1, 1 << 20);
            return new Rates(
                    connection,
                    connection.times(factor),
                    new Rate(from.rate("parley.rate.reads", 1, MAX), MAX, burst),
                    new Rate(from.rate("parley.rate.refusals", 1, MAX), MAX, burst));
        }
    }
}
