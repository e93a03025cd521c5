/** How frames reach Tyrus's connections on Grizzly (GlassFish, Payara). No other package has a class of either. */
@NullMarked
package dev.parley.wire.tyrus;

import org.jspecify.annotations.NullMarked;
