/** Batches as a stream of Server-Sent Events. */
@NullMarked
package dev.parley.wire.sse;

import org.jspecify.annotations.NullMarked;
