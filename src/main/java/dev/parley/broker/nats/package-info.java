/** Joins nodes by one stream of NATS JetStream. */
@NullMarked
package dev.parley.broker.nats;

import org.jspecify.annotations.NullMarked;
