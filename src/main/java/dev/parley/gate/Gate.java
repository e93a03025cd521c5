package dev.parley.gate;

import dev.parley.ops.Drain;
import dev.parley.ops.Network;
import dev.parley.ops.Settings;
import dev.parley.ops.Threads;
import dev.parley.wire.server.RequestConnection;
import jakarta.annotation.PostConstruct;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The gate of this node: who may come in, from where, and how many. The filter asks it for each handshake, the HTTP API for
 * each request, a conversation for a token that came as a message. Safe for any thread; never blocks.
 */
@ApplicationScoped
public class Gate {

    private static final Logger LOG = System.getLogger(Gate.class.getName());

    private static final int TOO_MANY_REQUESTS = 429; // RFC 6585 §4

    private Settings settings;
    private Origins origins;
    private Proxies proxies;
    private Quotas quotas;
    private ClientRates messages;
    private ClientRates reads;
    private ClientRates refusals;
    private Credentials credentials;
    private Threads threads;
    private Drain drain;
    private final AtomicBoolean announced = new AtomicBoolean();

    /** For the container. */
    @SuppressWarnings("NullAway.Init") // the container calls use and start before anything else
    public Gate() {}

    @Inject
    void use(Settings settings, Threads threads, Drain drain) {
        this.settings = settings;
        this.drain = drain;
        this.threads = threads;
    }

    @PostConstruct
    void start() {
        Settings.Gate gate = settings.gate();
        proxies = new Proxies(gate.trustedProxies(), gate.forwarded().equals("forwarded"));
        origins = new Origins(gate, proxies);
        quotas = new Quotas(gate.peers(), gate.peersPerAddress(), System::nanoTime);
        messages = new ClientRates(settings.rates().client(), System::nanoTime);
        reads = new ClientRates(settings.rates().reads(), System::nanoTime);
        refusals = new ClientRates(settings.rates().refusals(), System::nanoTime);
        credentials = new Credentials(settings.token(), threads::after);
        announce(Listening.mayBeBeyondLoopback());
    }

    /** A server that needs no tokens says so once: at the start, or when it turns out to listen beyond this machine. */
    private void announce(boolean isReachable) {
        if (isReachable && !settings.token().required() && announced.compareAndSet(false, true)) {
            LOG.log(
                    Level.WARNING,
                    "Tokens are not required (parley.token.required=false): anybody who can reach this server may read and"
                            + " publish in every room, under any name");
        }
    }

    /** Starts the gate with the application, so that the keys are there when the first client comes. */
    void startWith(@Observes @Initialized(ApplicationScoped.class) Object application) {}

    /**
     * Checks a token that came as a message, and what the client asked for when it connected under who it turns out to be.
     *
     * @param handshake what the client asked for
     * @param token the token
     * @return the handshake under its new identity, which ends with {@link Identity#expires}; the same without secret and keys
     * @throws Refusal 401 if the token is invalid, 403 if it is not for this user or room, 429 if there were too many, 503 if it
     *     cannot be checked now
     */
    public Handshake authenticate(Handshake handshake, String token) throws Refusal {
        if (!credentials.areKnown()) {
            return handshake;
        }
        RateShare rate = handshake.rate();
        Seat seat = handshake.seat();
        if (rate == null || seat == null || !refusals.take(rate.client(), 1, 0)) {
            throw Refusal.tooMany("Too many tokens.");
        }
        Handshake known = handshake.as(credentials.verify(token));
        seat.becomeKnown();
        return known.on(seat, new RateShare(messages, Client.of(known.identity(), rate.client())));
    }

    /**
     * Checks a request of the HTTP API: whose page it comes from, what it asks for, and who makes it.
     *
     * @param request the request, with its token in {@code Authorization: Bearer}, or in the query if that is taken
     * @param encodedRoom the room as the path has it, empty if the path has none
     * @return what is asked for and by whom; whether that one may is {@link Identity#mayRead} and {@link Identity#mayPublish}
     * @throws Refusal 400, 401, 403, 421, 429 or 503
     */
    public Handshake check(HttpServletRequest request, String encodedRoom) throws Refusal {
        checkRefusals(request);
        origins.check(request);
        return credentials.ofCaller(request, SocketPath.checkApi(request, encodedRoom));
    }

    /**
     * Finds a place in the quotas for a request that stays, as a socket does.
     *
     * @param request the request
     * @param checked the same, checked
     * @return the same with a seat to use, and to release when its peer is gone
     * @throws Refusal 403 for a page of another site, 429 or 503
     */
    public Handshake seat(HttpServletRequest request, Handshake checked) throws Refusal {
        origins.checkSite(request);
        if (drain.isStarted()) {
            throw Refusal.unavailable("This server is draining, connect again.");
        }
        return seatForNow(request, checked);
    }

    /**
     * Finds a place in the quotas for a request that is over soon, also while this node drains.
     *
     * @param request the request
     * @param checked the same, checked
     * @return the same with a seat to use, and to release when the request is over
     * @throws Refusal 429 or 503
     */
    public Handshake seatForNow(HttpServletRequest request, Handshake checked) throws Refusal {
        Network address = proxies.client(request);
        Client client = Client.of(checked.identity(), Client.at(address));
        return checked.on(quotas.take(address, checked.identity().isUnknown()), new RateShare(messages, client));
    }

    /**
     * Whose page, but for this server's own, may read the answer to a request.
     *
     * @param request the request
     * @return an origin of {@code parley.gate.origins}, as the browser sent it; null for any other
     */
    public @Nullable String sharesWith(HttpServletRequest request) {
        return origins.sharesWith(request);
    }

    /**
     * Whom the rates count for a request.
     *
     * @param request the request
     * @param checked the same, checked
     * @return the user of its token, or its address
     * @throws Refusal 400 if the server does not say the address
     */
    public Client client(HttpServletRequest request, Handshake checked) throws Refusal {
        return Client.of(checked.identity(), Client.at(proxies.client(request)));
    }

    /**
     * Takes a message, or its body, from the rate that a client's requests share with its connections.
     *
     * @param client who sends it
     * @param first whether it is the message, or its body
     * @param size of the body, bytes
     * @return false if that is more than the client may send
     */
    public boolean admits(Client client, boolean first, int size) {
        return messages.take(client, first ? 1 : 0, size);
    }

    /**
     * Takes a read of rooms or a history from the rate of a client.
     *
     * @param client who reads
     * @return false if that is more than the client may read
     */
    public boolean admitsRead(Client client) {
        return reads.take(client, 1, 0);
    }

    /**
     * Counts a request that was refused. An address with too many has to wait.
     *
     * @param request the request
     * @param status what it was refused with; 429 and 503 do not count
     */
    public void refused(HttpServletRequest request, int status) {
        if (status < TOO_MANY_REQUESTS) {
            try {
                refusals.take(Client.at(proxies.client(request)), 1, 0);
            } catch (Refusal unknown) {
                return; // there is no address to count for
            }
        }
    }

    private void checkRefusals(HttpServletRequest request) throws Refusal {
        if (!announced.get()) {
            announce(!Listening.isLoopback(request.getLocalAddr()));
        }
        if (refusals.isExhausted(Client.at(proxies.client(request)))) {
            throw Refusal.tooMany("Too many refused requests from your address.");
        }
    }

    /**
     * Lets a handshake in, before the upgrade. Public, since a proxy of a library's bean is of another class loader on
     * GlassFish and passes on nothing else.
     *
     * @param request any request
     * @return what the client asks for and who it is, with a seat to release when its peer is gone; null if the request is
     *     not a handshake and its path is not one of Parley's endpoints
     * @throws Refusal 400, 401, 403, 421, 429 or 503
     */
    public @Nullable Handshake admit(HttpServletRequest request) throws Refusal {
        if (!SocketPath.concerns(request)) {
            return null;
        }
        checkRefusals(request);
        Handshake asked = SocketPath.check(request, settings.served().protocols());
        if (!settings.writer().readsFrames() || !RequestConnection.takesWhatFollows(request)) {
            Upgrade.checkEnd(request);
        }
        origins.check(request);
        return seat(request, credentials.ofPeer(request, asked));
    }

    /**
     * How many seats are taken.
     *
     * @return peers that are there, and handshakes on their way to become one
     */
    public int seats() {
        return quotas.taken();
    }
}
