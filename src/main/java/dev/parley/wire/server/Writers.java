package dev.parley.wire.server;

import dev.parley.ops.Settings;
import dev.parley.wire.EventLoops;
import dev.parley.wire.FrameConnection;
import dev.parley.wire.FrameLoop;
import dev.parley.wire.FrameWriter;
import dev.parley.wire.NotTakenException;
import dev.parley.wire.portable.PortableWriter;
import dev.parley.wire.tyrus.TyrusTimer;
import dev.parley.wire.tyrus.TyrusTransport;
import dev.parley.wire.tyrus.TyrusWriter;
import dev.parley.wire.undertow.UndertowUpgrade;
import dev.parley.wire.undertow.UndertowWriter;
import jakarta.websocket.Session;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Chooses how frames come from and reach the peers of this server: with the first session, which shows what server this is. One
 * log line says what it was. Safe for any thread.
 */
public final class Writers implements AutoCloseable {

    private static final Logger LOG = System.getLogger(Writers.class.getName());

    private static final String UNDERTOW = "io.undertow.";
    private static final String TYRUS = "org.glassfish.tyrus.";

    private final Settings.Writer choice;
    private final FrameLoop.All loops = new FrameLoop.All();
    private final EventLoops own = new EventLoops();
    private final AtomicBoolean partly = new AtomicBoolean();
    private volatile @Nullable Way way;

    /**
     * Starts nothing yet.
     *
     * @param choice what the operator wants
     */
    public Writers(Settings.Writer choice) {
        this.choice = choice;
    }

    /**
     * Makes a writer by the best way that the server has; from the first session on with which it fails, by the next.
     *
     * @param session a session just opened, in its {@code @OnOpen}
     * @return the writer
     */
    public FrameWriter open(Session session) {
        Way chosen = way;
        if (chosen == null) {
            chosen = wayOf(session);
            way = chosen;
            LOG.log(Level.INFO, "Frames go through {0}", chosen);
        }
        while (chosen != Way.PORTABLE) {
            try {
                return chosen.open(session, this);
            } catch (NotTakenException e) {
                if (partly.compareAndSet(false, true)) {
                    LOG.log(
                            Level.INFO,
                            "A connection, and perhaps others, goes through {0}: {1}",
                            chosen.next(),
                            e.getMessage());
                }
            } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
                way = chosen.next();
                LOG.log(Level.WARNING, chosen + " is not as it was: frames go through " + chosen.next(), e);
            }
            chosen = chosen.next();
        }
        return portable(session);
    }

    private Way wayOf(Session session) {
        boolean auto = choice.readsFrames();
        if (choice == Settings.Writer.PORTABLE) {
            return Way.PORTABLE;
        }
        if (isFrom(session, UNDERTOW)) {
            return auto ? Way.UNDERTOW_SOCKET : Way.UNDERTOW;
        }
        if (isFrom(session, TYRUS)) {
            return auto ? Way.TYRUS_SOCKET : Way.TYRUS;
        }
        return Way.PORTABLE;
    }

    /** Ends the event loops of this application, which give their connections back to the server, and waits for them. */
    @Override
    public void close() {
        own.end();
    }

    /**
     * Whether a partial message handler gets the fragments of a message, so that counting its calls counts fragments. Undertow
     * gives what each read brought instead, and says nothing of fragments.
     *
     * @param session a session of this server
     * @return true unless the server is Undertow
     */
    public static boolean partsAreFragments(Session session) {
        return !isFrom(session, UNDERTOW);
    }

    private static FrameWriter portable(Session session) {
        if (isFrom(session, TYRUS)) {
            TyrusTimer.spare(session);
        }
        return new PortableWriter(session, isFrom(session, UNDERTOW));
    }

    private static boolean isFrom(Session session, String packages) {
        return session.getClass().getName().startsWith(packages);
    }

    /** The ways there are. A server's classes are touched by the method of its own constant alone. */
    private enum Way {
        UNDERTOW_SOCKET("the sockets of Undertow's connections") {
            @Override
            FrameWriter open(Session session, Writers writers) throws NotTakenException, ReflectiveOperationException {
                return UndertowUpgrade.take(session, writers.loops);
            }

            @Override
            Way next() {
                return UNDERTOW;
            }
        },
        UNDERTOW("Undertow's frame channel") {
            @Override
            FrameWriter open(Session session, Writers writers) {
                return UndertowWriter.open(session);
            }
        },
        TYRUS_SOCKET("the sockets of Tyrus's connections") {
            @Override
            FrameWriter open(Session session, Writers writers) throws NotTakenException, ReflectiveOperationException {
                TyrusTransport transport = TyrusTransport.below(session, writers.own);
                return new FrameConnection(transport, writers.loops.of(transport.loop()));
            }

            @Override
            Way next() {
                return TYRUS;
            }
        },
        TYRUS("Tyrus's writer") {
            @Override
            FrameWriter open(Session session, Writers writers) throws NotTakenException, ReflectiveOperationException {
                TyrusTimer.spare(session);
                return TyrusWriter.open(session);
            }
        },
        PORTABLE("the portable RemoteEndpoint.Async") {
            @Override
            FrameWriter open(Session session, Writers writers) {
                return portable(session);
            }
        };

        private final String words;

        Way(String words) {
            this.words = words;
        }

        /** A writer for a session. */
        abstract FrameWriter open(Session session, Writers writers)
                throws NotTakenException, ReflectiveOperationException;

        /** The way for what this one cannot do. */
        Way next() {
            return PORTABLE;
        }

        @Override
        public String toString() {
            return words;
        }
    }
}
