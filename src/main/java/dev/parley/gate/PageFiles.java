package dev.parley.gate;

import dev.parley.ops.Settings;
import jakarta.inject.Inject;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.MappingMatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * The rules for the files of Parley's own WAR: clients can only read them, those of the page only if it is served, and a browser revalidates its copy before each use,
 * so that a page never runs with the scripts of an older deployment. Not in the web fragment: an application that has Parley as
 * a library has its own rules.
 */
public class PageFiles extends HttpFilter {

    private static final long serialVersionUID = 1L;

    private static final String ALLOW = "OPTIONS, HEAD, GET";

    private static final Set<String> PAGE = Set.of("/", "/index.html", "/style.css", "/favicon.svg");

    @Inject
    private transient Settings settings;

    /** For the container. */
    public PageFiles() {}

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request.getHttpServletMapping().getMappingMatch() == MappingMatch.PATH) {
            chain.doFilter(request, response); // a servlet, with rules of its own
            return;
        }
        if (!settings.served().page() && isOfThePage(Upgrade.dispatched(request))) {
            answer(response, HttpServletResponse.SC_NOT_FOUND, "There is nothing at this path.");
            return;
        }
        switch (request.getMethod()) {
            case "GET", "HEAD" -> {
                response.setHeader("Cache-Control", "no-cache");
                chain.doFilter(request, response);
            }
            case "OPTIONS" -> {
                response.setHeader("Allow", ALLOW);
                response.setStatus(HttpServletResponse.SC_NO_CONTENT);
            }
            default -> {
                response.setHeader("Allow", ALLOW); // RFC 9110 §15.5.6
                answer(response, HttpServletResponse.SC_METHOD_NOT_ALLOWED, "Allowed methods: " + ALLOW + ".");
            }
        }
    }

    private static boolean isOfThePage(String path) {
        return PAGE.contains(path) || path.startsWith("/js/");
    }

    private static void answer(HttpServletResponse response, int status, String text) throws IOException {
        byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        response.setContentType("text/plain;charset=UTF-8");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
