package dev.parley.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.Api;
import dev.parley.testing.Client;
import dev.parley.testing.EventReader;
import dev.parley.testing.HeapDump;
import dev.parley.testing.OnServer;
import dev.parley.testing.RawSocket;
import dev.parley.testing.RoomClient;
import dev.parley.testing.ServerProcess;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jboss.arquillian.container.test.api.Deployer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The application comes and goes in one server, and leaves nothing of its own behind. */
class RedeployIT extends OnServer {

    private static final String WAR = "redeployed";
    private static final int TIMES = 20;
    private static final int LOADED_TIMES = Integer.getInteger("redeployments", 5);
    private static final int CLIENTS = 16;

    /** Bytes: less than what the event loops of one deployment hold on two cores. */
    private static final double LOOP_BUFFERS = 1 << 20;

    /** Frames that each client has read before the application is undeployed. */
    private static final int WARM = 50;

    /**
     * References of the servers and of Java to an application that is gone. GlassFish's listeners are one for each deployment,
     * for good; of the others there is one for each thread, handle or cached request.
     */
    private static final Set<String> KEPT_BY_OTHERS = Set.of(
            "java.lang.invoke.MethodHandle.asTypeCache", // its last conversion
            "java.lang.Thread.contextClassLoader", // a pool's thread, begun while the application was called
            "java.lang.Thread.inheritedAccessControlContext",
            "java.lang.Throwable.backtrace", // of the exception that ended a connection
            "org.jboss.threads.EnhancedQueueExecutor$Task.*", // a worker's last, until its next
            "org.apache.catalina.connector.Request.httpUpgradeHandler", // of requests to be used again
            // defineClassParallel: the thread that waited while another defined a class; one for each class of the
            // server's
            "org.apache.felix.framework.BundleWiringImpl$BundleClassLoader.m_classLocks",
            "org.glassfish.api.invocation.InvocationManagerImpl$InvocationArray.*", // what a pool's thread was last
            // called for
            "com.sun.enterprise.deployment.util.ResourceValidator.*", // the last application
            "org.glassfish.deployment.admin.DeployCommand.*",
            "org.glassfish.internal.data.ApplicationInfo$DeploymentFailedListener.*");

    private static final Pattern THREAD = Pattern.compile("(?m)^\"parley-.*$");

    /** Tells the loaders of this test's deployments from those of others in the same process. */
    @ApplicationScoped
    public static class Marker {
        void isLoaded(@Observes @Initialized(ApplicationScoped.class) Object application) {}
    }

    /** So that a failure of what came before it is the one that is told. */
    @FunctionalInterface
    private interface Undeployment extends AutoCloseable {
        @Override
        void close();
    }

    @TempDir
    Path directory;

    @ArquillianResource
    private Deployer deployer;

    @Deployment(name = WAR, managed = false, testable = false)
    static WebArchive war() {
        return parley(Marker.class);
    }

    /** What has to be gone is gone; what is left, the server keeps, and nothing of the application's own does. */
    @Test
    @SuppressWarnings("try") // the undeployment is there to be closed
    void twentyRedeploymentsLeaveNoThreadAndNothingThatKeepsAClassLoader() throws IOException {
        for (int i = 0; i < TIMES; i++) {
            deployer.deploy(WAR);
            try (Undeployment atTheEnd = () -> deployer.undeploy(WAR)) {
                use();
            }
        }
        assertNothingIsLeft();
    }

    /** Connections are closed while they are read and written. {@code -Dredeployments=20} for more of it. */
    @Test
    @SuppressWarnings("try") // the undeployment is there to be closed
    void redeploymentsUnderLoadLeaveNoThreadNoMemoryAndNothingThatKeepsAClassLoader() throws Exception {
        var direct = new ArrayList<Double>();
        for (int i = 0; i < LOADED_TIMES; i++) {
            var load = new ArrayList<Thread>();
            deployer.deploy(WAR);
            try (Undeployment atTheEnd = () -> deployer.undeploy(WAR)) {
                ServerProcess.collect(); // direct memory goes with the objects that hold it
                direct.add(new Api(base()).metric("jvm_buffer_memory_used_bytes{id=\"direct\"}"));
                var underWay = new CountDownLatch(CLIENTS);
                for (int n = 0; n < CLIENTS; n++) {
                    RawSocket socket = open(n < CLIENTS / 2 ? "/ws/echo?prefix=" : "/ws/chat/loaded");
                    boolean speaks = n <= CLIENTS / 2; // all that echo, and one in the room
                    var thread = new Thread(() -> talk(socket, speaks, underWay), "client of the test");
                    thread.start();
                    load.add(thread);
                }
                assertThat(underWay.await(DEADLINE.toSeconds(), TimeUnit.SECONDS))
                        .isTrue();
            }
            for (Thread thread : load) {
                thread.join(DEADLINE.toMillis());
                assertThat(thread.isAlive()).as("a client is still connected").isFalse();
            }
        }
        assertNothingIsLeft();
        assertThat(direct).allSatisfy(bytes -> assertThat(bytes).isPositive());
        assertThat(direct.get(LOADED_TIMES - 1) - direct.get(1))
                .as("direct memory of the server at the start of each deployment: %s", direct)
                .isLessThan(LOOP_BUFFERS);
    }

    /** Reads until the connection ends; one that speaks sends a message for each frame that comes. */
    private static void talk(RawSocket socket, boolean speaks, CountDownLatch underWay) {
        byte[] message = RawSocket.encode(RawSocket.TEXT, true, true, (byte) 'x');
        try {
            if (speaks) {
                socket.offer(message);
            }
            int frames = 0;
            for (var frame = socket.nextOrEnd();
                    frame != null && frame.opcode() != RawSocket.CLOSE;
                    frame = socket.nextOrEnd()) {
                if (++frames == WARM) {
                    underWay.countDown();
                }
                if (speaks) {
                    socket.offer(message);
                }
            }
        } finally {
            socket.close();
        }
    }

    private void assertNothingIsLeft() throws IOException {
        assertThat(THREAD.matcher(ServerProcess.threads()).results().map(found -> found.group()))
                .isEmpty();
        var dump = directory.resolve("redeployed.hprof");
        ServerProcess.dumpHeap(dump);
        assertThat(new HeapDump(dump, KEPT_BY_OTHERS).heldLoadersOf(Marker.class.getName()))
                .isEmpty();
    }

    /** Leaves each kind of client connected. */
    private void use() {
        connect("/ws").expectText("welcome");
        Client plain = connect("/ws/chat/r?user=alice").expectText("* alice joined");
        var typed = new RoomClient(connect("/ws/chat/r?user=bob", "Sec-WebSocket-Protocol", RoomClient.SUBPROTOCOL));
        assertThat(typed.next().getString("type")).isEqualTo("welcome");
        plain.expectText("* bob joined");
        keep(EventReader.open(base(), "/api/rooms/other/events")).next("welcome");
        open("/ws/echo").text("hi").expectText("echo: hi").close(); // without a word
        new Api(base()).publish("r", "carol", "hello");
        plain.expectText("carol: hello");
        new Api(base()).get("/ops/metrics").expect(200);
    }
}
