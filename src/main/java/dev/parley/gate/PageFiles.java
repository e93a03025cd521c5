package dev.parley.gate;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.MappingMatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * The rules for the files of Parley's own WAR: clients can only read them, and a browser revalidates its copy before each use,
 * so that a page never runs with the scripts of an older deployment. Not in the web fragment: an application that has Parley as
 * a library has its own rules.
 */
public class PageFiles extends HttpFilter {

    private static final long serialVersionUID = 1L;

    private static final String ALLOW = "OPTIONS, HEAD, GET";

    /** For the container. */
    public PageFiles() {}

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request.getHttpServletMapping().getMappingMatch() == MappingMatch.PATH) {
            chain.doFilter(request, response); // a servlet, with rules of its own
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
                response.setStatus(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
                byte[] body = ("Allowed methods: " + ALLOW + ".\n").getBytes(StandardCharsets.UTF_8);
                response.setContentType("text/plain;charset=UTF-8");
                response.setContentLength(body.length);
                response.getOutputStream().write(body);
            }
        }
    }
}
