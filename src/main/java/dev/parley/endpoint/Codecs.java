package dev.parley.endpoint;

import dev.parley.protocol.JsonCodec;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Gives the endpoints the one codec. */
@ApplicationScoped
public class Codecs {

    /** For the container. */
    public Codecs() {}

    /**
     * The codec of this application.
     *
     * @return a codec to share
     */
    @Produces
    @Singleton
    public JsonCodec codec() {
        return JsonCodec.shared();
    }
}
