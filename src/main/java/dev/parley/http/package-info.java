/** The HTTP API beside the sockets: rooms, history, publishing, and a room's events as a stream. */
@NullMarked
package dev.parley.http;

import org.jspecify.annotations.NullMarked;
