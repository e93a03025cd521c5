package dev.parley.testing;

import jakarta.ejb.SessionContext;
import javax.naming.InitialContext;
import javax.naming.NamingException;

/** A stateless EJB, named in {@code ejb-jar.xml}, that knows its caller. */
public class CallerBean {

    /** For the container. */
    public CallerBean() {}

    /** Who calls. An embedded GlassFish does not inject the context. */
    public String name() throws NamingException {
        return InitialContext.<SessionContext>doLookup("java:comp/EJBContext")
                .getCallerPrincipal()
                .getName();
    }
}
