package dev.parley.gate;

import dev.parley.testing.WalkEndpoints;
import dev.parley.testing.WalkOnServer;
import java.io.File;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.Filters;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.spec.WebArchive;

/** An application with Parley as a library and a context of its own; no tokens. */
class LibraryHandshakeWalkIT extends WalkOnServer {

    LibraryHandshakeWalkIT() {
        super("/shop", false);
    }

    @Deployment(testable = false)
    static WebArchive war() {
        File classes = new File(System.getProperty("it.war").replace(".war", "-classes.jar"));
        return ShrinkWrap.create(WebArchive.class, "shop.war")
                .addAsLibrary(classes)
                .merge(parley(), "/", Filters.include("/WEB-INF/lib/.*"))
                .addClass(WalkEndpoints.class);
    }
}
