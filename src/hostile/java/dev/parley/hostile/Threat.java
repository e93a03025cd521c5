package dev.parley.hostile;

/** What is done to a server and what must hold meanwhile: the rows of the table, in its order. */
enum Threat {
    PROTOCOL_ABUSE(
            "protocol abuse",
            "the Autobahn cases, groups 1 to 7, 9 and 10, with the limits at 16 MiB",
            "none failed; every case that is not OK is known, with its reason"),
    FUZZ(
            "frame fuzzer",
            "dialogues of right and wrong frames, fragments, masks, lengths and UTF-8 splits from a seed",
            "no invalid frame from the server, no hang, each ends with a known close code or the right reply"),
    GATE_WALK(
            "walk past the gate",
            "generated handshakes: escapes, parameters and detours in the path, every header bent, other methods; each with a"
                    + " foreign Origin, no token, a token for another room, and good credentials",
            "none becomes a WebSocket that gets a byte; flawless ones are accepted"),
    HIJACKING(
            "cross-site hijacking",
            "Origin: foreign, null, suffix and prefix tricks, other port, other scheme, twice, absent",
            "foreign ones 403 and no endpoint; the own one and those configured pass; absent passes"),
    TOKEN(
            "token",
            "expired, wrong key, alg=none, wrong room, expiring while open",
            "401 or 403 before the upgrade; 1008 within 5 s while open, nothing delivered after"),
    TOKEN_FLOOD(
            "token flood",
            "bad tokens in messages before login and in handshakes; clients that never bring one",
            "1008 at the second bad token; handshakes 429; at most a tenth of the seats for clients without a token"),
    OVERSIZE(
            "oversize",
            "the limit, the limit + 1, 1 GiB declared, one byte per segment, fragments past the limit",
            "the limit passes, one more is 1009; heap + < 2 MB"),
    FRAGMENT_FLOOD(
            "fragment flood", "131,072 fragments of one byte, no FIN, on 50 connections", "1009 by 1,024 fragments"),
    INFLATION_BOMB("inflation bomb", "clients offer permessage-deflate and send compressed frames", "never negotiated"),
    SLOW_HANDSHAKE(
            "slow handshake",
            "slowhttptest: 2,000 connections that never finish their headers",
            "each dropped in 15 s"),
    LONG_HEADER("long header", "a header of 20 MB; 2,000 headers", "4xx or dropped in 15 s; heap + < 2 MB"),
    JSON_BOMB(
            "JSON bomb",
            "depth 100,000, 1e999999999, duplicate keys, 64 KB of digits",
            "a typed error within 50 ms, the connection open"),
    FORGED_LINES(
            "forged lines",
            "CR, LF, ANSI escapes, bidi overrides and ${jndi: in names and text",
            "names and control characters refused; one log record is one line; no line of the chat can be forged"),
    CONNECTION_FLOOD(
            "connection flood",
            "one more than may be, per address and in all; 5,000 that come and go",
            "429 and 503 with Retry-After; registries return to 0"),
    MESSAGE_FLOOD("message flood", "ten times the rate", "1008; processor back within 10 s"),
    PING_FLOOD(
            "ping flood",
            "pings as fast as they can be written, by one that reads the pongs and one that does not; pongs at ten times the rate",
            "1008 or cut; heap + < 20 MB; processor back within 10 s"),
    DEAD_PEER(
            "dead peer",
            "20 peers whose packets are dropped, in a network namespace",
            "gone within ping + pong deadline + 5 s"),
    SLOW_READER(
            "slow reader",
            "50 of 1,000 in a room have a tiny receive buffer and never read",
            "the others' p99 < 2 × undisturbed; the slow ones cut within the send deadline + 5 s; their sockets gone"),
    RECONNECT_STORM("reconnect storm", "5,000 clients dropped at once", "99 % back in 60 s"),
    HEAP_HISTORY(
            "heap: history", "one client posts 60 KB to ever new rooms, " + MemoryIT.POSTS + " times", MemoryIT.PASS),
    HEAP_REPLIES("heap: replies", "150 connections send 1.9 MB to the echo and never read", MemoryIT.PASS),
    HEAP_ROOMS("heap: rooms", "25 rooms of two: one says 8 MB, the other never reads", MemoryIT.PASS),
    HEAP_MESSAGES(
            "heap: unfinished messages",
            "2,000 connections send 360 KB of a message, in fragments or of one frame, and never end it",
            MemoryIT.PASS),
    HEAP_BODIES("heap: bodies", "500 requests send 360 KB of a body and then a byte a second", MemoryIT.PASS),
    PLANNED_STOP(
            "restart under load", "the server is stopped under 500 messages a second with 500 peers", "no close 1006"),
    SOAK(
            "soak",
            "10 connections a second come, talk and go: by a close, a reset, a mistake",
            "heap after a collection, threads and files flat");

    final String title;
    final String attack;
    final String pass;

    Threat(String title, String attack, String pass) {
        this.title = title;
        this.attack = attack;
        this.pass = pass;
    }
}
