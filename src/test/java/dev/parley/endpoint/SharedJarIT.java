package dev.parley.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testing.OnServer;
import dev.parley.testing.PricesEndpoint;
import java.io.File;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.Filters;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;

/** Another team's WAR, with Parley's classes as a library and an endpoint of its own on the hub. */
class SharedJarIT extends OnServer {

    @Deployment(testable = false)
    static WebArchive war() {
        File classes = new File(System.getProperty("it.war").replace(".war", "-classes.jar"));
        return ShrinkWrap.create(WebArchive.class, "shop.war")
                .addAsLibrary(classes)
                .merge(parley(), "/", Filters.include("/WEB-INF/lib/.*"))
                .addClass(PricesEndpoint.class);
    }

    @Test
    void anEndpointOfItsOwnHasTheRoomsOfTheHub() {
        var alice = connect("/shop/ws/prices?user=alice");
        assertThat(alice.nextText()).isEqualTo("* alice joined");
        var bob = connect("/shop/ws/prices?user=bob");
        assertThat(alice.nextText()).isEqualTo("* bob joined");
        assertThat(bob.nextText()).isEqualTo("* bob joined");
        bob.text("42");
        assertThat(alice.nextText()).isEqualTo("bob: 42");
        assertThat(bob.nextText()).isEqualTo("bob: 42");
    }

    @Test
    void theFiveProtocolsAreThereToo() {
        var echo = connect("/shop/ws/echo");
        echo.text("hi");
        assertThat(echo.nextText()).isEqualTo("echo: hi");
    }
}
