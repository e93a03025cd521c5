package dev.parley.delivery;

import dev.parley.api.Admission;
import dev.parley.protocol.CloseReasons;
import jakarta.websocket.CloseReason;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** An admission for unit tests, which counts its connections. */
final class TestAdmission implements Admission {

    private final Predicate<String> readable;
    private final Predicate<String> writable;
    private final Instant expires;
    private final AtomicInteger open = new AtomicInteger();
    private Runnable atClosed = () -> {};
    private boolean exhausted;

    private TestAdmission(Predicate<String> readable, Predicate<String> writable, Instant expires) {
        this.readable = readable;
        this.writable = writable;
        this.expires = expires;
    }

    /** To everything, for ever. */
    static TestAdmission toEverything() {
        return until(Instant.MAX);
    }

    /** To everything, until a time. */
    static TestAdmission until(Instant expires) {
        return new TestAdmission(room -> true, room -> true, expires);
    }

    /** To the rooms of these two rules. */
    static TestAdmission to(Predicate<String> readable, Predicate<String> writable) {
        return new TestAdmission(readable, writable, Instant.MAX);
    }

    /** Does something when a connection has closed. */
    TestAdmission atClosed(Runnable task) {
        atClosed = task;
        return this;
    }

    /** Nothing is left of the client's rate. */
    TestAdmission exhausted() {
        exhausted = true;
        return this;
    }

    /** Connections that have been opened and not closed. */
    int open() {
        return open.get();
    }

    @Override
    public boolean mayRead(String room) {
        return readable.test(room);
    }

    @Override
    public boolean mayPublish(String room) {
        return writable.test(room);
    }

    @Override
    public Instant expires() {
        return expires;
    }

    @Override
    public CloseReason expiryReason() {
        return CloseReasons.EXPIRED;
    }

    @Override
    public boolean admits(boolean first, int size) {
        return !exhausted;
    }

    @Override
    public void opened() {
        open.incrementAndGet();
    }

    @Override
    public void closed() {
        open.decrementAndGet();
        atClosed.run();
    }
}
