package dev.parley.wire;

import jakarta.websocket.Session;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Chooses how frames come from and reach the peers of this server: once, at the start. */
public final class Writers {

    /** Which way to take. */
    public enum Choice {
        /** Frames of our own where the server's connections can be taken, else the next. */
        AUTO,
        /** The container reads; batches go below its remote endpoint where there is a way that works, else the next. */
        CONTAINER,
        /** {@code RemoteEndpoint.Async}, whatever the server. */
        PORTABLE
    }

    private static final Logger LOG = System.getLogger(Writers.class.getName());

    private static final String UNDERTOW = "io.undertow.";
    private static final String TYRUS = "org.glassfish.tyrus.";

    private Writers() {}

    /**
     * Makes the choice: with the first session, which shows what server this is. One log line says what it was.
     *
     * @param choice what the operator wants
     * @return gives a writer for a session just opened; safe for any thread
     */
    public static Function<Session, FrameWriter> choose(Choice choice) {
        Function<Session, FrameWriter> way = choice == Choice.PORTABLE ? Writers::portable : new Automatic(choice);
        return session -> {
            if (isFrom(session, TYRUS)) {
                TyrusTimer.spare(session); // on the portable way too: it costs a task for each frame sent
            }
            return way.apply(session);
        };
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
        return new PortableWriter(session, isFrom(session, UNDERTOW));
    }

    private static boolean isFrom(Session session, String packages) {
        return session.getClass().getName().startsWith(packages);
    }

    /** The best way that the server has; from the first session on with which it fails, the next. */
    private static final class Automatic implements Function<Session, FrameWriter> {

        private final Choice choice;
        private final FrameLoop.All loops = new FrameLoop.All();
        private final AtomicBoolean partly = new AtomicBoolean();
        private volatile @Nullable Way way;

        Automatic(Choice choice) {
            this.choice = choice;
        }

        @Override
        public FrameWriter apply(Session session) {
            Way chosen = way;
            if (chosen == null) {
                chosen = wayOf(session);
                way = chosen;
                LOG.log(Level.INFO, "Frames go through {0}", chosen);
            }
            while (chosen != Way.PORTABLE) {
                try {
                    return chosen.open(session, loops);
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
            if (isFrom(session, UNDERTOW)) {
                return choice == Choice.AUTO ? Way.UNDERTOW_SOCKET : Way.UNDERTOW;
            }
            return isFrom(session, TYRUS) ? Way.TYRUS : Way.PORTABLE;
        }
    }

    /** The ways there are. A server's classes are touched by the method of its own constant alone. */
    private enum Way {
        UNDERTOW_SOCKET("the sockets of Undertow's connections") {
            @Override
            FrameWriter open(Session session, FrameLoop.All loops)
                    throws NotTakenException, ReflectiveOperationException {
                return UndertowUpgrade.take(session, loops);
            }

            @Override
            Way next() {
                return UNDERTOW;
            }
        },
        UNDERTOW("Undertow's frame channel") {
            @Override
            FrameWriter open(Session session, FrameLoop.All loops) {
                return UndertowWriter.open(session);
            }
        },
        TYRUS("Tyrus's writer") {
            @Override
            FrameWriter open(Session session, FrameLoop.All loops) throws ReflectiveOperationException {
                return TyrusWriter.open(session);
            }
        },
        PORTABLE("the portable RemoteEndpoint.Async") {
            @Override
            FrameWriter open(Session session, FrameLoop.All loops) {
                return portable(session);
            }
        };

        private final String words;

        Way(String words) {
            this.words = words;
        }

        /** A writer for a session. */
        abstract FrameWriter open(Session session, FrameLoop.All loops)
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
