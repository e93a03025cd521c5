package dev.parley.gate;

import dev.parley.api.Admission;
import jakarta.enterprise.context.spi.CreationalContext;
import jakarta.enterprise.inject.spi.BeanManager;
import jakarta.enterprise.inject.spi.CDI;
import jakarta.enterprise.inject.spi.InjectionTarget;
import jakarta.websocket.Extension;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpointConfig;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Hands what the gate found on to the endpoint. Every endpoint on the hub names it in
 * {@code @ServerEndpoint(configurator = …)}: the hub closes a session without the gate's word with 1008.
 */
public class HandshakeConfigurator extends ServerEndpointConfig.Configurator {

    private final Map<Class<?>, InjectionTarget<?>> targets = new ConcurrentHashMap<>();

    /** For the container. */
    public HandshakeConfigurator() {}

    /**
     * Moves the handshake into the user properties, which belong to this one connection on all servers tested. If the container
     * dispatches another path than the gate has checked, for instance after a forward, they stay empty.
     *
     * @param config the endpoint's configuration, a copy for this connection
     * @param request the handshake as the container dispatches it
     * @param response left as it is
     */
    @Override
    public void modifyHandshake(ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
        CheckedRequest checked = CheckedRequest.current();
        if (checked != null && checked.path().equals(request.getRequestURI().getPath())) {
            config.getUserProperties().put(Admission.KEY, checked.take());
        }
    }

    /**
     * Takes the first subprotocol that the client asks for and the endpoint speaks, in whichever of several header lines it
     * is: WildFly reads only the first. A client may offer more than subprotocols: a browser's script puts its token there.
     *
     * @param supported those of the endpoint
     * @param requested those of the client that the container has read, the best first
     * @return the one spoken, empty if there is none
     */
    @Override
    public String getNegotiatedSubprotocol(List<String> supported, List<String> requested) {
        CheckedRequest checked = CheckedRequest.current();
        List<String> offered = checked == null ? requested : checked.protocols();
        return offered.stream().filter(supported::contains).findFirst().orElse("");
    }

    /**
     * Agrees to no extension. Tomcat would agree to {@code permessage-deflate}, whose inflated messages no limit of the
     * container bounds, and which costs some 300 KB a connection.
     *
     * @param installed those of the server
     * @param requested those of the client
     * @return none
     */
    @Override
    public List<Extension> getNegotiatedExtensions(List<Extension> installed, List<Extension> requested) {
        return List.of();
    }

    /**
     * Makes an endpoint and injects it. Tomcat and Open Liberty inject only endpoints that are beans, so all servers do it
     * here, in one way.
     *
     * @param type the endpoint's class
     * @return a new instance, injected
     */
    @Override
    public <T> T getEndpointInstance(Class<T> type) throws InstantiationException {
        BeanManager beans = CDI.current().getBeanManager();
        @SuppressWarnings("unchecked") // targetOf makes it of this class
        InjectionTarget<T> target = (InjectionTarget<T>) targets.computeIfAbsent(type, key -> targetOf(beans, key));
        CreationalContext<T> context = beans.createCreationalContext(null);
        T endpoint = target.produce(context);
        target.inject(endpoint, context);
        target.postConstruct(endpoint);
        return endpoint;
    }

    private static <T> InjectionTarget<T> targetOf(BeanManager beans, Class<T> type) {
        return beans.getInjectionTargetFactory(beans.createAnnotatedType(type)).createInjectionTarget(null);
    }
}
