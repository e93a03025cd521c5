import java.io.File;
import java.io.IOException;
import java.net.BindException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Runs the WAR on one of three servers until Ctrl-C: what `mvn -Prun` ends in. Everything the server writes stays under
 * target/run; the unpacked distribution is only read.
 *
 * <p>Usage: {@code java Run.java wildfly|payara|glassfish <home or jar> <war> <port> <address> [option of the server's JVM,
 * such as -Dparley.key=value ...]}. The run lasts as long as standard input stays open, so that it never outlives the process that started it.
 */
public final class Run {
    private static final Path WORK = Path.of("target", "run").toAbsolutePath();

    /** What peers have left free goes back to the system, but for a fifth; as shipped, a JVM keeps up to seven tenths of its heap free. */
    private static final List<String> HEAP = List.of("-XX:MinHeapFreeRatio=10", "-XX:MaxHeapFreeRatio=20");

    private static final long START_SECONDS = 120;
    private static final long STOP_SECONDS = 20;
    /** What WildFly, Payara and GlassFish log when the WAR did not deploy, while they stay up. */
    private static final Pattern UNDEPLOYED =
            Pattern.compile("WFLYSRV0026|Boot Command deploy failed|No applications deployed");

    /**
     * Now and then the thread of Payara 6.2025.9 that deploys has lost its class loader by then, and nothing can be deployed in
     * that process. eclipse-ee4j/glassfish#25552 is another race of the same start.
     */
    private static final Pattern LOADER_LOST =
            Pattern.compile("at com\\.sun\\.enterprise\\.security\\.PolicyLoader\\.loadClass");

    private final Path home;
    private final Path war;
    private final int port;
    private final String address;
    /** For the server's JVM: Parley's settings and what else it is to be started with. */
    private final List<String> options;

    /** What this server writes, its configuration included. */
    private final Path base;

    private final Path log;
    private volatile Process server; // the one that runs
    private volatile boolean stopping;

    private Run(String server, Path home, Path war, int port, String address, List<String> options) {
        this.home = home;
        this.war = war;
        this.port = port;
        this.address = address;
        this.options = options;
        base = WORK.resolve(server);
        log = WORK.resolve(server + ".log");
    }

    public static void main(String[] args) throws Exception {
        String server = args[0];
        try {
            Run run = new Run(
                    server,
                    Path.of(args[1]).toAbsolutePath(),
                    Path.of(args[2]).toAbsolutePath(),
                    parsePort(args[3]),
                    args[4],
                    Arrays.asList(args).subList(5, args.length));
            run.checkPort();
            Files.createDirectories(run.base);
            Files.deleteIfExists(run.log);
            switch (server) {
                case "wildfly" -> run.serve("WildFly", run.wildfly(), "");
                case "payara" -> run.serve("Payara", run.payara(), "AS_ADMIN_MASTERPASSWORD=changeit\n");
                case "glassfish" -> run.serve("GlassFish", run.glassfish(), "");
                default -> throw new Failure("No such server: " + server + ".");
            }
        } catch (Failure e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    // What differs per server: how its configuration is made, and its command line.

    /** A base directory with the tuned configuration, made anew when the script or the distribution is another. */
    private List<String> wildfly() throws IOException, InterruptedException {
        Path script = Path.of("docker", "wildfly", "parley.cli").toAbsolutePath();
        Path stamp = base.resolve("configured-by");
        String cause =
                home + "\n" + Files.getLastModifiedTime(home.resolve("standalone")) + "\n" + Files.readString(script);
        if (!Files.exists(stamp) || !Files.readString(stamp).equals(cause)) {
            delete(base);
            copyConfiguration(home.resolve("standalone/configuration"), base.resolve("configuration"));
            List<String> cli = java("-Djboss.server.base.dir=" + base);
            cli.addAll(modules("org.jboss.as.cli", "--file=" + script));
            ProcessBuilder builder = builder(cli);
            builder.environment().put("JBOSS_HOME", home.toString());
            if (builder.start().waitFor() != 0) {
                throw new Failure("WildFly did not take docker/wildfly/parley.cli: see " + log + ".");
            }
            Files.writeString(stamp, cause);
        }
        for (String leftOver : List.of("data", "deployments", "log", "tmp")) {
            delete(base.resolve(leftOver));
        }
        Files.createDirectories(base.resolve("deployments"));
        Files.copy(war, base.resolve("deployments/parley.war"));
        List<String> line = java(
                "-Djava.net.preferIPv4Stack=" + !address.contains(":"),
                "--add-exports=java.desktop/sun.awt=ALL-UNNAMED",
                "--add-exports=java.naming/com.sun.jndi.ldap=ALL-UNNAMED",
                "--add-exports=java.naming/com.sun.jndi.url.ldap=ALL-UNNAMED",
                "--add-exports=java.naming/com.sun.jndi.url.ldaps=ALL-UNNAMED",
                "--add-exports=jdk.naming.dns/com.sun.jndi.dns=ALL-UNNAMED",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED",
                "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
                "--add-opens=java.base/java.io=ALL-UNNAMED",
                "--add-opens=java.base/java.net=ALL-UNNAMED",
                "--add-opens=java.base/java.security=ALL-UNNAMED",
                "--add-opens=java.base/java.util=ALL-UNNAMED",
                "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
                "--add-opens=java.management/javax.management=ALL-UNNAMED",
                "--add-opens=java.naming/javax.naming=ALL-UNNAMED");
        line.addAll(modules(
                "org.jboss.as.standalone",
                "-Djboss.home.dir=" + home,
                "-Djboss.server.base.dir=" + base,
                "-Djboss.bind.address=" + address,
                "-Djboss.http.port=" + port,
                "-Djboss.bind.address.management=127.0.0.1",
                "-Djboss.management.http.port=0", // any free one
                "-Dwildfly.io.threads=" + Runtime.getRuntime().availableProcessors(),
                "--read-only-server-config=standalone.xml"));
        return line;
    }

    private List<String> modules(String main, String... args) {
        List<String> line = new ArrayList<>(
                List.of("-jar", home.resolve("jboss-modules.jar").toString()));
        line.addAll(List.of("-mp", home.resolve("modules").toString(), main));
        line.addAll(List.of(args));
        return line;
    }

    /** A copy of domain1, and the command line that asadmin would start it with, so that it is a child of this process. */
    private List<String> payara() throws IOException, InterruptedException {
        Path domain = base.resolve("domain1");
        for (String leftOver : List.of("applications", "config", "generated", "logs", "session-store")) {
            delete(domain.resolve(leftOver));
        }
        copyConfiguration(home.resolve("glassfish/domains/domain1/config"), domain.resolve("config"));
        // A message broker would listen on every address; no command can reach its element, which appears after them.
        Path configuration = domain.resolve("config/domain.xml");
        Files.writeString(
                configuration,
                Files.readString(configuration)
                        .replaceFirst("<availability-service>", "<jms-service type=\"DISABLED\"/>$0"));
        Files.createDirectories(domain.resolve("docroot")); // Empty: nothing answers before the WAR does.
        String listeners = "set configs.config.server-config.network-config.network-listeners.network-listener.";
        Path before = Files.writeString(
                base.resolve("pre-boot.asadmin"),
                String.join(
                        "\n",
                        Files.readString(Path.of("docker", "payara", "pre-boot.asadmin")),
                        listeners + "http-listener-1.port=" + port,
                        listeners + "http-listener-1.address=" + address,
                        listeners + "admin-listener.port=0", // any free one
                        listeners + "admin-listener.address=127.0.0.1",
                        ""));
        Path after = Files.writeString(base.resolve("post-boot.asadmin"), "deploy --name parley \"" + war + "\"\n");
        // The domain's own command line; to ask for it starts a JVM, so the answer is kept while the domain is the
        // same.
        Path kept = base.resolve("command-line");
        String cause = System.getProperty("java.home") + " " + Files.getLastModifiedTime(home.resolve("glassfish"))
                + " " + Files.readString(configuration).hashCode();
        if (!Files.exists(kept) || !Files.readString(kept).startsWith(cause + "\n")) {
            Files.writeString(kept, cause + "\n" + String.join("\n", payaraCommandLine(before, after)));
        }
        List<String> lines = Files.readAllLines(kept);
        return lines.subList(1, lines.size());
    }

    private List<String> payaraCommandLine(Path before, Path after) throws IOException, InterruptedException {
        Process asadmin = new ProcessBuilder(java(
                        "-jar",
                        home.resolve("glassfish/lib/client/appserver-cli.jar").toString(),
                        "start-domain",
                        "--dry-run",
                        "--domaindir=" + base,
                        "--prebootcommandfile=" + before,
                        "--postbootcommandfile=" + after,
                        "domain1"))
                .redirectError(log.toFile())
                .start();
        // A heading, then one argument per line up to an empty one.
        List<String> output = asadmin.inputReader().lines().toList();
        if (asadmin.waitFor() != 0 || !output.contains("")) {
            throw new Failure("Payara gave no command line to start it with: " + String.join(" ", output));
        }
        return output.subList(1, output.indexOf(""));
    }

    /** One jar is the whole server; it keeps its files in the temporary directory. */
    private List<String> glassfish() throws IOException {
        delete(base);
        Path temporary = Files.createDirectories(base.resolve("tmp"));
        Path properties = Files.writeString(
                base.resolve("parley.properties"),
                String.join(
                        "\n",
                        "configs.config.server-config.network-config.network-listeners.network-listener.http-listener"
                                + ".address=" + address,
                        // As on Payara, and for the same reasons: docker/payara/pre-boot.asadmin.
                        "configs.config.server-config.thread-pools.thread-pool.http-thread-pool"
                                + ".max-thread-pool-size=16",
                        "configs.config.server-config.network-config.protocols.protocol.http-listener.http"
                                + ".timeout-seconds=5",
                        "configs.config.server-config.network-config.protocols.protocol.http-listener.http"
                                + ".websockets-support-enabled=false",
                        "configs.config.server-config.network-config.protocols.protocol.http-listener.http"
                                + ".trace-enabled=true",
                        ""));
        return java(
                "-Djava.io.tmpdir=" + temporary,
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--add-opens=java.naming/javax.naming.spi=ALL-UNNAMED",
                "-jar",
                home.toString(),
                "--properties=" + properties,
                "--port=" + port,
                war.toString());
    }

    // What is the same for all.

    /** Starts the server, tells when the page answers, and stays until either ends. */
    private void serve(String name, List<String> line, String input) throws IOException, InterruptedException {
        System.out.println("Starting Parley on " + name + ", log in " + log);
        List<String> full = new ArrayList<>(line);
        full.addAll(1, options);
        full.addAll(1, HEAP);
        start(full, input);
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop));
        Thread lifeline = new Thread(() -> {
            awaitEndOfInput();
            System.exit(0);
        });
        lifeline.setDaemon(true);
        lifeline.start();

        String host = List.of("127.0.0.1", "0.0.0.0", "::", "::1").contains(address) ? "localhost" : address;
        URI page = URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port + "/");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        boolean again = false;
        URI client = page.resolve("parley.js"); // the page may be switched off
        while (!answers(client)) {
            if (server.waitFor(200, TimeUnit.MILLISECONDS)) {
                throw new Failure(
                        name + " ended (" + server.exitValue() + ") before the page answered: see " + log + ".");
            }
            String logged = Files.readString(log, StandardCharsets.ISO_8859_1);
            if (UNDEPLOYED.matcher(logged).find()) {
                if (again || !LOADER_LOST.matcher(logged).find()) {
                    throw new Failure("Parley did not deploy on " + name + ": see " + log + ".");
                }
                again = true;
                System.out.println(name + " lost a class loader in its start and is started again.");
                server.destroyForcibly().waitFor();
                Files.delete(log);
                start(full, input);
            }
            if (System.nanoTime() > deadline) {
                throw new Failure(page + " did not answer within " + START_SECONDS + " seconds: see " + log + ".");
            }
        }
        System.out.println();
        System.out.println("  Parley is running on " + name + ": " + page);
        System.out.println("  Ctrl-C stops it.");
        if (!host.equals("localhost") || address.matches("0\\.0\\.0\\.0|::")) {
            System.out.println(
                    "  It listens beyond this machine: without parley.token.required=true anybody may read and publish,");
            System.out.println("  under any name. See src/site/markdown/before-you-go-public.md.");
        }
        System.out.println();
        int status = server.waitFor();
        if (!stopping) {
            throw new Failure(name + " ended by itself (" + status + "): see " + log + ".");
        }
    }

    private void start(List<String> line, String input) throws IOException {
        server = builder(line).start();
        try (var stdin = server.outputWriter()) {
            stdin.write(input);
        } catch (IOException e) {
            // It has ended already, which the caller finds out.
        }
    }

    private static boolean answers(URI page) {
        try {
            HttpURLConnection connection = (HttpURLConnection) page.toURL().openConnection();
            connection.setConnectTimeout(1000);
            connection.setReadTimeout(5000);
            return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException e) {
            return false;
        }
    }

    private static void awaitEndOfInput() {
        try {
            System.in.transferTo(java.io.OutputStream.nullOutputStream());
        } catch (IOException e) {
            // As good as its end.
        }
    }

    /** In order if the server can, by force when it takes too long. */
    private void stop() {
        stopping = true;
        if (!server.isAlive()) {
            return;
        }
        System.out.println("Stopping.");
        server.destroy();
        try {
            if (!server.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                server.destroyForcibly().waitFor();
            }
            System.out.println("Stopped.");
        } catch (InterruptedException e) {
            server.destroyForcibly();
        }
    }

    private static int parsePort(String text) throws Failure {
        if (!text.matches("\\d{1,5}") || Integer.parseInt(text) > 65535 || Integer.parseInt(text) == 0) {
            throw new Failure("Not a port: " + text + ".");
        }
        return Integer.parseInt(text);
    }

    private void checkPort() throws Failure {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(InetAddress.getByName(address), port));
        } catch (BindException e) {
            throw new Failure(
                    "Cannot listen on " + address + ":" + port + ": " + e.getMessage() + ". Another port: -Dport=9090");
        } catch (IOException e) {
            throw new Failure("Not an address of this machine: " + address + ".");
        }
    }

    private static List<String> java(String... args) {
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(List.of(args));
        return line;
    }

    private ProcessBuilder builder(List<String> line) {
        return new ProcessBuilder(line)
                .directory(base.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    }

    /** Copies the files of a configuration; where the tests have changed one, they kept it as it was shipped. */
    private static void copyConfiguration(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = file.getFileName().toString();
                Path shipped = from.resolve(name.replaceFirst("\\.xml$", "-shipped.xml"));
                Path source = Files.exists(shipped) ? shipped : file;
                Files.copy(source, to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static void delete(Path path) throws IOException {
        if (Files.exists(path)) {
            try (var tree = Files.walk(path)) {
                tree.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
            }
        }
    }

    /** Ends the run with one line for the user. */
    private static final class Failure extends IOException {
        private static final long serialVersionUID = 1;

        Failure(String message) {
            super(message);
        }
    }
}
