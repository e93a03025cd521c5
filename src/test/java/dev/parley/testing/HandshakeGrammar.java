package dev.parley.testing;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Generates opening handshakes: each rule of RFC 6455 §4.1 and each letter of a path kept, or bent in every way that some
 * container might overlook. The same seed gives the same handshakes.
 */
public final class HandshakeGrammar {

    /** How good a handshake, or one part of it, is. */
    public enum Grade {
        /** A server must accept it. */
        FLAWLESS,
        /** The specifications leave it open, or only containers can see it. */
        EITHER,
        /** A server must refuse it. */
        BENT;

        private Grade and(Grade other) {
            return compareTo(other) < 0 ? other : this;
        }
    }

    /** What a handshake must lead to. */
    public enum Expected {
        /** An answer without an upgrade. */
        REFUSED,
        /** The same, or an upgrade with a close 1008 as the first and only frame. */
        CLOSED,
        /** Anything. */
        ANY,
        /** An upgrade, and an answer to a message. */
        ACCEPTED
    }

    /** What a client brings besides a handshake. */
    public enum Credentials {
        /** The page of somebody else, with a good token. */
        FOREIGN_ORIGIN,
        /** No token where one is required. */
        NO_TOKEN,
        /** A token that is good for another room only. */
        OTHER_ROOM,
        /** Everything it takes. */
        GOOD
    }

    /**
     * An endpoint.
     *
     * @param path a path that leads to it, with its context
     * @param room whether it lets its clients join a room
     * @param ownRules whether the gate knows its room from the path, as it does for those of Parley
     * @param configured whether it has the configurator that hands on what the gate found
     * @param variable where the variable segment of the path starts; behind its end if there is none
     */
    public record Target(String path, boolean room, boolean ownRules, boolean configured, int variable) {

        /** One of the product's own, whose path has no variable segment. */
        public static Target own(String path, boolean room) {
            return new Target(path, room, true, true, path.length());
        }

        /** One of an application's own. */
        public static Target application(String path, boolean configured) {
            return new Target(path, true, false, configured, path.length());
        }

        /** The same, if the last segment of its path may be any other. */
        public Target withVariable() {
            return new Target(path, room, ownRules, configured, path.lastIndexOf('/') + 1);
        }

        /** The same in an application with a context. */
        public Target in(String context) {
            return new Target(context + path, room, ownRules, configured, context.length() + variable);
        }

        private boolean takesTokenAsMessage() {
            return ownRules && path.contains("/chat");
        }
    }

    private enum Part {
        METHOD,
        TARGET,
        HTTP,
        UPGRADE,
        CONNECTION,
        KEY,
        VERSION,
        PROTOCOL,
        EXTENSIONS,
        OTHER
    }

    /** One way to write a part: a word of the request line, or lines of the header, and what follows the header. */
    private record Form(String text, Grade grade, String body) {
        Form(String text, Grade grade) {
            this(text, grade, "");
        }
    }

    /** One handshake. */
    public static final class Attempt {
        private final Target target;
        private final Credentials credentials;
        private final Map<Part, Form> forms;
        private final String lines;

        private Attempt(Target target, Credentials credentials, Map<Part, Form> forms, String lines) {
            this.target = target;
            this.credentials = credentials;
            this.forms = forms;
            this.lines = lines;
        }

        /** The endpoint that it is for, if a server lets it. */
        public Target target() {
            return target;
        }

        /** What its client brings. */
        public Credentials credentials() {
            return credentials;
        }

        /** How good it is. */
        public Grade grade() {
            return forms.values().stream().map(Form::grade).reduce(Grade.FLAWLESS, Grade::and);
        }

        /** What it must lead to. */
        public Expected expected() {
            if (grade() == Grade.BENT) {
                return Expected.REFUSED;
            }
            return switch (credentials) {
                case FOREIGN_ORIGIN, NO_TOKEN -> Expected.REFUSED;
                case OTHER_ROOM -> target.ownRules ? Expected.REFUSED : Expected.CLOSED;
                case GOOD ->
                    !target.configured ? Expected.CLOSED : grade() == Grade.FLAWLESS ? Expected.ACCEPTED : Expected.ANY;
            };
        }

        /** Whether another request may follow it on its connection. */
        public boolean keepsAlive() {
            return forms.values().stream().allMatch(form -> form.body.isEmpty())
                    && Stream.of(Part.HTTP, Part.CONNECTION, Part.OTHER)
                            .allMatch(part -> forms.get(part).grade != Grade.BENT)
                    && !forms.get(Part.METHOD).text.startsWith("HEAD");
        }

        /** The request as it goes out. */
        public byte[] bytes() {
            var headers = Arrays.stream(Part.values())
                    .filter(part -> part.compareTo(Part.HTTP) > 0)
                    .map(part -> forms.get(part).text)
                    .collect(Collectors.joining());
            var body = forms.values().stream().map(Form::body).collect(Collectors.joining());
            return (forms.get(Part.METHOD).text + forms.get(Part.TARGET).text + forms.get(Part.HTTP).text + headers
                            + lines + "\r\n" + body)
                    .getBytes(StandardCharsets.ISO_8859_1);
        }

        /** The request with its control characters and what is not ASCII as escapes. */
        @Override
        public String toString() {
            var text = new StringBuilder();
            for (var c : new String(bytes(), StandardCharsets.ISO_8859_1).toCharArray()) {
                text.append(
                        c == '\r'
                                ? "\\r"
                                : c == '\n' ? "\\n" : c < ' ' || c > '~' ? "\\x%02x".formatted((int) c) : "" + c);
            }
            return text.toString();
        }
    }

    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

    private final String authority;
    private final Map<Credentials, String> lines = new EnumMap<>(Credentials.class);
    private final Map<Part, List<Form>> forms = new EnumMap<>(Part.class);
    private final Random random;

    /**
     * Handshakes for a server.
     *
     * @param authority its host and port
     * @param tokens whether it requires tokens, of {@link Jwt}
     * @param seed what the choices are made from
     */
    public HandshakeGrammar(String authority, boolean tokens, long seed) {
        this.authority = authority;
        random = new Random(seed);
        var good = tokens ? bearer(List.of("*")) : "";
        lines.put(Credentials.FOREIGN_ORIGIN, "Origin: https://evil.example\r\n" + good);
        lines.put(Credentials.GOOD, good);
        if (tokens) {
            lines.put(Credentials.NO_TOKEN, "");
            lines.put(Credentials.OTHER_ROOM, bearer(List.of("elsewhere")));
        }
        grammar();
    }

    private static String bearer(List<String> rooms) {
        return "Authorization: Bearer "
                + Jwt.alice(claims -> claims.claim("rooms", rooms).expirationTime(Jwt.in(Duration.ofHours(1))))
                + "\r\n";
    }

    // The first form of each part is the one that everybody writes.
    private void grammar() {
        part(Part.METHOD, Grade.FLAWLESS, "GET ");
        part(
                Part.METHOD,
                Grade.BENT,
                "POST ",
                "HEAD ",
                "PUT ",
                "DELETE ",
                "OPTIONS ",
                "PATCH ",
                "TRACE ",
                "FOO ",
                "get ",
                "CONNECT ");
        part(Part.METHOD, Grade.EITHER, "GET  ", "GET\t", "\r\nGET ");
        part(Part.HTTP, Grade.FLAWLESS, " HTTP/1.1\r\nHost: " + authority + "\r\n");
        part(
                Part.HTTP,
                Grade.BENT,
                " HTTP/1.0\r\nHost: " + authority + "\r\n",
                " HTTP/1.2\r\nHost: " + authority + "\r\n",
                " HTTP/2.0\r\nHost: " + authority + "\r\n",
                " http/1.1\r\nHost: " + authority + "\r\n");
        part(
                Part.HTTP,
                Grade.EITHER,
                "  HTTP/1.1\r\nHost: " + authority + "\r\n",
                " HTTP/1.1\r\nHost: evil.example\r\n",
                " HTTP/1.1\r\nHost: " + authority + "\r\nHost: evil.example\r\n",
                " HTTP/1.1\r\n");

        header(Part.UPGRADE, Grade.FLAWLESS, "Upgrade", "websocket", "WebSocket", "WEBSOCKET");
        part(Part.UPGRADE, Grade.FLAWLESS, "upgrade: websocket\r\n", "UPGRADE:websocket\r\n");
        part(Part.UPGRADE, Grade.EITHER, "Upgrade:\r\n websocket\r\n", "Upgrade : websocket\r\n");
        header(
                Part.UPGRADE,
                Grade.EITHER,
                "Upgrade",
                "\t websocket \t",
                "websocket,",
                "\u000bwebsocket",
                "websocket\0");
        part(Part.UPGRADE, Grade.BENT, "", "Upgrade: websocket\r\nUpgrade: websocket\r\n");
        part(
                Part.UPGRADE,
                Grade.BENT,
                "Upgrade: websocket\r\nUpgrade: foo\r\n",
                "Upgrade: h2c\r\nUpgrade: websocket\r\n");
        header(
                Part.UPGRADE,
                Grade.BENT,
                "Upgrade",
                "",
                "foo",
                "h2c",
                "TLS/1.0",
                "websocket, foo",
                "foo, websocket",
                "h2c, websocket",
                "websocket, websocket",
                "\"websocket\"",
                "websocket/13",
                "websocket;q=1",
                "web socket",
                "xwebsocket",
                "websockets",
                utf8("web\u017focket"));

        header(
                Part.CONNECTION,
                Grade.FLAWLESS,
                "Connection",
                "Upgrade",
                "upgrade",
                "UPGRADE",
                "keep-alive, Upgrade",
                "Upgrade, keep-alive",
                "keep-alive,upgrade");
        part(Part.CONNECTION, Grade.FLAWLESS, "connection: Upgrade\r\n", "CONNECTION: Upgrade\r\n");
        part(Part.CONNECTION, Grade.FLAWLESS, "Connection: keep-alive\r\nConnection: Upgrade\r\n");
        part(
                Part.CONNECTION,
                Grade.EITHER,
                "Connection:\r\n Upgrade\r\n",
                "Connection: Upgrade\r\nConnection: Upgrade\r\n");
        header(
                Part.CONNECTION,
                Grade.EITHER,
                "Connection",
                "\t Upgrade \t",
                ", Upgrade",
                "Upgrade,",
                "Upgrade, close",
                "Upgrade, Upgrade",
                "Upgrade, HTTP2-Settings");
        part(Part.CONNECTION, Grade.BENT, "");
        header(
                Part.CONNECTION,
                Grade.BENT,
                "Connection",
                "",
                "keep-alive",
                "close",
                "x-upgrade",
                "upgradex",
                "keep-alive, x-upgrade",
                "\"Upgrade\"",
                "\"keep-alive, Upgrade\"",
                "keep-alive Upgrade",
                "keep-alive; Upgrade",
                "Upgrade;x",
                "Upgrade=1",
                "up, grade",
                "websocket");

        header(Part.KEY, Grade.FLAWLESS, "Sec-WebSocket-Key", KEY);
        part(Part.KEY, Grade.FLAWLESS, "sec-websocket-key: " + KEY + "\r\n", "SEC-WEBSOCKET-KEY:" + KEY + "\r\n");
        part(Part.KEY, Grade.EITHER, "Sec-WebSocket-Key:\r\n " + KEY + "\r\n");
        header(Part.KEY, Grade.EITHER, "Sec-WebSocket-Key", "\t" + KEY + " \t", KEY.replace("=", ""));
        part(Part.KEY, Grade.BENT, "", ("Sec-WebSocket-Key: " + KEY + "\r\n").repeat(2));
        part(Part.KEY, Grade.BENT, "Sec-WebSocket-Key: " + KEY + "\r\nSec-WebSocket-Key: x\r\n");
        part(
                Part.KEY,
                Grade.BENT,
                "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n");
        header(
                Part.KEY,
                Grade.BENT,
                "Sec-WebSocket-Key",
                "",
                "x",
                "dGhlIHNhbXBsZSBub25j",
                "dGhlIHNhbXBsZSBub25jZWU=",
                KEY + ", " + KEY,
                '"' + KEY + '"',
                "****************************");

        header(Part.VERSION, Grade.FLAWLESS, "Sec-WebSocket-Version", "13");
        part(Part.VERSION, Grade.FLAWLESS, "sec-websocket-version: 13\r\n", "SEC-WEBSOCKET-VERSION:13\r\n");
        part(Part.VERSION, Grade.EITHER, "Sec-WebSocket-Version:\r\n 13\r\n");
        header(Part.VERSION, Grade.EITHER, "Sec-WebSocket-Version", "\t13 \t");
        part(Part.VERSION, Grade.BENT, "", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n");
        part(Part.VERSION, Grade.BENT, "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 8\r\n");
        part(Part.VERSION, Grade.BENT, "Sec-WebSocket-Draft: 13\r\n");
        header(
                Part.VERSION,
                Grade.BENT,
                "Sec-WebSocket-Version",
                "",
                "0",
                "7",
                "8",
                "14",
                "13, 8",
                "8, 13",
                "013",
                "+13",
                "13.0",
                "\"13\"");

        part(Part.PROTOCOL, Grade.FLAWLESS, "");
        header(Part.PROTOCOL, Grade.FLAWLESS, "Sec-WebSocket-Protocol", "parley.v1", "chat", "chat, parley.v1");
        part(Part.PROTOCOL, Grade.FLAWLESS, "Sec-WebSocket-Protocol: chat\r\nsec-websocket-protocol: parley.v1\r\n");
        header(
                Part.PROTOCOL,
                Grade.EITHER,
                "Sec-WebSocket-Protocol",
                "",
                "chat,, x",
                "\"chat\"",
                "a b",
                "parley.token.x");

        part(Part.EXTENSIONS, Grade.FLAWLESS, "");
        header(
                Part.EXTENSIONS,
                Grade.FLAWLESS,
                "Sec-WebSocket-Extensions",
                "permessage-deflate",
                "permessage-deflate; client_max_window_bits",
                "permessage-deflate; server_no_context_takeover; client_max_window_bits=15, x-webkit-deflate-frame");
        part(
                Part.EXTENSIONS,
                Grade.FLAWLESS,
                "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Extensions: foo; x=\"a b\"\r\n");
        header(Part.EXTENSIONS, Grade.EITHER, "Sec-WebSocket-Extensions", "", ";;;", "permessage-deflate; \"");

        part(
                Part.OTHER,
                Grade.FLAWLESS,
                "",
                "Cache-Control: no-cache\r\nPragma: no-cache\r\n",
                "Origin: http://" + authority + "\r\n",
                "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: websocket\r\nSec-Fetch-Dest: websocket\r\n",
                "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: chat.example\r\n",
                "Cookie: JSESSIONID=x\r\n");
        part(
                Part.OTHER,
                Grade.EITHER,
                "Content-Length: 0\r\n",
                "HTTP2-Settings: AAMAAABkAAQAAP__\r\n",
                "X-HTTP-Method-Override: GET\r\n",
                "X-Original-URL: /ws/echo\r\nX-Rewrite-URL: /ws/echo\r\n",
                "Origin: null\r\n");
        part(
                Part.OTHER,
                Grade.BENT,
                "Sec-WebSocket-Foo: x\r\n",
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
                "Sec-WebSocket-Origin: http://" + authority + "\r\n",
                "sec-websocket-key1: x\r\n");
        forms.get(Part.OTHER).add(new Form("Content-Length: 2\r\n", Grade.BENT, "hi"));
        forms.get(Part.OTHER).add(new Form("Transfer-Encoding: chunked\r\n", Grade.BENT, "0\r\n\r\n"));
        forms.get(Part.OTHER).add(new Form("Content-Length: 2\r\nExpect: 100-continue\r\n", Grade.BENT, "hi"));
    }

    private void part(Part part, Grade grade, String... texts) {
        for (var text : texts) {
            forms.computeIfAbsent(part, key -> new ArrayList<>()).add(new Form(text, grade));
        }
    }

    private void header(Part part, Grade grade, String name, String... values) {
        for (var value : values) {
            part(part, grade, name + ": " + value + "\r\n");
        }
    }

    /** What a character of a path may turn into, what may follow it included. */
    private static List<Form> bends(Target target, int index) {
        var bends = new ArrayList<Form>();
        var path = target.path;
        char c = path.charAt(index);
        // In a variable segment these make another room, or one that the endpoint refuses.
        var other = index >= target.variable ? Grade.EITHER : Grade.BENT;
        if (c == '/') {
            for (var slash : List.of(
                    "%2F",
                    "%2f",
                    "%252F",
                    "%c0%af",
                    "\\",
                    "%5C",
                    "//",
                    "///",
                    "/./",
                    "/%2e/",
                    "/%2E./x/",
                    "/x/../",
                    "/x/%2e%2e/",
                    "/x/..;/",
                    "/;/",
                    "/;a/",
                    "/;a=b/",
                    "/.;/",
                    "/x\\..\\",
                    "/%20/",
                    "/\u0000/",
                    utf8("\uff0f"))) {
                bends.add(new Form(slash, Grade.BENT));
            }
        } else {
            var hex = "%02x".formatted((int) c);
            Stream.of("%" + hex, "%" + hex.toUpperCase(Locale.ROOT), "%25" + hex, "%2525" + hex)
                    .distinct()
                    .forEach(escape -> bends.add(new Form(escape, Grade.BENT)));
            bends.add(new Form(
                    "" + (Character.isLowerCase(c) ? Character.toUpperCase(c) : Character.toLowerCase(c)), other));
        }
        if (c != '/' && path.charAt(index - 1) == '/') {
            bends.add(new Form("%%u%04x".formatted((int) c), Grade.BENT));
            // Overlong UTF-8 of two and three bytes; a wide letter, encoded and as it is; a byte that is not UTF-8.
            var wide = utf8("" + (char) (c + 0xFEE0));
            for (var odd : List.of(
                    escape(new int[] {0xC0 | c >> 6, 0x80 | c & 0x3F}),
                    escape(new int[] {0xE0, 0x80 | c >> 6, 0x80 | c & 0x3F}),
                    escape(wide.chars().toArray()),
                    wide,
                    "" + (char) (c | 0x80))) {
                bends.add(new Form(odd, other));
            }
        }
        if (c != '/' && (index + 1 == path.length() || path.charAt(index + 1) == '/')) {
            for (var suffix : List.of(
                    ";",
                    ";a",
                    ";a=b",
                    ";a=b;c",
                    ";jsessionid=x",
                    ";%2e",
                    ";a,b",
                    "%00",
                    "%3B",
                    "%3Ba=b",
                    "%0a",
                    "%09",
                    "%7f",
                    "%5c",
                    "%2e",
                    "%zz",
                    "%")) {
                bends.add(new Form(c + suffix, Grade.BENT));
            }
            for (var suffix :
                    List.of("%20", "+", ".", "..", "#", "#x", "%23", "%3F", ":", "%", "\u0080", "%ff", "*", "@x")) {
                bends.add(new Form(c + suffix, suffix.startsWith("#") ? Grade.EITHER : other));
            }
        }
        if (index + 1 == path.length()) {
            for (var end :
                    List.of("/", "//", "/.", "/..", "/%2e", "/x/..", "/;", "/;a=b", "\\", "%2F", "/%20", ";/", "/?")) {
                bends.add(new Form(c + end, Grade.BENT));
            }
        }
        return bends;
    }

    private static String utf8(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    private static String escape(int[] bytes) {
        return Arrays.stream(bytes).mapToObj("%%%02x"::formatted).collect(Collectors.joining());
    }

    /** What may stand before a path. */
    private List<Form> starts() {
        var starts = new ArrayList<Form>();
        for (var start : List.of(
                "http://" + authority, "HTTP://" + authority, "http://evil.example", "ws://" + authority, "http:")) {
            starts.add(new Form(start, Grade.EITHER));
        }
        for (var start : List.of(
                "/",
                "//",
                "/.",
                "/..",
                "/%2e",
                "/%2e%2e",
                "/;",
                "/;a=b",
                "\\",
                "/\\",
                "/x/..",
                "/%2F",
                "http://" + authority + "/",
                "//" + authority,
                "http://" + authority + "/;a",
                "/index.html/..",
                "/api/..",
                "/api/..;",
                "/%00")) {
            starts.add(new Form(start, Grade.BENT));
        }
        return starts;
    }

    private static List<Form> queries() {
        return List.of(
                new Form("?user=alice", Grade.FLAWLESS),
                new Form("?", Grade.EITHER),
                new Form("?a=1&a=2", Grade.EITHER),
                new Form("?%zz", Grade.EITHER),
                new Form("?token=x", Grade.EITHER),
                new Form("?/../x;a=b", Grade.EITHER),
                new Form("?a=%00", Grade.EITHER));
    }

    /** All ways to write the target that have one thing in them, and some that go through all letters. */
    private List<Form> targets(Target target) {
        var path = target.path;
        var targets = new ArrayList<Form>();
        for (int i = 0; i < path.length(); i++) {
            for (var bend : bends(target, i)) {
                targets.add(new Form(path.substring(0, i) + bend.text + path.substring(i + 1), bend.grade));
            }
        }
        starts().forEach(start -> targets.add(new Form(start.text + path, start.grade)));
        queries().forEach(query -> targets.add(new Form(path + query.text, query.grade)));
        var letters = path.chars()
                .mapToObj(c -> c == '/' ? "/" : "%%%02x".formatted(c))
                .collect(Collectors.joining());
        targets.add(new Form(letters, Grade.BENT));
        targets.add(new Form(letters.replace("%", "%25"), Grade.BENT));
        targets.add(new Form(path.toUpperCase(Locale.ROOT), Grade.BENT));
        targets.add(new Form(path.substring(1), Grade.BENT));
        targets.add(new Form("*", Grade.BENT));
        targets.add(new Form(path.replace("/", "\\"), Grade.BENT));
        return targets;
    }

    private Form randomTarget(Target target, double chance) {
        var text = new StringBuilder();
        var grade = Grade.FLAWLESS;
        if (random.nextDouble() < chance / 2) {
            var start = any(starts());
            text.append(start.text);
            grade = grade.and(start.grade);
        }
        for (int i = 0; i < target.path.length(); i++) {
            if (random.nextDouble() < chance / 2) {
                var bend = any(bends(target, i));
                text.append(bend.text);
                grade = grade.and(bend.grade);
            } else {
                text.append(target.path.charAt(i));
            }
        }
        if (random.nextDouble() < chance) {
            var query = any(queries());
            text.append(query.text);
            grade = grade.and(query.grade);
        }
        return new Form(text.toString(), grade);
    }

    private <T> T any(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    private Map<Part, Form> usual(Target target) {
        var usual = new EnumMap<Part, Form>(Part.class);
        forms.forEach((part, choices) -> usual.put(part, choices.get(0)));
        usual.put(Part.TARGET, new Form(target.path, Grade.FLAWLESS));
        return usual;
    }

    private Map<Part, Form> usual(Target target, Part part, Form form) {
        var usual = usual(target);
        usual.put(part, form);
        return usual;
    }

    private Stream<Attempt> attempt(Target target, Credentials credentials, Map<Part, Form> chosen) {
        var attempt = new Attempt(target, credentials, chosen, lines.get(credentials));
        boolean mayAuthenticateLater = credentials == Credentials.NO_TOKEN
                && target.takesTokenAsMessage()
                && chosen.get(Part.PROTOCOL).text.contains("parley.v1")
                && attempt.grade() != Grade.BENT;
        boolean mayEnter = credentials == Credentials.OTHER_ROOM && !target.room;
        return mayAuthenticateLater || mayEnter ? Stream.of() : Stream.of(attempt);
    }

    /** The usual handshake, and every one with a single part of it but the path written in another way. */
    public Stream<Attempt> headers(Target target, Credentials credentials) {
        return Stream.concat(
                attempt(target, credentials, usual(target)),
                forms.entrySet().stream().flatMap(part -> part.getValue().stream()
                        .skip(1)
                        .flatMap(form -> attempt(target, credentials, usual(target, part.getKey(), form)))));
    }

    /** The usual handshake with its path written in every other way. */
    public Stream<Attempt> paths(Target target, Credentials credentials) {
        return targets(target).stream().flatMap(form -> attempt(target, credentials, usual(target, Part.TARGET, form)));
    }

    /** Handshakes with several parts written in other ways: some few, some nearly all. */
    public Stream<Attempt> mixed(Target target, Credentials credentials, int count) {
        return Stream.generate(() -> {
                    double chance = any(List.of(0.1, 0.2, 0.4));
                    var chosen = usual(target);
                    forms.forEach((part, choices) -> {
                        if (random.nextDouble() < chance) {
                            chosen.put(part, any(choices));
                        }
                    });
                    chosen.put(Part.TARGET, randomTarget(target, random.nextBoolean() ? chance : 0));
                    return attempt(target, credentials, chosen);
                })
                .flatMap(attempts -> attempts)
                .limit(credentials == Credentials.OTHER_ROOM && !target.room ? 0 : count);
    }

    /** Handshakes that a server must accept, in the ways in which browsers and proxies write them. */
    public Stream<Attempt> flawless(Target target, int count) {
        return Stream.generate(() -> {
                    var chosen = usual(target);
                    forms.forEach((part, choices) -> chosen.put(
                            part,
                            any(choices.stream()
                                    .filter(form -> form.grade == Grade.FLAWLESS)
                                    .toList())));
                    return attempt(target, Credentials.GOOD, chosen);
                })
                .flatMap(attempts -> attempts)
                .limit(count);
    }

    /** All that clients may bring, where tokens are required or not. */
    public List<Credentials> credentials() {
        return List.copyOf(lines.keySet());
    }
}
