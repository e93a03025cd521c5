package dev.parley.ops;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;

/** Reads the settings once and gives them to whoever injects them. */
@ApplicationScoped
public class SettingsProducer {

    private static final Logger LOG = System.getLogger(SettingsProducer.class.getName());

    /** Of this deployment, whose class this is: the containers make a bean that failed again for the next who injects it. */
    private static final AtomicBoolean TOLD = new AtomicBoolean();

    private final Settings settings = load();

    /** For the container. */
    public SettingsProducer() {}

    /** The servers bury a cause under their own; so it has a line of its own. */
    private static Settings load() {
        try {
            return Settings.load();
        } catch (IllegalArgumentException e) {
            if (TOLD.compareAndSet(false, true)) {
                LOG.log(Level.ERROR, "Parley does not start: " + e.getMessage());
            }
            throw e;
        }
    }

    /**
     * The settings of this application.
     *
     * @return the effective settings
     */
    @Produces
    public Settings settings() {
        return settings;
    }
}
