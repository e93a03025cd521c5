package dev.parley.delivery;

import jakarta.inject.Inject;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;

/**
 * Closes the peers with 1001 when the application goes. WildFly has closed them by then; GlassFish and Payara close nothing
 * (Tyrus leaves its sessions open), and this is the last moment at which they still deliver a close.
 */
public class Undeployment implements ServletContextListener {

    @Inject
    private LocalHub hub;

    /** For the container. */
    public Undeployment() {}

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        hub.closeAll();
    }
}
