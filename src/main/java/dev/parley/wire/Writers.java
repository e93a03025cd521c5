package dev.parley.wire;

import jakarta.websocket.Session;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Chooses how batches reach the peers of this server: once, at the start. */
public final class Writers {

    /** Which way to take. */
    public enum Choice {
        /** The server's own way if there is one that works, the portable one else. */
        AUTO,
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
        Function<Session, FrameWriter> way = choice == Choice.AUTO ? new Automatic() : Writers::portable;
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

    /** The server's own way, or the portable one from the first session on with which the own way fails. */
    private static final class Automatic implements Function<Session, FrameWriter> {

        private volatile @Nullable Way way;

        @Override
        public FrameWriter apply(Session session) {
            Way chosen = way;
            if (chosen == null) {
                chosen = wayOf(session);
                way = chosen;
                LOG.log(Level.INFO, "Batches of frames go through {0}", chosen);
            }
            try {
                return chosen.open(session);
            } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
                way = Way.PORTABLE;
                LOG.log(Level.WARNING, chosen + " is not as it was: batches go through " + Way.PORTABLE, e);
                return portable(session);
            }
        }

        private static Way wayOf(Session session) {
            if (isFrom(session, UNDERTOW)) {
                return Way.UNDERTOW;
            }
            return isFrom(session, TYRUS) ? Way.TYRUS : Way.PORTABLE;
        }
    }

    /** The ways there are. A server's classes are touched by the method of its own constant alone. */
    private enum Way {
        UNDERTOW("Undertow's frame channel") {
            @Override
            FrameWriter open(Session session) {
                return UndertowWriter.open(session);
            }
        },
        TYRUS("Tyrus's writer") {
            @Override
            FrameWriter open(Session session) throws ReflectiveOperationException {
                return TyrusWriter.open(session);
            }
        },
        PORTABLE("the portable RemoteEndpoint.Async") {
            @Override
            FrameWriter open(Session session) {
                return portable(session);
            }
        };

        private final String words;

        Way(String words) {
            this.words = words;
        }

        abstract FrameWriter open(Session session) throws ReflectiveOperationException;

        @Override
        public String toString() {
            return words;
        }
    }
}
