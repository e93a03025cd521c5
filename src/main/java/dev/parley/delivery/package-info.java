/**
 * The hub of this node: its peers, the rooms that it has open, and the only place that delivers. It takes what a server brings
 * through {@link dev.parley.wire}, and knows no endpoint, no gate and no HTTP.
 */
@NullMarked
package dev.parley.delivery;

import org.jspecify.annotations.NullMarked;
