/** How frames reach Undertow's connections (WildFly). No other package has a class of Undertow or XNIO. */
@NullMarked
package dev.parley.wire.undertow;

import org.jspecify.annotations.NullMarked;
