/** What an application sees of Parley. */
@NullMarked
package dev.parley.api;

import org.jspecify.annotations.NullMarked;
