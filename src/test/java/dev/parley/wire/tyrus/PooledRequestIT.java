package dev.parley.wire.tyrus;

import dev.parley.testing.OnServer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.spec.JavaArchive;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/** Grizzly serves one connection after the other with the same request, whoever reads the frames. */
@DisabledIfSystemProperty(named = "it.server", matches = "wildfly", disabledReason = "it is about Grizzly")
class PooledRequestIT extends OnServer {

    /** An annotation would have an embedded GlassFish register no filter at all. */
    private static final String FRAGMENT = """
            <web-fragment xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
              <filter>
                <filter-name>used</filter-name>
                <filter-class>dev.parley.wire.tyrus.UsedRequest$Before</filter-class>
                <async-supported>true</async-supported>
              </filter>
              <filter-mapping>
                <filter-name>used</filter-name>
                <url-pattern>/ws/*</url-pattern>
              </filter-mapping>
            </web-fragment>
            """;

    @Deployment(testable = false)
    static WebArchive war() {
        return parley(UsedRequest.class, UsedRequest.Before.class, UsedRequest.Opened.class)
                .addAsLibrary(ShrinkWrap.create(JavaArchive.class, "used-request.jar")
                        .addAsManifestResource(new StringAsset(FRAGMENT), "web-fragment.xml"));
    }

    /** A close would end the connection under the thread that is in its handshake; and GlassFish would not open the session. */
    @Test
    void itDoesNotTakeAHandshakeForOverBecauseTheOneBeforeWas() {
        connect(UsedRequest.Opened.PATH).expectText("over: false");
    }
}
