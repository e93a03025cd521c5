package dev.parley.cluster;

import dev.parley.testing.Ports;
import dev.parley.testing.Proxy;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** NATS servers that are one cluster, named by their places from 0, each with a way of its own to each other one. */
public final class NatsCluster implements AutoCloseable {

    private final List<NatsServer> servers = new ArrayList<>();
    private final List<List<Proxy>> ways = new ArrayList<>(); // from, to; the one to itself leads nowhere

    /** Starts so many servers, with these options besides. */
    public NatsCluster(int size, String... options) {
        this(size, NatsServer::new, options);
    }

    /** The same, each with a disk of its own that has so many megabytes. */
    public static NatsCluster onDisks(int size, int megabytes) {
        return new NatsCluster(size, line -> NatsServer.onDisk(megabytes, line));
    }

    private NatsCluster(int size, Function<String[], NatsServer> start, String... options) {
        List<URI> routes = Stream.generate(() -> URI.create("nats://127.0.0.1:" + Ports.free()))
                .limit(size)
                .toList();
        for (int from = 0; from < size; from++) {
            ways.add(routes.stream().map(Proxy::new).toList());
        }
        for (int place = 0; place < size; place++) {
            int from = place;
            List<String> line = new ArrayList<>(List.of(
                    "--server_name",
                    Integer.toString(place),
                    "--cluster_name",
                    "parley",
                    "--cluster",
                    routes.get(place).toString(),
                    "--cluster_advertise", // nobody finds a way around the proxies
                    "127.0.0.1:1",
                    "--routes",
                    IntStream.range(0, size)
                            .filter(to -> to != from)
                            .mapToObj(to ->
                                    "nats://127.0.0.1:" + ways.get(from).get(to).port())
                            .collect(Collectors.joining(","))));
            line.addAll(List.of(options));
            servers.add(start.apply(line.toArray(String[]::new)));
        }
    }

    /** Where clients connect. */
    public String addresses() {
        return servers.stream().map(NatsServer::address).collect(Collectors.joining(","));
    }

    /** A server. */
    public NatsServer get(int place) {
        return servers.get(place);
    }

    /** Nothing passes between one and the others; no connection is closed. */
    public void isolate(int place) {
        waysOf(place).forEach(way -> way.dark = true);
    }

    /** Ends {@link #isolate}: what was on the way is gone. */
    public void join(int place) {
        waysOf(place).forEach(way -> {
            way.cut();
            way.dark = false;
        });
    }

    /** What passes between the servers takes so long, milliseconds each way. */
    public void slow(int milliseconds) {
        ways.stream().flatMap(List::stream).forEach(way -> way.delay = milliseconds);
    }

    private Stream<Proxy> waysOf(int place) {
        return IntStream.range(0, servers.size())
                .filter(other -> other != place)
                .boxed()
                .flatMap(other ->
                        Stream.of(ways.get(place).get(other), ways.get(other).get(place)));
    }

    @Override
    public void close() throws IOException {
        servers.forEach(NatsServer::close);
        for (List<Proxy> each : ways) {
            for (Proxy way : each) {
                way.close();
            }
        }
    }
}
