/** Batches as a stream of Server-Sent Events, through an HTTP response that never blocks. */
@NullMarked
package dev.parley.wire.sse;

import org.jspecify.annotations.NullMarked;
