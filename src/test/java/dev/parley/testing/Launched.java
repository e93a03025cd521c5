package dev.parley.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;

/** A server that {@code src/run/Run.java} has started. */
public final class Launched {

    private Launched() {}

    /** Stops it as Ctrl-C would; returns when it has ended. */
    public static void stop(Process launcher, ProcessHandle jvm) {
        try {
            launcher.getOutputStream().close(); // the launcher lasts as long as its input
            if (!launcher.waitFor(60, TimeUnit.SECONDS)) {
                jvm.destroyForcibly();
                launcher.destroyForcibly().waitFor();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
